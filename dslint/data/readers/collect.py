"""Records and defects of a shard on their way into batches: what all readers share."""

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
from dslint.data.record import same_bytes
from dslint.errors import InputError
from dslint.masking.redact import unguessable
from dslint.model import Defect, Shape, Shard

BOM = b"\xef\xbb\xbf"
BATCH = 1000
"""Records of a batch, at most."""
MAX_BATCH = 8 << 20
"""Bytes of a file after which a batch ends, however few its records."""
SAID = 20
"""Columns without a name of their own that are told one by one."""

decode_json = msgspec.json.Decoder().decode
decode_lines = msgspec.json.Decoder().decode_lines
REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What `decode_json` raises for a text that is no JSON."""

_SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')


class Collector:
    """Gathers what a reader reads. `row`, `line` and `offset` are where the next record begins; `placed` says that the offset is known."""

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
        """Records that the file may have before it is taken for a bomb; None where nothing is compressed."""
        self.begin()

    def begin(self) -> None:
        """Begin a new batch here."""
        self.values: list[Any] = []
        self.rows: list[int] = []
        self.lines: list[int | None] = []
        self.defects: list[Defect] = []
        self.begun = self.offset
        self.mark: tuple[int, int, int] | None = (
            (self.row, self.line, self.offset) if self.placed else None
        )

    def rest(self) -> Iterator[Batch]:
        """Yield what has been collected as a batch."""
        if self.most is not None and self.row > self.most:
            most, self.most = self.most, None  # what has been collected may still be asked for
            raise InputError(
                f"has more than {most:,} records for its few bytes: a decompression bomb?",
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
        """Take a record in."""
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
        """Take the defect in that stands in the place of a record, whose bytes tell it from others.

        `byte` is the column in bytes, if `raw` is not the line.
        """
        if byte is None and column is not None:
            byte = 1 + len(encoded(decoded(raw)[: column - 1]))
        self.defects.append(
            Defect(
                "dslint/parse-error", self.row, line, column, message, "", *_told_apart(raw), byte
            )
        )
        self.row += 1

    def doubtful(
        self, line: int | None, message: str, field: str = "", raw: bytes = b"", lost: Lost = ()
    ) -> None:
        """Note names that are not unique in the record that comes next, and the texts that are lost by that."""
        self.defects.append(
            Defect(
                "dslint/duplicate-key",
                self.row,
                line,
                None,
                message,
                field,
                *_told_apart(raw),
                None,
                lost,
            )
        )

    def add_json(self, raw: bytes, value: Any, *, spaced: bool) -> None:
        """Take a decoded JSON text in that begins at `line`. `spaced` says that a key may be followed by a blank."""
        if len(raw) > 2 * self.max_depth and too_deep(raw, self.max_depth):
            self.bad(self.line, 1, f"nested more than {self.max_depth} levels deep", raw)
            return
        if (
            spaced or not keys_are_unique(raw, value, len(value) if type(value) is dict else 0)
        ) and (twice := duplicate_keys(raw)) is not None:
            field, lost = twice
            self.doubtful(
                self.line,
                "an object has a key more than once; all but its last value are lost",
                field,
                raw,
                lost,
            )
        self.values.append(value)
        self.rows.append(self.row)
        self.lines.append(self.line)
        self.row += 1


def decoded(raw: bytes) -> str:
    """Return the text of bytes that may not be UTF-8; `encoded` makes the same bytes of it."""
    return raw.decode(errors="surrogateescape")


def encoded(text: str) -> bytes:
    """Return the bytes of a text that `decoded` made."""
    return text.encode(errors="surrogateescape")


def keys_are_unique(raw: bytes, value: Any, outermost: int) -> bool:
    """Say whether no object of a JSON text can have a key twice: there are no more `":` in it, but within strings, than its value has keys.

    `outermost` is how many keys its outermost objects have.
    """
    seen = raw.count(b'":')
    if seen == outermost:  # there are no others to count
        return True
    if b'\\\\":' not in raw:  # else a key may end with a backslash
        seen -= raw.count(b'\\":')
    return seen == count_keys(value)


def _told_apart(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what tells a record's bytes, without the white space around them, from others; nothing where there are none.

    That is a digest, one without what can be guessed, and what is equal for equal bytes only.
    """
    bare = raw.strip(b" \t\r\n")
    if not bare:
        return b"", b"", b""
    text = bare.decode("utf-8", "surrogateescape")
    left = unguessable(text)
    content = xxh3_128_digest(bare)
    identity = content if left is text else xxh3_128_digest(left.encode("utf-8", "surrogateescape"))
    return content, identity, same_bytes(bare)


def has_spaced_colon(block: bytes) -> bool:
    """Say whether keys cannot be counted by their `":` in some JSON text of a block."""
    return _SPACED_COLON.search(block) is not None


def unique_names(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return names for the columns of a table that are all different, and what was wrong with those that it has."""
    totals = Counter(names)
    counts: dict[str, int] = {}
    taken = set(names)
    seen: set[str] = set()
    result: list[str] = []
    said: list[str] = []
    for number, name in enumerate(names, start=1):
        new = name
        if name in seen:
            count = counts.get(name, 2)
            while (new := f"{name}_{count}") in taken:
                count += 1
            counts[name] = count + 1
            said.append(
                f"column {number} has the name of an earlier column; it is read under another one"
            )
        elif not name and totals[name] == 1:
            said.append(f"column {number} has no name")
        seen.add(name)
        taken.add(new)
        result.append(new)
    if len(said) > SAID:
        said[SAID:] = [
            f"{len(said) - SAID:,} more columns have no name, or that of an earlier column"
        ]
    return result, said
