"""The records of a dataset as arrays: texts by number, labels by code, and who has checked them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from dslint.plugin import Batch, Columns, Location, Observer, Record, Source, State, digest, lookup
from dslint_labels.features import bare, plain
from dslint_labels.labelled import read, require_classes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TEXTS_AT_ONCE = 1000
CHARACTERS_AT_ONCE = 500_000


class Place(NamedTuple):
    """What `State.at` asks of a row."""

    file: int
    row: int
    line: int | None
    content: bytes


def text_of(record: Record, roles: Sequence[str]) -> str:
    """Return the texts of a record as one plain text."""
    return plain("\n".join(part.text for part in record.texts(roles)))


def name_of(text: str) -> bytes | None:
    """Return 16 bytes that are equal for texts that differ in case, space or punctuation only; None for an empty one."""
    return digest(bare(text)) if text else None


@dataclass(frozen=True)
class Labelled(Observer):
    """For each record a digest of its text, its label, and what the column of those who have checked it says."""

    state = {"text": "binary[16]", "kind": "string", "label": "string", "checked": "string"}  # noqa: RUF012 - a declaration, never changed

    roles: tuple[str, ...] = ("prompt", "target")
    checked: str = ""

    def observe(self, batch: Batch) -> Columns:
        """Return one row for each record."""
        labels = [read(value) for value in batch.column("label")]
        checked = [None if not self.checked else _checked(lookup(value, self.checked)) for value in batch.values]
        return {
            "text": [name_of(text_of(record, self.roles)) for record in batch.records],
            "kind": [kind for kind, _ in labels],
            "label": [label for _, label in labels],
            "checked": [label if said == _AS_GIVEN else said for said, (_, label) in zip(checked, labels, strict=True)],
        }


_AS_GIVEN = "\0"


def _checked(value: object) -> str | None:
    """Return what a person says of a label: as given (true), nothing (false, none), or another label."""
    name = read(value)[1]
    if value is True or (name or "").strip().lower() == "true":
        return _AS_GIVEN
    return None if value is False or (name or "").strip().lower() == "false" else name


class Dataset:
    """The labelled records of a run, in the order of their digests, so that nothing depends on the order in which they were read.

    `trusted` maps digests of texts to labels that a person has checked, from files; `added` the texts of those that are not in the dataset.
    """

    def __init__(self, state: State, trusted: Mapping[bytes, tuple[str, str]]) -> None:
        import numpy as np

        table = state.table.select(["text", "content", "file", "row", "line", "kind", "label", "checked"])
        kinds = table["kind"].to_pylist()
        self._state = state
        self.text = np.array([name or b"" for name in table["text"].to_pylist()], "S16")
        content = np.array(table["content"].to_pylist(), "S16")
        self.file, self.row = table["file"].to_numpy(), table["row"].to_numpy()
        order = np.lexsort((self.row, self.file, content, self.text))
        self.text, self.content, self.file, self.row = self.text[order], content[order], self.file[order], self.row[order]
        lines, given, checked = table["line"].to_pylist(), table["label"].to_pylist(), table["checked"].to_pylist()
        self._lines = [lines[number] for number in order]
        self.given: list[str | None] = [given[number] if kinds[number] == "class" else None for number in order]
        self.unlabelled = np.array([kinds[number] == "missing" for number in order], bool)
        self.checked: list[str | None] = [checked[number] for number in order]
        if trusted:
            self.checked = [
                said if said is not None or name not in trusted else trusted[name][1]
                for said, name in zip(self.checked, self.text.tolist(), strict=True)
            ]
        require_classes(Counter(kinds), len(set(filter(None, self.given))))
        added = {name: pair for name, pair in trusted.items() if name.rstrip(b"\0") not in set(self.text.tolist())} if trusted else {}
        self.names = np.unique(np.concatenate([self.text[self.text != b""], np.array(sorted(added), "S16")]))
        self.number = np.where(self.text != b"", np.searchsorted(self.names, self.text), -1)
        self.added = [(int(np.searchsorted(self.names, np.array(name, "S16"))), text, label) for name, (text, label) in sorted(added.items())]

    def __len__(self) -> int:
        return len(self.given)

    def at(self, number: int) -> Location:
        """Return the place of a record."""
        place = Place(int(self.file[number]), int(self.row[number]), self._lines[number], bytes(self.content[number]).ljust(16, b"\0"))
        return self._state.at(place)

    def records(self, numbers: Array, source: Source) -> Iterator[tuple[int, Record]]:
        """Read records again, each file from its beginning to its end."""
        import numpy as np

        paths = {int(file): self._state.input(Place(int(file), 0, None, b"")).path for file in np.unique(self.file[numbers])}
        rank = {file: place for place, file in enumerate(sorted(paths, key=lambda file: paths[file]))}
        order = numbers[np.lexsort((self.row[numbers], [rank[int(file)] for file in self.file[numbers]]))] if len(numbers) else numbers
        yield from zip(order.tolist(), source.records(self.at(number) for number in order.tolist()), strict=True)

    @cached_property
    def positions(self) -> Array:
        """The position of each record among all of the run: files in their order, each as long as its last record tells."""
        import numpy as np

        first = np.zeros(int(self.file.max(initial=-1)) + 2, np.int64)
        np.maximum.at(first, self.file + 1, self.row + 1)
        found: Array = np.cumsum(first)[self.file] + self.row
        return found

    def texts(self, source: Source, roles: Sequence[str]) -> Callable[[], Iterator[tuple[list[int], list[str]]]]:
        """Return what yields all texts with their numbers, some at a time. Of texts that are called the same, that of the first content counts."""
        import numpy as np

        known = np.flatnonzero(self.number >= 0)
        first = known[np.unique(self.number[known], return_index=True)[1]]

        def read_again() -> Iterator[tuple[list[int], list[str]]]:
            numbers: list[int] = []
            texts: list[str] = []
            size = 0
            for number, record in self.records(first, source):
                numbers.append(int(self.number[number]))
                texts.append(text_of(record, roles))
                size += len(texts[-1])
                if len(texts) == TEXTS_AT_ONCE or size > CHARACTERS_AT_ONCE:
                    yield numbers, texts
                    numbers, texts, size = [], [], 0
            if texts:
                yield numbers, texts
            if self.added:
                yield [number for number, _, _ in self.added], [text for _, text, _ in self.added]

        return read_again
