"""Collecting the records and defects of a shard into batches, for all readers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from xxhash import xxh3_128_digest

from dslint.data.batch import Batch
from dslint.data.readers.diagnose import Lost, count_keys, duplicate_keys, too_deep
from dslint.data.readers.files import UNPACK_IT, most_rows
from dslint.data.record import secure_digest_of_bytes
from dslint.errors import InputError
from dslint.masking.redact import unguessable
from dslint.model import Defect, Shape, Shard

BOM = b"\xef\xbb\xbf"
BATCH = 1000
"""Maximum number of records of a batch."""
MAX_BATCH = 8 << 20
"""Bytes of a file after which a batch ends, however few records it has."""
MAX_NOTES = 20
"""Maximum number of messages about column names."""

decode_json = msgspec.json.Decoder().decode
decode_lines = msgspec.json.Decoder().decode_lines
REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What `decode_json` raises for a text that is not JSON."""

_SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')


class Collector:
    """Collects what a reader reads.

    `row`, `line` and `offset` are where the next record starts; `placed` says whether the offset is
    known.
    """

    def __init__(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> None:
        self.shard, self.shape, self.max_record, self.max_depth = (
            shard,
            shape,
            max_record,
            max_depth,
        )
        self.row, self.line, self.offset = shard.first_row, shard.first_line, shard.start
        self.placed = True
        self.most = most_rows(shard.location)
        """Maximum number of records before the file is taken for a bomb; None if uncompressed."""
        self.begin()

    def begin(self) -> None:
        """Start a new batch here."""
        self.values: list[Any] = []
        self.rows: list[int] = []
        self.lines: list[int | None] = []
        self.defects: list[Defect] = []
        self.batch_start = self.offset
        self.mark: tuple[int, int, int] | None = (
            (self.row, self.line, self.offset) if self.placed else None
        )

    def rest(self) -> Iterator[Batch]:
        """Yield the records collected so far as a batch."""
        if self.most is not None and self.row > self.most:
            # The collected records may still be requested.
            most, self.most = self.most, None
            raise InputError(
                f"has more than {most:,} records for its size: possible decompression bomb",
                UNPACK_IT,
                path=self.shard.input.path,
            )
        if self.values or self.defects:
            batch = Batch(
                self.shard.input,
                self.shape,
                self.values,
                self.rows,
                self.lines,
                self.defects,
                mark=self.mark,
            )
            self.begin()
            yield batch

    def add(self, value: Any, line: int | None) -> None:
        """Add a record."""
        self.values.append(value)
        self.rows.append(self.row)
        self.lines.append(line)
        self.row += 1

    def bad(
        self,
        line: int | None,
        column: int | None,
        message: str,
        raw: bytes = b"",
        byte: int | None = None,
    ) -> None:
        """Record a defect in place of a record, identified by the bytes of the record.

        `byte` is the column in bytes, if `raw` is not the line.
        """
        if byte is None and column is not None:
            byte = 1 + len(encoded(decoded(raw)[: column - 1]))
        self.defects.append(
            Defect("dslint/parse-error", self.row, line, column, message, "", *_identity(raw), byte)
        )
        self.row += 1

    def note_duplicate(
        self, line: int | None, message: str, field: str = "", raw: bytes = b"", lost: Lost = ()
    ) -> None:
        """Record duplicate names in the next record, and the texts that are lost by them."""
        self.defects.append(
            Defect(
                "dslint/duplicate-key",
                self.row,
                line,
                None,
                message,
                field,
                *_identity(raw),
                None,
                lost,
            )
        )

    def add_json(self, raw: bytes, value: Any, *, spaced: bool) -> None:
        """Add a decoded JSON text that starts at `line`.

        `spaced` says that there may be white space between a key and its colon.
        """
        if len(raw) > 2 * self.max_depth and too_deep(raw, self.max_depth):
            self.bad(self.line, 1, f"nested more than {self.max_depth} levels deep", raw)
            return
        if (
            spaced or not keys_are_unique(raw, value, len(value) if type(value) is dict else 0)
        ) and (twice := duplicate_keys(raw)) is not None:
            field, lost = twice
            self.note_duplicate(
                self.line,
                "an object has a duplicate key; all but its last value are lost",
                field,
                raw,
                lost,
            )
        self.values.append(value)
        self.rows.append(self.row)
        self.lines.append(self.line)
        self.row += 1


def decoded(raw: bytes) -> str:
    """Decode bytes that may not be UTF-8; `encoded` restores them."""
    return raw.decode(errors="surrogateescape")


def encoded(text: str) -> bytes:
    """Return the bytes of a text from `decoded`."""
    return text.encode(errors="surrogateescape")


def keys_are_unique(raw: bytes, value: Any, outermost: int) -> bool:
    """Return whether no object of a JSON text can have a duplicate key.

    That is so if the text has no more `":`, except in strings, than its value has keys.
    `outermost` is the number of keys of its outermost objects.
    """
    count = raw.count(b'":')
    if count == outermost:  # there are no nested objects
        return True
    if b'\\\\":' not in raw:  # otherwise a key may end with a backslash
        count -= raw.count(b'\\":')
    return count == count_keys(value)


def _identity(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what identifies the bytes of a record, without surrounding white space.

    That is a digest, a digest without what can be guessed, and 16 bytes that are equal for equal
    bytes only. All are empty if there are no bytes.
    """
    bare = raw.strip(b" \t\r\n")
    if not bare:
        return b"", b"", b""
    text = bare.decode("utf-8", "surrogateescape")
    left = unguessable(text)
    content = xxh3_128_digest(bare)
    identity = content if left is text else xxh3_128_digest(left.encode("utf-8", "surrogateescape"))
    return content, identity, secure_digest_of_bytes(bare)


def has_spaced_colon(block: bytes) -> bool:
    """Return whether a block may have a key that is not counted by its `":`."""
    return _SPACED_COLON.search(block) is not None


def unique_names(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return unique names for the columns of a table, and messages about the original names."""
    totals = Counter(names)
    counts: dict[str, int] = {}
    taken = set(names)
    seen: set[str] = set()
    result: list[str] = []
    notes: list[str] = []
    for number, name in enumerate(names, start=1):
        new = name
        if name in seen:
            count = counts.get(name, 2)
            while (new := f"{name}_{count}") in taken:
                count += 1
            counts[name] = count + 1
            notes.append(
                f"column {number} has the name of an earlier column; it is read under another name"
            )
        elif not name and totals[name] == 1:
            notes.append(f"column {number} has no name")
        seen.add(name)
        taken.add(new)
        result.append(new)
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES:] = [
            f"{len(notes) - MAX_NOTES:,} more columns have no name, or that of an earlier column"
        ]
    return result, notes
