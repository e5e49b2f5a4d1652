"""What rules see: single records, or batches of records with views that are built on demand."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, TypeVar

from xxhash import xxh3_128_digest

from dslint.data.record import Record, Texts, encoded, secure_digest_of_bytes
from dslint.helpers.pointers import distinct_names, is_ordinary, leaves, lookup, names
from dslint.model import Defect, Input, Shape, ShapeProblem, Text, Turn

T = TypeVar("T")

_PROBLEMS = itemgetter(1)

HIDDEN = "hidden"
"""A role for texts that no trainer reads, but that are in the file.

They are field names that may hold a value, and values that a later duplicate key hides.
"""
KEY, LOST = "key", "lost"
"""The roles of hidden texts. `all` selects them, and so do these names, if HIDDEN is given too."""

Identify = Callable[[Sequence[str]], "list[str | None]"]
"""Returns the primary language code of each text, judged by itself, or None if unknown."""


def primary(code: object) -> str | None:
    """Return the primary language of a code in lower case, or None if it is not a code.

    It is `en` for `en-US` and `en_GB.UTF-8`.
    """
    return (
        code.strip().replace("_", "-").partition("-")[0].lower() or None
        if isinstance(code, str)
        else None
    )


def selected(text: Text, roles: Sequence[str]) -> bool:
    """Return whether a text is in the given roles: `target`, `prompt`, `all`, or names of roles.

    A text of unknown role (its record fits no known shape) counts as both target and prompt,
    because it could be either.
    """
    if "all" in roles or text.role in roles:
        return True
    if text.role is None:
        return "target" in roles or "prompt" in roles
    if text.target:
        return "target" in roles
    return "prompt" in roles and text.role not in ("rejected", "metadata", KEY, LOST)


class Batch:
    """Consecutive records of one file.

    `rows` and `lines` are parallel to `values`; `defects` lists what could not be read in between;
    `mark` is the row, line and byte offset at which a reader can start again, if it can.
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
        """For the valid part of a batch: the full batch, and the positions of the records in it."""
        self.identify: Identify | None = None
        """Detects the languages of texts, if that is installed."""
        self._view_languages: frozenset[str] = frozenset()
        self._identified: dict[str, str | None] = {}
        self._cache: dict[Any, Any] = {}
        self._shared: dict[Any, Any] = {}

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
        """Split of the file."""
        return self.input.split

    @cached_property
    def records(self) -> list[Record]:
        """The records as objects."""
        return [Record(self, position) for position in range(len(self.values))]

    @cached_property
    def parsed(self) -> list[tuple[list[Text], list[ShapeProblem]]]:
        """The texts and problems of each record, as read by its shape."""
        read = self.shape.read
        return [read(value) for value in self.values]

    @cached_property
    def turns(self) -> list[list[Turn]]:
        """The turns of each record; none if it does not fit its shape."""
        if "assistant" not in self.shape.roles:
            return [[]] * len(self.values)
        turns = self.shape.turns
        return [
            [] if problems else turns(value)
            for value, (_, problems) in zip(self.values, self.parsed, strict=True)
        ]

    @cached_property
    def valid(self) -> Batch:
        """The records that fit their shape; this batch itself if all of them do."""
        if not any(map(_PROBLEMS, self.parsed)):
            return self
        keep = [position for position, (_, problems) in enumerate(self.parsed) if not problems]
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
        batch.identify, batch._identified, batch._shared = (
            self.identify,
            self._identified,
            self._shared,
        )
        return batch

    def within(self, languages: Sequence[str]) -> Batch:
        """Return the batch without the texts known to be in other languages than these."""
        has_languages = "language" in self.input.columns or (
            self.identify is not None and len(self.input.languages) != 1
        )
        if not languages or not has_languages:
            return self
        return self.cached(
            ("within", *languages),
            lambda batch: batch._within(languages),  # noqa: SLF001
        )

    def _within(self, languages: Sequence[str]) -> Batch:
        view = Batch(self.input, self.shape, self.values, self.rows, self.lines, self.defects)
        view.parsed = self.parsed
        view.valid = view if self.valid is self else self.valid.within(languages)
        view.identify, view._identified, view._shared = (
            self.identify,
            self._identified,
            self._shared,
        )
        view._view_languages = frozenset(languages)
        return view

    @cached_property
    def hidden(self) -> dict[int, list[Text]]:
        """The hidden texts of records that have any, by position; see HIDDEN."""
        if self.whole is not None:
            batch, kept = self.whole
            return {
                number: batch.hidden[position]
                for number, position in enumerate(kept)
                if position in batch.hidden
            }
        found: dict[int, list[Text]] = {}
        if not all(map(is_ordinary, distinct_names(self.values))):
            for position, value in enumerate(self.values):
                if unusual := [
                    Text(where, KEY, name) for where, name in names(value) if not is_ordinary(name)
                ]:
                    found[position] = unusual
        for defect in self.defects:
            if defect.lost:
                texts = [
                    Text(where, role, text)
                    for where, role, text in defect.lost
                    if role == LOST or not is_ordinary(text)
                ]
                found.setdefault(self.rows.index(defect.row), []).extend(texts)
        return found

    @cached_property
    def digests(self) -> list[bytes]:
        """Digest of each record (16 bytes)."""
        return self.per_record(
            "digests",
            lambda batch: list(map(xxh3_128_digest, batch._encoded)),  # noqa: SLF001
        )

    @cached_property
    def secure_digests(self) -> list[bytes]:
        """16 bytes per record, equal only for equal records, even against an attacker."""
        return self.per_record(
            "secure_digests",
            lambda batch: list(map(secure_digest_of_bytes, batch._encoded)),  # noqa: SLF001
        )

    @property
    def _encoded(self) -> list[bytes]:
        return self.per_record("encoded", lambda batch: encoded(batch.values))

    def texts_at(self, position: int, roles: Sequence[str]) -> list[Text]:
        """Return the texts of one record in the given roles; see `Record.texts`."""
        texts, problems = self.parsed[position]
        value = self.values[position]
        if problems:
            texts = [Text(where, None, text) for where, text in leaves(value)]
        elif "all" in roles or "metadata" in roles:
            known = {text.field for text in texts}
            texts = texts + [
                Text(where, "metadata", text) for where, text in leaves(value) if where not in known
            ]
        if "all" not in roles:
            texts = [text for text in texts if selected(text, roles)]
        if HIDDEN in roles and position in self.hidden:
            texts = texts + [text for text in self.hidden[position] if selected(text, roles)]
        if self._view_languages:
            codes = self.languages_of([position] * len(texts), texts)
            texts = [
                text
                for text, code in zip(texts, codes, strict=True)
                if code is None or code in self._view_languages
            ]
        return texts

    def texts(self, roles: Sequence[str] = ("all",)) -> Texts:
        """Return all texts of the batch in the given roles as one list."""
        if "all" in roles or "metadata" in roles or HIDDEN in roles or self.valid is not self:
            key: Hashable = ("texts", *roles)
        else:
            wanted = frozenset(
                kind for kind in self._kinds if selected(Text("", kind[0], "", kind[1]), roles)
            )
            key = ("texts", wanted)
        return self.cached(key, lambda batch: batch._flat(roles))  # noqa: SLF001 - this class

    @cached_property
    def _kinds(self) -> set[tuple[str | None, bool]]:
        """The kinds of text in the batch: role, and whether it is a target."""
        return {(text.role, text.target) for texts, _ in self.parsed for text in texts}

    def _flat(self, roles: Sequence[str]) -> Texts:
        positions: list[int] = []
        items: list[Text] = []
        plain = "all" not in roles and "metadata" not in roles and HIDDEN not in roles
        wanted = (
            {kind for kind in self._kinds if selected(Text("", kind[0], "", kind[1]), roles)}
            if plain
            else set()
        )
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
        if self._view_languages and plain:
            codes = self.languages_of(positions, items)
            kept = [
                number
                for number, code in enumerate(codes)
                if code is None or code in self._view_languages
            ]
            return Texts(
                self, [positions[number] for number in kept], [items[number] for number in kept]
            )
        return Texts(self, positions, items)

    def languages(self, roles: Sequence[str] = ("all",), *, told: bool = False) -> list[str | None]:
        """Return the primary language code of each text of `texts(roles)`, None if unknown.

        It comes from the language column of the record, else from the dataset if one language is
        declared, else from detection. With `told`, only detection counts.
        """
        texts = self.texts(roles)
        return self.cached(
            ("languages", told, *roles),
            lambda batch: batch.languages_of(texts.positions, texts.items, told=told),
        )

    def languages_of(
        self, positions: Iterable[int], items: Sequence[Text], *, told: bool = False
    ) -> list[str | None]:
        """Return the same for the given texts, with the positions of their records."""
        declared = (
            [None] * len(items)
            if told
            else self.cached("language", lambda batch: batch._declared_languages())  # noqa: SLF001
        )
        codes = declared if told else [declared[position] for position in positions]
        known = self._identified
        if self.identify is not None:
            new = list(
                dict.fromkeys(
                    item.text
                    for item, code in zip(items, codes, strict=True)
                    if code is None and item.text not in known
                )
            )
            if new:
                known.update(zip(new, self.identify(new), strict=True))
        return [code or known.get(item.text) for item, code in zip(items, codes, strict=True)]

    def _declared_languages(self) -> list[str | None]:
        declared = self.input.languages[0] if len(self.input.languages) == 1 else None
        return [primary(code) or declared for code in self.column("language")]

    def column(self, kind: str) -> list[Any]:
        """Return a column by its kind, with None for records without a value.

        Kinds are label, id, source, language, created and split.
        """
        if kind == "split" and "split" not in self.input.columns:
            return [self.input.split] * len(self.values)
        path = self.input.columns.get(kind)
        if path is None:
            return [None] * len(self.values)
        return [lookup(value, path) for value in self.values]

    @property
    def present(self) -> set[tuple[str, str]]:
        """Kind and field of the columns that some record of the batch has."""
        return {
            (kind, path)
            for kind, path in self.input.columns.items()
            if any(lookup(value, path) is not None for value in self.values)
        }

    def cell(self, kind: str, value: object) -> Any:
        """Return the value of a record in a column, by its kind."""
        path = self.input.columns.get(kind)
        return lookup(value, path) if path is not None else self.split if kind == "split" else None

    def per_record(self, key: Hashable, make: Callable[[Batch], list[T]]) -> list[T]:
        """Return `make(batch)`, a list with one item per record, computed once per batch and key.

        The valid part of the batch shares the items.
        """
        if self.whole is None:
            return self.cached(key, make)
        batch, kept = self.whole
        items = batch.per_record(key, make)
        return [items[position] for position in kept]

    def release(self) -> None:
        """Drop all views, so that the batch is freed without the cyclic garbage collector."""
        if "valid" in self.__dict__ and self.valid is not self:
            self.valid.release()
        self.whole = None
        for view in self._cache.values():
            if isinstance(view, Batch):
                view.release()
        for name in (
            "records",
            "valid",
            "parsed",
            "turns",
            "digests",
            "secure_digests",
            "hidden",
            "_kinds",
        ):
            self.__dict__.pop(name, None)
        self._cache.clear()
        self._shared.clear()

    def shared(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return `make()`, computed once for this batch and its views.

        It must depend on texts only, not on the records around them.
        """
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]  # type: ignore[no-any-return]

    def cached(self, key: Hashable, make: Callable[[Batch], T]) -> T:
        """Return `make(batch)`, computed once for this batch and key, for all rules."""
        if key not in self._cache:
            self._cache[key] = make(self)
        return self._cache[key]  # type: ignore[no-any-return]
