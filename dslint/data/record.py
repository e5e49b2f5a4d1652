"""A record, its texts, and the texts of a batch: how rules see the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec
from xxhash import xxh3_128_digest

from dslint.masking.redact import unguessable
from dslint.model import Location, ShapeProblem, Text, Turn

if TYPE_CHECKING:
    import pyarrow as pa

    from dslint.data.batch import Batch


HIDDEN_ROLES = {
    "key": "in the name of a field",
    "lost": "in a value that a later duplicate key hides",
}
"""Roles of texts that are in no field of the decoded record, with words for messages."""

_encoder = msgspec.json.Encoder(order="sorted")
_blank = blake2b(digest_size=16)


def digest(value: object) -> bytes:
    """Return 16 bytes that are equal for equal JSON values, in any order of keys.

    The digest (XXH3 of sorted compact JSON) is the same on every machine. It orders records, draws
    samples and names findings. It is fast, but collisions are easy to construct:
    `secure_digest` decides whether two values are equal. Secrets are hashed with a key, see
    `dslint.gate.suppressions`.
    """
    return xxh3_128_digest(_encoder.encode(value))


def digests(values: Iterable[object]) -> list[bytes]:
    """Return the `digest` of each value, computed together."""
    return list(map(xxh3_128_digest, encoded(values)))


def secure_digest(value: object) -> bytes:
    """Return 16 bytes that are equal only for equal JSON values, even against an attacker.

    It is BLAKE2b of sorted compact JSON.
    """
    return secure_digest_of_bytes(_encoder.encode(value))


def secure_digests(values: Iterable[object]) -> list[bytes]:
    """Return the `secure_digest` of each value, computed together."""
    return list(map(secure_digest_of_bytes, encoded(values)))


def encoded(values: Iterable[object]) -> list[bytes]:
    """Return each value as sorted compact JSON."""
    lines = _encoder.encode_lines(values).split(b"\n")
    lines.pop()
    return lines


def secure_digest_of_bytes(text: bytes) -> bytes:
    """Return 16 bytes that are equal only for equal texts."""
    hasher = _blank.copy()  # faster than a new one
    hasher.update(text)
    return hasher.digest()


class Part:
    """A text of a record, with its location."""

    __slots__ = ("_record", "_text")

    def __init__(self, record: Record, text: Text) -> None:
        self._record = record
        self._text = text

    @property
    def text(self) -> str:
        """The text itself."""
        return self._text.text

    @property
    def field(self) -> str:
        """JSON pointer of the text in its record."""
        return self._text.field

    @property
    def role(self) -> str | None:
        """Role of the text; None if the record does not fit its shape."""
        return self._text.role

    @property
    def target(self) -> bool:
        """Whether the text is a training target."""
        return self._text.target

    @property
    def language(self) -> str | None:
        """Primary language code of the text, None if unknown; see `Batch.languages`."""
        return self._record.language(self._text)

    @property
    def told_language(self) -> str | None:
        """Primary language code as detected from the text alone, ignoring columns and settings."""
        return self._record.language(self._text, told=True)

    def at(self, start: int | None = None, end: int | None = None) -> Location:
        """Return the location of this text, or of a span of it in code points."""
        return _placed(self._record, self._text, start, end)


class Record:
    """A record. Rules must not change it."""

    __slots__ = ("_batch", "_position")

    def __init__(self, batch: Batch, position: int) -> None:
        self._batch = batch
        self._position = position

    @property
    def value(self) -> Any:
        """The decoded record, usually a dict."""
        return self._batch.values[self._position]

    @property
    def path(self) -> str:
        """Path of the record's file."""
        return self._batch.input.path

    @property
    def row(self) -> int:
        """0-based number of the record in its file."""
        return self._batch.rows[self._position]

    @property
    def line(self) -> int | None:
        """1-based physical line where the record starts, if its format has lines."""
        return self._batch.lines[self._position]

    @property
    def shape(self) -> str:
        """Name of the record's shape."""
        return self._batch.shape.name

    @property
    def problems(self) -> list[ShapeProblem]:
        """What keeps the record from fitting its shape."""
        return self._batch.parsed[self._position][1]

    @property
    def turns(self) -> list[Turn]:
        """The turns of the conversation; none if it is not one, or does not fit its shape."""
        return [] if self.problems else self._batch.turns[self._position]

    @property
    def digest(self) -> bytes:
        """Digest of the full record."""
        return digest(self.value)

    @property
    def identity(self) -> bytes:
        """Digest of the record without what can be guessed from it, safe to use in a fingerprint.

        See `dslint.masking.redact.unguessable`.
        """
        return self._batch.cached(
            ("identity", self._position), lambda _: digest(unguessable(self.value))
        )

    def texts(self, roles: Sequence[str] = ("all",)) -> list[Part]:
        """Return the texts of the given roles: `target`, `prompt`, `all`, or names of roles."""
        return [Part(self, text) for text in self._batch.texts_at(self._position, roles)]

    def language(self, text: Text, *, told: bool = False) -> str | None:
        """Return the primary language code of a text of the record, None if unknown."""
        return self._batch.languages_of([self._position], [text], told=told)[0]

    def column(self, kind: str) -> Any:
        """Return the value of a column by its kind, or None.

        Kinds are label, id, source, language, created and split.
        """
        return self._batch.cell(kind, self.value)

    def at(
        self,
        field: str = "",
        start: int | None = None,
        end: int | None = None,
        role: str | None = None,
    ) -> Location:
        """Return the location of this record, or of a field or span in it."""
        return Location(
            self.path,
            self.row,
            self.line,
            None,
            field,
            start,
            end,
            role,
            inline=self._batch.input.inline,
        )


class Texts:
    """The texts of a batch as one list, with the position of the record of each."""

    __slots__ = ("_batch", "items", "positions")

    def __init__(self, batch: Batch, positions: list[int], items: list[Text]) -> None:
        self._batch = batch
        self.positions = positions
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    @property
    def strings(self) -> list[str]:
        """The bare texts."""
        return [item.text for item in self.items]

    def at(self, number: int, start: int | None = None, end: int | None = None) -> Location:
        """Return the location of the text with this number, or of a span of it."""
        return _placed(self._batch.records[self.positions[number]], self.items[number], start, end)

    @property
    def table(self) -> pa.Table:
        """The texts as an Arrow table: `row: int64, field: string, role: string, text: string`."""
        import pyarrow as pa

        rows = self._batch.rows
        return pa.table(
            {
                "row": pa.array([rows[position] for position in self.positions], pa.int64()),
                "field": pa.array([item.field for item in self.items], pa.string()),
                "role": pa.array([item.role for item in self.items], pa.string()),
                "text": pa.array(self.strings, pa.string()),
            }
        )


def _placed(record: Record, text: Text, start: int | None, end: int | None) -> Location:
    """Return the location of a span of a text; without the span if the text is hidden.

    A hidden text is not the value of its field.
    """
    if text.role in HIDDEN_ROLES:
        start = end = None
    return record.at(text.field, start, end, role=text.role)
