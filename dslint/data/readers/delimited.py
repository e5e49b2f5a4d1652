"""CSV (RFC 4180) and TSV. The header gives the keys, and every value is a string."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from dslint.data.batch import Batch
from dslint.data.readers.collect import BATCH, BOM, Collector, unique_names
from dslint.data.readers.diagnose import MAX_VALUES, one_byte_clue
from dslint.data.readers.files import BLOCK, chunks
from dslint.data.readers.jsonl import whole_lines
from dslint.errors import InputError
from dslint.helpers.lazy_re import pattern
from dslint.model import Input, Shape, Shard

_OTHER_DELIMITERS = (";", "\t")
_ESCAPED_BYTE = pattern("[\udc80-\udcff]")
_BLANK_RUN = pattern(rb"\n\r?\n(?:\r?\n){14}")
_BLANK_LINES = pattern(rb"(?:\n++|\r\n)*+")
MAX_LINES = 1 << 20
"""Maximum number of lines of a row."""
AGAIN = 8
"""Limit for reading again in search of the ends of damaged rows, as a multiple of what was read.

Beyond it, each line counts as a row.
"""
_SEPARATOR_LINE = pattern(r'"?sep=([^\w"\r\n])"?\r?\n')
"""A first line that is not a header: Excel's way to name the separator."""
_TOO_MANY_LINES = f"the record has more than {MAX_LINES:,} lines"
_UNCLOSED = "the quotation mark that opens a field here is not closed"
_CSV_ERRORS = (
    ("unexpected end of data", _UNCLOSED),
    ("expected after", "text after the closing quotation mark of a field"),
    (
        "new-line character",
        "a carriage return outside quotation marks; lines must end with LF or CRLF",
    ),
    ("field larger than", "a field is longer than the maximum record length"),
    ("too many fields", f"the record has more than {MAX_VALUES:,} fields"),
)


class Csv:
    """Reader of `.csv` files.

    A first line such as `sep=;` names the separator. Without one, the separator is a semicolon or
    a tab if the header has no comma and the first row agrees.
    """

    name = "csv"
    suffixes: tuple[str, ...] = (".csv",)
    delimiter = ","

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Keep the file whole: only reading from the start shows which line ends are quoted."""
        del size
        return [Shard(input=item, location=location)]

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield the rows after the header; rows damaged or of another width become defects."""
        table = _Table(shard, shape, max_record, max_depth)
        try:
            table.read_header(self.delimiter)
            yield from table.batches()
        except InputError as error:
            yield from table.rest()
            raise InputError(
                f"{error.message} (read up to line {table.source.number - 1})",
                error.hint,
                error.kind,
                shard.input.path,
            ) from None
        yield from table.rest()


class Tsv(Csv):
    """Reader of `.tsv` files."""

    name = "tsv"
    suffixes: tuple[str, ...] = (".tsv",)
    delimiter = "\t"


class _Lines:
    """The physical lines of a file, from which a row can be read again.

    `lines[0]` has the number `base`; `at` is the index of the next line. Invalid UTF-8 bytes
    become lone surrogates.
    """

    def __init__(self, location: str, start: int, first: int, max_record: int) -> None:
        self.blocks = whole_lines(chunks(location, start), max_record)
        self.block, self.cut = b"", 0
        self.has_runs = False
        self.max_record = max_record
        self.delimiter = ","
        self.single = False
        """Whether to take each line as a row."""
        self.size = 0
        """Number of bytes read so far."""
        self.lines: list[str] = []
        self.base = first
        self.at = 0
        self.row_at = 0
        self.offset = start
        """Byte offset of `lines[offset_at]`; -1 if no longer known."""
        self.offset_at = 0
        self.overlong: dict[int, str] = {}
        """Lines that are too long, or start a row that is, and the message for each."""
        self.too_long = f"the record is longer than {max_record:,} bytes"
        self.dirty = False
        """Whether any buffered line has a NUL byte or is not UTF-8."""

    @property
    def number(self) -> int:
        """Number of the next line."""
        return self.base + self.at

    def feed(self) -> Iterator[str]:
        """Yield the lines from here on, up to the limits of a record."""
        while self.more():
            while self.at < len(self.lines) and not (self.single and self.at > self.row_at):
                self.at += 1
                line = self.lines[self.at - 1]
                if len(line) > MAX_VALUES and line.count(self.delimiter) >= MAX_VALUES:
                    raise csv.Error("too many fields")
                yield line

    def more(self) -> bool:
        """Read on if needed, and return whether there is a next line within the limits."""
        if self.single and self.at > self.row_at:
            return False
        if self.at < len(self.lines):
            return True
        kept = self.lines[self.row_at :]
        if sum(map(len, kept)) > self.max_record:
            self.overlong[self.base + self.row_at] = self.too_long
            return False
        if len(kept) > MAX_LINES:
            self.overlong[self.base + self.row_at] = _TOO_MANY_LINES
            return False
        self.forget()
        block, overlong = self.next_block(within=bool(kept))
        if overlong:
            block = b"?"  # placeholder for the line that was too long to keep
        if not block:
            return False
        if overlong:
            self.overlong[self.base + len(kept)] = self.too_long
            self.offset = -1
        try:
            text, dirty = block.decode(), b"\0" in block
        except UnicodeDecodeError:
            text, dirty = block.decode(errors="surrogateescape"), True
        self.dirty = dirty or (self.dirty and bool(kept))
        self.lines += io.StringIO(text, newline="\n")
        return True

    def next_block(self, *, within: bool) -> tuple[bytes, int]:
        """Return the next lines, or the size of a line that is too long.

        Between rows, blank lines are skipped, however many there are.
        """
        while True:
            if self.cut >= len(self.block):
                self.block, overlong = next(self.blocks, (b"", 0))
                self.cut = 0
                self.size += overlong or len(self.block)
                if overlong or not self.block:
                    return b"", overlong
                if self.offset == 0 and self.block.startswith(BOM):
                    self.offset = self.cut = len(BOM)
                self.has_runs = b"\n\n\n\n" in self.block or b"\n\r\n\r\n" in self.block
            start, end = self.cut, len(self.block)
            if not within:
                self.cut = _BLANK_LINES.match(self.block, start).end()  # type: ignore[union-attr]
                self.base += self.block.count(b"\n", start, self.cut)
                if self.offset >= 0:
                    self.offset += self.cut - start
                start = self.cut
                if self.has_runs and (run := _BLANK_RUN.search(self.block, start)) is not None:
                    end = run.start() + 1
            self.cut = end
            if start < end:
                return self.block[start:end], 0

    def raw(self) -> bytes:
        """Return the bytes of the row that was just read."""
        return "".join(self.lines[self.row_at : self.at]).encode(errors="surrogateescape")

    def forget(self) -> None:
        """Drop the lines before the current row."""
        self.locate()
        self.lines = self.lines[self.row_at :]
        self.base += self.row_at
        self.at -= self.row_at
        self.row_at = self.offset_at = 0

    def locate(self) -> None:
        """Update the byte offset to that of the current row."""
        if self.offset >= 0:
            passed = self.lines[self.offset_at : self.row_at]
            self.offset += sum(len(line.encode(errors="surrogateescape")) for line in passed)
        self.offset_at = self.row_at


