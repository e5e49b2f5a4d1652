"""JSON Lines: one JSON value a line, read as bytes so that lines and offsets stay exact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from dslint.batch import Batch
from dslint.errors import InputError
from dslint.model import Defect, Input, Shape, Shard
from dslint.readers.diagnose import count_keys, diagnose, duplicate_keys, too_deep
from dslint.readers.files import chunks, compression

BOM = b"\xef\xbb\xbf"
BATCH = 1000

_decode = msgspec.json.Decoder().decode
_SPACED_COLON = re.compile(rb'"[ \t\r]+:')
_BLANK = re.compile(rb"^[ \t\r]*$", re.MULTILINE)


class JsonLines:
    """The reader of `.jsonl` and `.ndjson` files."""

    name = "jsonl"
    suffixes: tuple[str, ...] = (".jsonl", ".ndjson")

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Cut a plain file at line ends. Compressed files stay whole: their bytes cannot be entered in the middle."""
        cuts = [Shard(input=item, location=location)]
        if item.bytes <= size or compression(location):
            return cuts
        row, line, position, begun = 0, 1, 0, 0
        for block, _ in _whole_lines(chunks(location)):
            row += block.count(b"\n") + (not block.endswith(b"\n")) - _blank_lines(block if position else block.removeprefix(BOM))
            line += block.count(b"\n")
            position += len(block)
            if position - begun >= size and position < item.bytes:
                cuts[-1] = msgspec.structs.replace(cuts[-1], stop=position)
                cuts.append(Shard(input=item, location=location, start=position, first_row=row, first_line=line))
                begun = position
        return cuts

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield batches of records; bad lines become defects. Raises InputError where the file ends early."""
        collected = _Collected(shard, shape, max_record, max_depth)
        try:
            for block, overlong in _whole_lines(chunks(shard.location, shard.start, shard.stop), max_record):
                if overlong:
                    collected.skip(overlong)
                else:
                    yield from collected.take(block)
        except InputError as error:
            yield from collected.rest()
            raise InputError(f"{error.message} (read up to line {collected.line - 1})", error.hint, error.kind, shard.input.path) from None
        yield from collected.rest()


class _Collected:
    """The records of a shard on their way into batches."""

    def __init__(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> None:
        self.shard, self.shape, self.max_record, self.max_depth = shard, shape, max_record, max_depth
        self.row, self.line, self.offset = shard.first_row, shard.first_line, shard.start
        self._begin()

    def _begin(self) -> None:
        self.values: list[Any] = []
        self.rows: list[int] = []
        self.lines: list[int] = []
        self.defects: list[Defect] = []
        self.mark = (self.row, self.line, self.offset)

    def rest(self) -> Iterator[Batch]:
        """Yield what has been collected as a batch."""
        if self.values or self.defects:
            batch = Batch(self.shard.input, self.shape, self.values, self.rows, self.lines, self.defects, mark=self.mark)
            self._begin()
            yield batch

    def skip(self, size: int) -> None:
        """Note a line of so many bytes, its end included, that was too long to be kept."""
        self._bad(1, f"the record is longer than {self.max_record:,} bytes")
        self.line += 1
        self.offset += size

    def take(self, block: bytes) -> Iterator[Batch]:
        """Decode a block of whole lines."""
        if self.offset == 0 and block.startswith(BOM):
            block = block[3:]
            self.offset = 3
        spaced = _SPACED_COLON.search(block) is not None
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        for raw in lines:
            if len(raw) > self.max_record:
                self._bad(1, f"the record is longer than {self.max_record:,} bytes")
            else:
                try:
                    value = _decode(raw)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    if raw.strip(b" \t\r"):
                        self._bad(*diagnose(raw))
                else:
                    self._keep(raw, value, spaced)
            self.line += 1
            self.offset += len(raw) + 1
            if len(self.values) >= BATCH:
                yield from self.rest()

    def _keep(self, raw: bytes, value: Any, spaced: bool) -> None:
        if len(raw) > 2 * self.max_depth and too_deep(raw, self.max_depth):
            self._bad(1, f"nested more than {self.max_depth} levels deep")
            return
        if (spaced or raw.count(b'":') != count_keys(value)) and (twice := duplicate_keys(raw)) is not None:
            message = "an object has a key more than once; all but its last value are lost"
            self.defects.append(Defect("dslint/duplicate-key", self.row, self.line, None, message, twice))
        self.values.append(value)
        self.rows.append(self.row)
        self.lines.append(self.line)
        self.row += 1

    def _bad(self, column: int | None, message: str) -> None:
        self.defects.append(Defect("dslint/parse-error", self.row, self.line, column, message))
        self.row += 1


def _whole_lines(parts: Iterator[bytes], max_record: int = 1 << 62) -> Iterator[tuple[bytes, int]]:
    """Join parts to blocks that end at line ends; of a line longer than `max_record` comes only its size, its end included."""
    kept: list[bytes] = []
    size = 0
    skipped = 0
    for part in parts:
        if skipped:
            end = part.find(b"\n") + 1
            skipped += end or len(part)
            if not end:
                continue
            yield b"", skipped
            part, skipped = part[end:], 0  # noqa: PLW2901 - the rest of a skipped line goes
        cut = part.rfind(b"\n") + 1
        if cut:
            yield b"".join([*kept, part[:cut]]), 0
            kept, size = [], 0
        if cut < len(part):
            kept.append(part[cut:])
            size += len(part) - cut
        if size > max_record:
            kept, size, skipped = [], 0, size
    if skipped:
        yield b"", skipped
    elif kept:
        yield b"".join(kept), 0


def _blank_lines(block: bytes) -> int:
    """Count the lines without a record, looking closely only where there may be one."""
    if not any(sign in block for sign in (b"\n\n", b"\n\r", b"\n ", b"\n\t")) and block[:1] not in b"\n\r \t":
        return 0
    body = block.removesuffix(b"\n")
    return len(_BLANK.findall(body))
