"""Delimiter-separated values: CSV (RFC 4180) and TSV. The header names the keys, every value is a string."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from dslint.batch import Batch
from dslint.errors import InputError
from dslint.model import Input, Shape, Shard
from dslint.patterns import pattern
from dslint.readers.collect import BATCH, BOM, Collector, unique_names
from dslint.readers.files import chunks
from dslint.readers.jsonl import whole_lines

_OTHER_DELIMITERS = (";", "\t")
_ESCAPED_BYTE = pattern("[\udc80-\udcff]")
_UNCLOSED = "the quotation mark that opens a field here is not closed"
_WHY = (
    ("unexpected end of data", _UNCLOSED),
    ("expected after", "characters behind the closing quotation mark of a field"),
    ("new-line character", "a carriage return outside of quotation marks; lines end with a line feed, after a carriage return or without"),
    ("field larger than", "a field is longer than a record may be"),
)


class Csv:
    """The reader of `.csv` files. A semicolon or a tab separates where the header has no comma and the first row agrees."""

    name = "csv"
    suffixes: tuple[str, ...] = (".csv",)
    delimiter = ","

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Leave the file whole: whether a line end stands in quotation marks is only known after all before it was read."""
        del size
        return [Shard(input=item, location=location)]

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield the rows below the header; those that are damaged or of another width than the header become defects."""
        table = _Table(shard, shape, max_record, max_depth)
        try:
            table.read_header(self.delimiter)
            yield from table.batches()
        except InputError as error:
            yield from table.rest()
            raise InputError(f"{error.message} (read up to line {table.source.number - 1})", error.hint, error.kind, shard.input.path) from None
        yield from table.rest()


class Tsv(Csv):
    """The reader of `.tsv` files."""

    name = "tsv"
    suffixes: tuple[str, ...] = (".tsv",)
    delimiter = "\t"


class _Lines:
    """The physical lines of a file, from which a row can be read again.

    `lines[0]` has the number `base`; `at` is the place of the next one. Bytes that are no UTF-8 come as lone surrogates.
    """

    def __init__(self, location: str, start: int, first: int, max_record: int) -> None:
        self.blocks = whole_lines(chunks(location, start), max_record)
        self.max_record = max_record
        self.lines: list[str] = []
        self.base = first
        self.at = 0
        self.row_at = 0
        self.offset = start
        """Byte offset of `lines[0]`; -1 where it is not known any more."""
        self.overlong: set[int] = set()
        self.dirty = False
        """Whether some line that is held has a NUL byte or is no UTF-8."""

    @property
    def number(self) -> int:
        """Number of the next line."""
        return self.base + self.at

    def feed(self) -> Iterator[str]:
        """Yield the lines from here on; not more than a record may have."""
        while self.more():
            while self.at < len(self.lines):
                self.at += 1
                yield self.lines[self.at - 1]

    def more(self) -> bool:
        """Make sure that there is a line to come; return False at the end of the file, or of what a record may have."""
        if self.at < len(self.lines):
            return True
        kept = self.lines[self.row_at :]
        if sum(map(len, kept)) > self.max_record:
            self.overlong.add(self.base + self.row_at)
            return False
        block, overlong = next(self.blocks, (b"", 0))
        if overlong:
            block = b"?"  # stands for the line that was too long to be kept
        if not block:
            return False
        if self.offset == 0 and block.startswith(BOM):
            block = block[len(BOM) :]
            self.offset = len(BOM)
        self.forget()
        if overlong:
            self.overlong.add(self.base + len(kept))
            self.offset = -1
        try:
            text, dirty = block.decode(), b"\0" in block
        except UnicodeDecodeError:
            text, dirty = block.decode(errors="surrogateescape"), True
        self.dirty = dirty or (self.dirty and bool(kept))
        self.lines += io.StringIO(text, newline="\n")
        return True

    def raw(self) -> bytes:
        """Return the bytes of the row that has just been read."""
        return "".join(self.lines[self.row_at : self.at]).encode(errors="surrogateescape")

    def forget(self) -> None:
        """Drop the lines before the row that is being read."""
        if self.offset >= 0:
            self.offset += sum(len(line.encode(errors="surrogateescape")) for line in self.lines[: self.row_at])
        self.lines = self.lines[self.row_at :]
        self.base += self.row_at
        self.at -= self.row_at
        self.row_at = 0


class _Table(Collector):
    """The rows of a file, or of a part of it."""

    def __init__(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> None:
        super().__init__(shard, shape, max_record, max_depth)
        csv.field_size_limit(max(csv.field_size_limit(), max_record))
        self.source = _Lines(shard.location, 0, 1, max_record)
        self.delimiter = ","
        self.names: list[str] = []
        self.too_long = f"the record is longer than {max_record:,} bytes"

    def read_header(self, delimiter: str) -> None:
        """Read the names of the columns, and go to where the rows of the shard begin."""
        if self.source.more():
            self.delimiter = _delimiter(self.source.lines[:2]) if delimiter == "," else delimiter
        said: list[str] = []
        for line, fields, fault in self.fields():
            if fault:
                self.bad(line, None, f"the header cannot be read, and so no row: {fault}")
                break
            if fields:
                self.names, said = unique_names(fields)
                break
        if self.shard.start:
            self.source = _Lines(self.shard.location, self.shard.start, self.shard.first_line, self.max_record)
        else:
            for message in said:
                self.doubtful(1, message)
            self.settle()

    def batches(self) -> Iterator[Batch]:
        """Yield all batches but the last."""
        names = self.names
        if not names:
            return
        for line, fields, fault in self.fields():
            if fault:
                self.bad(line, None, fault, b"" if fault == self.too_long else self.source.raw())
            elif not fields:
                continue  # a blank line
            elif len(fields) != len(names):
                self.bad(line, None, f"expected {len(names)} fields, got {len(fields)}", self.source.raw())
            else:
                self.add(dict(zip(names, fields, strict=False)), line)
            if len(self.values) >= BATCH or len(self.defects) >= BATCH:
                self.settle()
                done = self.shard.stop is not None and self.offset >= self.shard.stop
                yield from self.rest()
                if done:
                    return

    def settle(self) -> None:
        """Take note of the place between two rows."""
        source = self.source
        source.row_at = source.at
        source.forget()
        self.line = source.number
        self.offset = source.offset
        self.placed = self.offset >= 0
        if not self.values and not self.defects:
            self.begin()

    def fields(self) -> Iterator[tuple[int, list[str], str]]:
        """Yield the first line of each row with its fields, or with what is wrong with it; then reading goes on at the row's second line."""
        source = self.source
        reader = csv.reader(source.feed(), delimiter=self.delimiter, strict=True)
        while True:
            source.row_at = source.at
            line = source.number
            try:
                fields = next(reader, None)
                fault = ""
            except csv.Error as error:
                fields = []
                fault = next((why for sign, why in _WHY if sign in str(error)), "not valid CSV")
            if source.overlong and any(line <= number < source.number for number in source.overlong):
                fault = self.too_long
                source.overlong.clear()
            if fields is None:
                return
            if fault:
                source.at = source.row_at + 1
                reader = csv.reader(source.feed(), delimiter=self.delimiter, strict=True)
            elif source.dirty:
                fault = _damage("".join(fields))
            yield line, fields, fault


def _damage(text: str) -> str:
    """Return what is wrong with the characters of a row, or an empty string."""
    if (byte := _ESCAPED_BYTE.search(text)) is not None:
        return f"invalid UTF-8: byte 0x{ord(byte[0]) - 0xDC00:02X}"
    return "a NUL byte" if "\0" in text else ""


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter of a CSV file: a comma, unless the header has none and both first lines have another one, equally often."""
    if not lines or "," in lines[0]:
        return ","
    for sign in _OTHER_DELIMITERS:
        try:
            widths = {len(fields) for fields in csv.reader(lines, delimiter=sign)}
        except csv.Error:
            continue
        if len(widths) == 1 and min(widths) > 1:
            return sign
    return ","