class _Table(Collector):
    """The rows of a shard."""

    def __init__(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> None:
        super().__init__(shard, shape, max_record, max_depth)
        csv.field_size_limit(max(csv.field_size_limit(), max_record))
        self.source = _Lines(shard.location, 0, 1, max_record)
        self.delimiter = ","
        self.names: list[str] = []
        self.again = 0  # characters of damaged rows that are read again

    def read_header(self, delimiter: str) -> None:
        """Read the names of the columns, and move to the first row of the shard."""
        if self.source.more():
            declared = _SEPARATOR_LINE.fullmatch(self.source.lines[0]) if delimiter == "," else None
            if declared is not None:
                self.delimiter, self.source.at = declared[1], 1
            else:
                self.delimiter = (
                    _delimiter(self.source.lines[:2]) if delimiter == "," else delimiter
                )
        messages: list[str] = []
        header_line = 1
        for line, fields, fault in self.fields():
            if fault:
                self.bad(line, None, f"the header cannot be read, and so no row can: {fault}")
                break
            if fields:
                self.names, messages = unique_names(fields)
                header_line = line
                break
        if self.shard.start:
            self.source = _Lines(
                self.shard.location, self.shard.start, self.shard.first_line, self.max_record
            )
        else:
            for message in messages:
                self.note_duplicate(header_line, message)
            self.settle()

    def batches(self) -> Iterator[Batch]:
        """Yield all batches except the last."""
        names = self.names
        if not names:
            return
        for line, fields, fault in self.fields():
            if fault:
                complete = fault not in (self.source.too_long, _TOO_MANY_LINES)
                self.bad(line, None, fault, self.source.raw() if complete else b"")
            elif not fields:
                continue  # a blank line
            elif len(fields) != len(names):
                self.bad(
                    line,
                    None,
                    f"expected {len(names)} fields, got {len(fields)}",
                    self.source.raw(),
                )
            else:
                self.add(dict(zip(names, fields, strict=False)), line)
            if len(self.values) >= BATCH or len(self.defects) >= BATCH:
                self.settle()
                done = self.shard.stop is not None and self.offset >= self.shard.stop
                yield from self.rest()
                if done:
                    return

    def settle(self) -> None:
        """Record the current position, between two rows."""
        source = self.source
        source.row_at = source.at
        source.locate()
        self.line = source.number
        self.offset = source.offset
        self.placed = self.offset >= 0
        if not self.values and not self.defects:
            self.begin()

    def fields(self) -> Iterator[tuple[int, list[str], str]]:
        """Yield the first line of each row, with its fields or what is wrong with it.

        After a damaged row, reading goes on at its second line.
        """
        source = self.source
        source.delimiter = self.delimiter
        reader = csv.reader(source.feed(), delimiter=self.delimiter, strict=True)
        while True:
            source.row_at = source.at
            line = source.number
            try:
                fields = next(reader, None)
                fault = ""
            except csv.Error as error:
                fields = []
                fault = next(
                    (why for sign, why in _CSV_ERRORS if sign in str(error)), "not valid CSV"
                )
            if source.overlong and (
                cut := [n for n in source.overlong if line <= n < source.number]
            ):
                fault = source.overlong[cut[0]]
                source.overlong.clear()
            if fields is None:
                return
            if fault:
                self.again += sum(map(len, source.lines[source.row_at + 1 : source.at]))
                source.single = source.single or self.again > BLOCK + AGAIN * source.size
                source.at = source.row_at + 1
                reader = csv.reader(source.feed(), delimiter=self.delimiter, strict=True)
            elif source.dirty:
                fault = _damage("".join(fields))
            yield line, fields, fault


def _damage(text: str) -> str:
    """Return what is wrong with the characters of a row, or an empty string."""
    if (byte := _ESCAPED_BYTE.search(text)) is not None:
        code = ord(byte[0]) - 0xDC00
        following = text[byte.end() : byte.end() + 1]
        clue = one_byte_clue(code) if following < "\x80" else ""
        return f"invalid UTF-8: byte 0x{code:02X}{clue}"
    return "a NUL byte" if "\0" in text else ""


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter of a CSV file.

    It is a comma, unless the header has none and the first two lines have equally many fields by
    another delimiter.
    """
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
