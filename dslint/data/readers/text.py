"""Plain text: one record per line, except blank lines, or one record per file."""

from __future__ import annotations

from collections.abc import Iterator

from dslint.data.batch import Batch
from dslint.data.readers.collect import BOM
from dslint.data.readers.diagnose import invalid_utf8
from dslint.data.readers.files import chunks
from dslint.data.readers.jsonl import JsonLines, Lines
from dslint.errors import InputError
from dslint.model import Input, Shape, Shard


class _TextLines(Lines):
    def take_flat(self, lines: list[bytes]) -> bool:
        """Return False: each line is a text, even if it looks like JSON."""
        del lines
        return False

    def decode(self, raw: bytes, *, spaced: bool) -> None:
        """Add one line."""
        del spaced
        raw = raw.removesuffix(b"\r")
        if raw.strip(b" \t\r"):
            self.text(raw)

    def text(self, raw: bytes) -> None:
        """Add a text that starts at `line`."""
        try:
            self.add(raw.decode(), self.line)
        except UnicodeDecodeError as error:
            self.bad(self.line, *invalid_utf8(raw, error), raw)


class TextLines(JsonLines):
    """Reader of `.txt` files; if a record is a line, cuts them like JSON Lines."""

    name = "text"
    suffixes: tuple[str, ...] = (".txt",)
    collector = _TextLines

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Cut at line ends; a file that is a single record stays whole."""
        return (
            [Shard(input=item, location=location)]
            if item.whole
            else super().split(item, location, size)
        )

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield the lines in batches, or the one text of the file; a blank file has no records."""
        if not shard.input.whole:
            yield from super().read(shard, shape, max_record, max_depth)
            return
        collected = _TextLines(shard, shape, max_record, max_depth)
        parts: list[bytes] = []
        size = 0
        try:
            for part in chunks(shard.location):
                size += len(part)
                if size <= max_record:
                    parts.append(part)
        except InputError as error:
            raise InputError(error.message, error.hint, error.kind, shard.input.path) from None
        raw = b"".join(parts).removeprefix(BOM)
        if size > max_record:
            collected.bad(1, 1, f"the record is longer than {max_record:,} bytes")
        elif raw.strip():
            collected.text(raw)
        yield from collected.rest()
