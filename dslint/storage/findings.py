"""Findings in any number, in their reported order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any, overload

import msgspec

from dslint.model import Finding

KEPT = 25_000
"""Findings that are held in memory (some 20 MB); more of them go to disk."""
_BLOCK = 1000


class Findings(Sequence[Finding]):
    """All findings of a run in their reported order: a sequence to go through, which takes no more memory for millions of them.

    Up to KEPT findings are held in memory; each further KEPT are sorted and written to disk as a run, and the runs are merged when they are read.
    """

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._held: list[Finding] = []
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
            self._held.append(finding)
            self._sorted = False
            if len(self._held) >= KEPT:
                self._spill()

    def __len__(self) -> int:
        return self._spilled + len(self._held)

    def __iter__(self) -> Iterator[Finding]:
        held = self._in_order()
        runs = [self._read(run) for run in self._runs]
        if self._chained and (not held or held[0].order() >= self._last):
            return chain(*runs, held)
        return heapq.merge(*runs, held, key=Finding.order)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        """Return one or some findings by number. Of many findings that takes time in proportion to the number: iterate instead."""
        if isinstance(index, slice):
            return list(islice(self, *index.indices(len(self))))
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(index)
        return next(islice(self, number, None))

    def _in_order(self) -> list[Finding]:
        if not self._sorted:
            self._held.sort(key=Finding.order)
            self._sorted = True
        return self._held

    def _spill(self) -> None:
        if self._spool is None:
            from dslint.storage.spool import (
                Spool,
            )  # 5 ms at import, needed for very many findings only

            self._spool = Spool()
        held = self._in_order()
        self._chained = self._chained and held[0].order() >= self._last
        self._last = held[-1].order()
        first = len(self._spool)
        for start in range(0, len(held), _BLOCK):
            self._spool.add(_packed(held[start : start + _BLOCK]))
        self._runs.append(range(first, len(self._spool)))
        self._spilled += len(held)
        self._held = []

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
