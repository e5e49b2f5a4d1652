"""What rules see: records one at a time, or a batch of consecutive ones in several views, each built when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from xxhash import xxh3_128_digest

from dslint.model import Defect, Input, Location, Shape, ShapeProblem, Text, Turn

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

_canonical = msgspec.json.Encoder(order="sorted").encode


def digest(value: object) -> bytes:
    """Return 16 bytes that are equal for equal JSON values, whatever the order of their keys (XXH3 of sorted compact JSON).

    Equal on every machine. It tells records apart; what must keep a secret is hashed with a key instead, see `dslint.suppress`.
    """
    return xxh3_128_digest(_canonical(value))


def leaves(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield the JSON pointer and text of every string in a decoded value, in order."""
    if type(value) is dict and {dict, list}.isdisjoint(map(type, value.values())):  # most records, and then faster
        return (yield from [(f"{pointer}/{escape(key)}", item) for key, item in value.items() if type(item) is str])
    stack: list[tuple[str, object]] = [(pointer, value)]
    while stack:
        where, item = stack.pop()
        if type(item) is str:
            yield where, item
        elif type(item) is dict:
            stack.extend((f"{where}/{escape(key)}", item[key]) for key in reversed(item))
        elif type(item) is list:
            stack.extend((f"{where}/{number}", item[number]) for number in range(len(item) - 1, -1, -1))


def escape(key: str) -> str:
    """Escape a key for use in a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def lookup(value: object, path: str) -> object:
    """Return the value at a column path (`label`, `meta.url`, or a JSON pointer), or None where there is none."""
    if type(value) is dict and path in value:
        return value[path]
    for key in _keys(path):
        if type(value) is dict:
            value = value.get(key)
        elif type(value) is list and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def without(value: object, path: str) -> object:
    """Return the value without what `lookup` finds at a column path. Only what is on the way there is copied."""
    if type(value) is dict and path in value:
        rest = value.copy()
        del rest[path]
        return rest
    return _cut(value, _keys(path))


def _cut(value: object, keys: list[str]) -> object:
    key, rest = keys[0], keys[1:]
    if type(value) is dict and key in value:
        return {**value, key: _cut(value[key], rest)} if rest else {name: item for name, item in value.items() if name != key}
    if type(value) is list and key.isdecimal() and int(key) < len(value):
        number = int(key)
        return [*value[:number], *([_cut(value[number], rest)] if rest else []), *value[number + 1 :]]
    return value


def pointer_of(value: object, path: str) -> str:
    """Return the JSON pointer of what `lookup` finds at a column path."""
    return f"/{escape(path)}" if type(value) is dict and path in value else "".join(f"/{escape(key)}" for key in _keys(path))


def _keys(path: str) -> list[str]:
    return [key.replace("~1", "/").replace("~0", "~") for key in path[1:].split("/")] if path.startswith("/") else path.split(".")


def selected(text: Text, roles: Sequence[str]) -> bool:
    """Say whether a text is among the roles: `target`, `prompt`, `all`, or names of roles.

    A text of unknown role (its record fits no known shape) counts as a target and as a prompt: it could be either.
    """
    if "all" in roles or text.role in roles:
        return True
    if text.role is None:
        return "target" in roles or "prompt" in roles
    if text.target:
        return "target" in roles
    return "prompt" in roles and text.role not in ("rejected", "metadata")


class Part:
    """A text of a record, with its place."""

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
        """Role of the text; None where the record does not fit its shape."""
        return self._text.role

    @property
    def target(self) -> bool:
        """Whether a model learns to say this."""
        return self._text.target

    def at(self, start: int | None = None, end: int | None = None) -> Location:
        """Return the place of this text, or of a span of it in code points."""
        return self._record.at(self._text.field, start, end, role=self._text.role)


class Record:
    """One record. Rules read it; none may change it."""

    __slots__ = ("_batch", "_position")

    def __init__(self, batch: Batch, position: int) -> None:
        self._batch = batch
        self._position = position

    @property
    def value(self) -> Any:
        """The decoded record: most often a dict."""
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
        """1-based physical line where the record begins, if its format has lines."""
        return self._batch.lines[self._position]

    @property
    def shape(self) -> str:
        """Name of the shape of the record's dataset."""
        return self._batch.shape.name

    @property
    def problems(self) -> list[ShapeProblem]:
        """What keeps the record from fitting its shape."""
        return self._batch.parsed[self._position][1]

    @property
    def turns(self) -> list[Turn]:
        """The turns of the conversation; none if the record is no conversation, or does not fit its shape."""
        return [] if self.problems else self._batch.turns[self._position]

    @property
    def digest(self) -> bytes:
        """Digest of the whole record."""
        return digest(self.value)

    def texts(self, roles: Sequence[str] = ("all",)) -> list[Part]:
        """Return the texts of the given roles: `target`, `prompt`, `all`, or names of roles."""
        return [Part(self, text) for text in self._batch.texts_at(self._position, roles)]

    def column(self, kind: str) -> Any:
        """Return the value of a column by its kind (label, id, source, language, created, split), or None."""
        return self._batch.cell(kind, self.value)

    def at(self, field: str = "", start: int | None = None, end: int | None = None, role: str | None = None) -> Location:
        """Return the place of this record, or of a field or span of it."""
        return Location(self.path, self.row, self.line, None, field, start, end, role)


