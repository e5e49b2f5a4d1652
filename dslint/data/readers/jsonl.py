"""JSON Lines: one JSON value per line, read as bytes so that lines and offsets stay exact."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from dslint.data.batch import Batch
from dslint.data.readers.collect import (
    BATCH,
    BOM,
    MAX_BATCH,
    REFUSED,
    Collector,
    decode_json,
    decode_lines,
    has_spaced_colon,
    keys_are_unique,
)
from dslint.data.readers.diagnose import MAX_VALUES, diagnose, too_many
from dslint.data.readers.files import chunks, compression
from dslint.errors import InputError
from dslint.helpers.lazy_re import pattern
from dslint.model import Input, Shape, Shard

_BLANK = pattern(rb"^[ \t\r]*$", re.MULTILINE)
_DOUBTFUL = pattern(rb"\n[ \t\r\n]")
"""Where a line without a record may be."""
_SPACE = pattern(rb"[ \t\r\n]*+")


_MIN_PART = 32
"""Number of lines below which a part is not halved again."""


class Lines(Collector):
    """The decoded lines of a shard."""

    flat = True
    """Whether recent lines could be decoded together."""

    def skip(self, size: int) -> None:
        """Add a defect for a line that was too long to keep, of `size` bytes with its line end."""
        self.bad(self.line, 1, f"the record is longer than {self.max_record:,} bytes")
        self.line += 1
        self.offset += size

    def take(self, block: bytes) -> Iterator[Batch]:
        """Decode a block of complete lines."""
        if self.offset == 0 and block.startswith(BOM):
            block = block[3:]
            self.offset = 3
        spaced = has_spaced_colon(block)
        at = 0
        while at < len(block):
            # Skip a run of blank lines at once: a small file may have billions of them.
            end = _SPACE.match(block, at).end()  # type: ignore[union-attr]
            start = end if end == len(block) else block.rfind(b"\n", at, end) + 1
            if start > at:
                self.line += block.count(b"\n", at, start)
                self.offset += start - at
                at = start
            if at < len(block):
                blank = _DOUBTFUL.search(block, at)
                stop = len(block) if blank is None else blank.start() + 1
                yield from self.take_lines(block[at:stop], spaced=spaced)
                at = stop

    def take_lines(self, block: bytes, *, spaced: bool) -> Iterator[Batch]:
        """Decode a block of complete lines, few of them blank."""
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        start = 0
        while start < len(lines):
            part = lines[start : start + BATCH - len(self.values)]
            self.flat = not spaced and self.take_part(part)
            if spaced:
                self.take_singly(part, spaced=True)
            start += len(part)
            if (
                len(self.values) >= BATCH
                or len(self.defects) >= BATCH
                or self.offset - self.batch_start >= MAX_BATCH
            ):
                yield from self.rest()

    def take_part(self, lines: list[bytes]) -> bool:
        """Decode lines, as many together as possible, and return whether any were.

        A part with a broken line is halved.
        """
        if self.take_flat(lines):
            return True
        if not self.flat or len(lines) < _MIN_PART:
            self.take_singly(lines)
            return False
        half = len(lines) // 2
        return any([self.take_part(lines[:half]), self.take_part(lines[half:])])

    def take_singly(self, lines: list[bytes], *, spaced: bool = False) -> None:
        """Decode lines one by one."""
        for raw in lines:
            if len(raw) > self.max_record:
                self.bad(self.line, 1, f"the record is longer than {self.max_record:,} bytes")
            else:
                self.decode(raw, spaced=spaced)
            self.line += 1
            self.offset += len(raw) + 1

    def take_flat(self, lines: list[bytes]) -> bool:
        """Decode lines together and return True, or add nothing and return False.

        Each line must be an object that cannot be nested too deeply and has no duplicate key.
        Where a line ends with a brace and the next starts with one, no value spans both: that
        would need a comma in between. So each line holds at least one value, and if there are as
        many values as lines, exactly one. A duplicate key leaves fewer keys than `":`.
        """
        block = b"\n".join(lines)
        count = len(lines)
        longest = max(map(len, lines))
        if (
            block[:1] != b"{"
            or block[-1:] != b"}"
            or block.count(b"}\n{") != count - 1
            or longest > self.max_record
        ):
            return False
        if longest > MAX_VALUES:
            return False
        if longest > 2 * self.max_depth and any(
            line.count(b"{") + line.count(b"[") > self.max_depth for line in lines
        ):
            return False
        try:
            values = decode_lines(block)
        except REFUSED:
            return False
        if len(values) != count or not keys_are_unique(block, values, sum(map(len, values))):
            return False
        self.values.extend(values)
        self.rows.extend(range(self.row, self.row + count))
        self.lines.extend(range(self.line, self.line + count))
        self.row += count
        self.line += count
        self.offset += len(block) + 1
        return True

    def decode(self, raw: bytes, *, spaced: bool) -> None:
        """Add one line."""
        if too_many(raw):
            self.bad(self.line, *diagnose(raw), raw)
            return
        try:
            value = decode_json(raw)
        except REFUSED:
            if raw.strip(b" \t\r"):
                self.bad(self.line, *diagnose(raw), raw)
            return
        self.add_json(raw, value, spaced=spaced)


class JsonLines:
    """Reader of `.jsonl` and `.ndjson` files."""

    name = "jsonl"
    suffixes: tuple[str, ...] = (".jsonl", ".ndjson")
    collector = Lines

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Cut an uncompressed file at line ends; compressed files have no random access."""
        cuts = [Shard(input=item, location=location)]
        if item.bytes <= size or compression(location):
            return cuts
        row, line, position, start = 0, 1, 0, 0
        for block, _ in whole_lines(chunks(location, step=size)):
            row += (
                block.count(b"\n")
                + (not block.endswith(b"\n"))
                - _blank_lines(block if position else block.removeprefix(BOM))
            )
            line += block.count(b"\n")
            position += len(block)
            if position - start >= size and position < item.bytes:
                cuts[-1] = msgspec.structs.replace(cuts[-1], stop=position)
                cuts.append(
                    Shard(
                        input=item,
                        location=location,
                        start=position,
                        first_row=row,
                        first_line=line,
                    )
                )
                start = position
        return cuts

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield batches of records; bad lines become defects.

        Raises InputError where the file ends early.
        """
        collected = self.collector(shard, shape, max_record, max_depth)
        try:
            for block, overlong in whole_lines(
                chunks(shard.location, shard.start, shard.stop), max_record
            ):
                if overlong:
                    collected.skip(overlong)
                else:
                    yield from collected.take(block)
        except InputError as error:
            yield from collected.rest()
            raise InputError(
                f"{error.message} (read up to line {collected.line - 1})",
                error.hint,
                error.kind,
                shard.input.path,
            ) from None
        yield from collected.rest()


def whole_lines(parts: Iterator[bytes], max_record: int = 1 << 62) -> Iterator[tuple[bytes, int]]:
    """Join parts to blocks that end at line ends, each with a size of 0.

    A line longer than `max_record` gives an empty block, with its size including the line end.
    """
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
            part, skipped = part[end:], 0  # noqa: PLW2901 - drop the rest of the skipped line
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
    """Count the lines without a record, looking closely only where there may be some."""
    if _DOUBTFUL.search(block) is None and block[:1] not in b"\n\r \t":
        return 0
    body = block.removesuffix(b"\n")
    return len(_BLANK.findall(body))
