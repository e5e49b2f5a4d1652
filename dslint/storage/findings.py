"""Any number of findings, in reported order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any, overload

import msgspec

from dslint.model import Finding

KEPT = 25_000
"""Maximum number of findings in memory (some 20 MB); more of them go to disk."""
_BLOCK = 1000


class Findings(Sequence[Finding]):
    """All findings of a run in reported order, in bounded memory.

    Up to KEPT findings are in memory; each further KEPT are sorted and written to disk as a run,
    and the runs are merged when they are read.
    """

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._in_memory: list[Finding] = []
        self._sorted = True
        self._spool: Any = None
        self._runs: list[range] = []
        self._chained = True
        self._last: tuple[Any, ...] = ()
        self._spilled = 0
        self.extend(findings)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings, in any order."""
        for finding in findings:
            self._in_memory.append(finding)
            self._sorted = False
            if len(self._in_memory) >= KEPT:
                self._spill()

    def __len__(self) -> int:
        return self._spilled + len(self._in_memory)

    def __iter__(self) -> Iterator[Finding]:
        last_run = self._in_order()
        runs = [self._read(run) for run in self._runs]
        if self._chained and (not last_run or last_run[0].order() >= self._last):
            return chain(*runs, last_run)
        return heapq.merge(*runs, last_run, key=Finding.order)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        """Return findings by number.

        If there are many, this takes time in proportion to the number: iterate instead.
        """
        if isinstance(index, slice):
            return list(islice(self, *index.indices(len(self))))
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(index)
        return next(islice(self, number, None))

    def _in_order(self) -> list[Finding]:
        if not self._sorted:
            self._in_memory.sort(key=Finding.order)
            self._sorted = True
        return self._in_memory

    def _spill(self) -> None:
        if self._spool is None:
            # 5 ms at import, needed only for very many findings
            from dslint.storage.spool import Spool

            self._spool = Spool()
        findings = self._in_order()
        self._chained = self._chained and findings[0].order() >= self._last
        self._last = findings[-1].order()
        first = len(self._spool)
        for start in range(0, len(findings), _BLOCK):
            self._spool.add(_packed(findings[start : start + _BLOCK]))
        self._runs.append(range(first, len(self._spool)))
        self._spilled += len(findings)
        self._in_memory = []

    def _read(self, run: range) -> Iterator[Finding]:
        decode = msgspec.msgpack.Decoder(list[Finding]).decode
        for number in run:
            frame = self._spool[number]
            yield from decode(
                _codec().decompress(frame[8:], int.from_bytes(frame[:8], "little"), asbytes=True)
            )


@cache
def _codec() -> Any:
    import pyarrow as pa

    return pa.Codec("zstd", 1)


def _packed(findings: list[Finding]) -> bytes:
    plain = msgspec.msgpack.encode(findings)
    return len(plain).to_bytes(8, "little") + bytes(_codec().compress(plain, asbytes=True))