class Texts:
    """The texts of a batch, flat: for each one, the position of its record in the batch, and the text."""

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
        """Return the place of the text with this number, or of a span of it."""
        item = self.items[number]
        return self._batch.records[self.positions[number]].at(item.field, start, end, role=item.role)

    @property
    def table(self) -> pa.Table:
        """The same as Arrow: `row: int64, field: string, role: string, text: string`."""
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


class Batch:
    """Consecutive records of one file.

    `rows` and `lines` are parallel to `values`; `defects` lists what could not be read between them; `mark` is the row, line and byte offset where a
    reader may enter the file again, if it can.
    """

    def __init__(
        self,
        item: Input,
        shape: Shape,
        values: list[Any],
        rows: Sequence[int],
        lines: Sequence[int | None],
        defects: Sequence[Defect] = (),
        mark: tuple[int, int, int] | None = None,
    ) -> None:
        self.input = item
        self.shape = shape
        self.values = values
        self.rows = rows
        self.lines = lines
        self.defects = defects
        self.mark = mark
        self.whole: tuple[Batch, list[int]] | None = None
        """For the valid part of a batch: the whole one, and the positions of these records in it."""
        self._cache: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self.values)

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self.input.dataset

    @property
    def path(self) -> str:
        """Path of the file."""
        return self.input.path

    @property
    def split(self) -> str | None:
        """Split that the file belongs to."""
        return self.input.split

    @cached_property
    def records(self) -> list[Record]:
        """The records as objects."""
        return [Record(self, position) for position in range(len(self.values))]

    @cached_property
    def parsed(self) -> list[tuple[list[Text], list[ShapeProblem]]]:
        """For each record its texts and problems, as its shape reads them."""
        read = self.shape.read
        return [read(value) for value in self.values]

    @cached_property
    def turns(self) -> list[list[Turn]]:
        """For each record the turns of its conversation; none where it does not fit its shape."""
        if "assistant" not in self.shape.roles:
            return [[]] * len(self.values)
        turns = self.shape.turns
        return [[] if problems else turns(value) for value, (_, problems) in zip(self.values, self.parsed, strict=True)]

    @cached_property
    def valid(self) -> Batch:
        """The records that fit their shape; this batch itself if all do."""
        keep = [position for position, (_, problems) in enumerate(self.parsed) if not problems]
        if len(keep) == len(self.values):
            return self
        batch = Batch(
            self.input,
            self.shape,
            [self.values[k] for k in keep],
            [self.rows[k] for k in keep],
            [self.lines[k] for k in keep],
        )
        batch.parsed = [self.parsed[k] for k in keep]
        batch.valid = batch
        batch.whole = (self, keep)
        return batch

    @cached_property
    def digests(self) -> list[bytes]:
        """Digest of each record (16 bytes)."""
        return self.per_record("digests", lambda batch: [xxh3_128_digest(_canonical(value)) for value in batch.values])

    def texts_at(self, position: int, roles: Sequence[str]) -> list[Text]:
        """Return the texts of one record in the given roles; see `Record.texts`."""
        texts, problems = self.parsed[position]
        value = self.values[position]
        if problems:
            texts = [Text(where, None, text) for where, text in leaves(value)]
        elif "all" in roles or "metadata" in roles:
            known = {text.field for text in texts}
            texts = texts + [Text(where, "metadata", text) for where, text in leaves(value) if where not in known]
        if "all" in roles:
            return texts
        return [text for text in texts if selected(text, roles)]

    def texts(self, roles: Sequence[str] = ("all",)) -> Texts:
        """Return all texts of the batch in the given roles, flat."""
        if "all" in roles or "metadata" in roles or self.valid is not self:
            return self.cached(("texts", *roles), lambda batch: batch._flat(roles))  # noqa: SLF001 - this class
        wanted = frozenset(kind for kind in self._kinds if selected(Text("", kind[0], "", kind[1]), roles))
        return self.cached(("texts", wanted), lambda batch: batch._flat(roles))  # noqa: SLF001 - this class

    @cached_property
    def _kinds(self) -> set[tuple[str | None, bool]]:
        """The kinds of text that there are: role, and whether it is a target."""
        return {(text.role, text.target) for texts, _ in self.parsed for text in texts}

    def _flat(self, roles: Sequence[str]) -> Texts:
        positions: list[int] = []
        items: list[Text] = []
        plain = "all" not in roles and "metadata" not in roles
        wanted = {kind for kind in self._kinds if selected(Text("", kind[0], "", kind[1]), roles)} if plain else set()
        for position, (texts, problems) in enumerate(self.parsed):
            if not plain or problems:
                found = self.texts_at(position, roles)
                positions.extend([position] * len(found))
                items.extend(found)
                continue
            for text in texts:
                if (text.role, text.target) in wanted:
                    positions.append(position)
                    items.append(text)
        return Texts(self, positions, items)

    def column(self, kind: str) -> list[Any]:
        """Return a column by its kind (label, id, source, language, created, split), None where a record has none."""
        return [self.cell(kind, value) for value in self.values]

    def cell(self, kind: str, value: object) -> Any:
        """Return what one of its records has in a column, by its kind."""
        return lookup(value, self.input.columns[kind]) if kind in self.input.columns else self.split if kind == "split" else None

    def per_record(self, key: Hashable, make: Callable[[Batch], list[T]]) -> list[T]:
        """Return `make(batch)`, a list with one item a record, computed once for this batch and key; its valid part shares the items."""
        if self.whole is None:
            return self.cached(key, make)
        batch, kept = self.whole
        items = batch.per_record(key, make)
        return [items[position] for position in kept]

    def release(self) -> None:
        """Drop every view, so that the batch is freed without the cyclic collector."""
        if "valid" in self.__dict__ and self.valid is not self:
            self.valid.release()
        self.whole = None
        for view in ("records", "valid", "parsed", "turns", "digests", "_kinds"):
            self.__dict__.pop(view, None)
        self._cache.clear()

    def cached(self, key: Hashable, make: Callable[[Batch], T]) -> T:
        """Return `make(batch)`, computed once for this batch and key, whichever rules ask for it."""
        if key not in self._cache:
            self._cache[key] = make(self)
        return self._cache[key]  # type: ignore[no-any-return]
