"""The records of a dataset as arrays: texts by number, labels by code, and who has checked them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from dslint.plugin import (
    Batch,
    Columns,
    Location,
    Observer,
    Record,
    Source,
    State,
    digest,
    lookup,
    redact,
)
from dslint_packs.labels.features import bare, plain
from dslint_packs.labels.label_values import read, require_classes

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
    """For each record a digest of its text, its label, and what the column of those who have checked it says.

    With `reviewed` also a digest of its masked text, as it stands in review sheets.
    """

    state = {  # noqa: RUF012 - a declaration, never changed
        "text": "binary[16]",
        "masked": "binary[16]",
        "kind": "string",
        "label": "string",
        "checked": "string",
    }

    roles: tuple[str, ...] = ("prompt", "target")
    checked: str = ""
    reviewed: bool = False

    def observe(self, batch: Batch) -> Columns:
        """Return one row for each record."""
        labels = [read(value) for value in batch.column("label")]
        checked = [
            None if not self.checked else _checked(lookup(value, self.checked))
            for value in batch.values
        ]
        return {
            "text": [name_of(text_of(record, self.roles)) for record in batch.records],
            "masked": [
                name_of(plain(redact(text_in_sheets(record)))) if self.reviewed else None
                for record in batch.records
            ],
            "kind": [kind for kind, _ in labels],
            "label": [label for _, label in labels],
            "checked": [
                label if said == _AS_GIVEN else said
                for said, (_, label) in zip(checked, labels, strict=True)
            ],
        }


def text_in_sheets(record: Record) -> str:
    """Return the texts of a record that a review sheet shows."""
    return "\n".join(part.text for part in record.texts(("prompt", "target")))


_AS_GIVEN = "\0"


def _checked(value: object) -> str | None:
    """Return what a person says of a label: as given (true), nothing (false, none), or another label."""
    name = read(value)[1]
    if value is True or (name or "").strip().lower() == "true":
        return _AS_GIVEN
    return None if value is False or (name or "").strip().lower() == "false" else name


class Dataset:
    """The labelled records of a run as arrays, in the order of their digests, so that nothing depends on the order in which they were read.

    `given` and `checked` are the labels that are there and those that people have found right, as places in `labels`; -1 where there is none.
    `trusted` maps digests of texts to the text and the label that a person has checked, from files, and `reviewed` those of masked texts; `added`
    has the number, text and label of those that are not in the dataset.
    """

    def __init__(
        self,
        state: State,
        trusted: Mapping[bytes, tuple[str, str]],
        reviewed: Mapping[bytes, tuple[str, str]],
    ) -> None:
        import numpy as np
        import pyarrow.compute as pc

        table = state.table.select(
            ["text", "masked", "content", "file", "row", "line", "kind", "label", "checked"]
        ).combine_chunks()
        kinds = {
            item["values"]: item["counts"] for item in pc.value_counts(table["kind"]).to_pylist()
        }
        is_class = pc.equal(table["kind"], "class")
        given = pc.if_else(is_class, table["label"], None)
        require_classes(kinds, pc.count_distinct(given).as_py())
        said = {label for _, label in (*trusted.values(), *reviewed.values())}
        self.labels = sorted(
            {*pc.unique(given).to_pylist(), *pc.unique(table["checked"]).to_pylist(), *said}
            - {None}
        )
        code = {label: number for number, label in enumerate(self.labels)}
        self._state = state
        text, content = _digests(table["text"]), _digests(table["content"])
        file, row = table["file"].to_numpy(), table["row"].to_numpy()
        order = np.lexsort((row, file, content, text))
        self.text, self.content, self.file, self.row = (
            text[order],
            content[order],
            file[order],
            row[order],
        )
        self._lines = pc.fill_null(table["line"], -1).to_numpy()[order]
        self.unlabelled = pc.equal(table["kind"], "missing").to_numpy()[order]
        self.given = _codes(given, self.labels)[order]
        by_file, met = _looked_up(self.text, trusted, code)
        by_sheet, seen = _looked_up(_digests(table["masked"])[order], reviewed, code)
        own = _codes(table["checked"], self.labels)[order]
        self.checked = np.where(own >= 0, own, np.where(by_sheet >= 0, by_sheet, by_file))
        new = {name: trusted[name] for name in trusted.keys() - met} | {
            name: reviewed[name] for name in reviewed.keys() - seen
        }
        others = sorted(new)
        names = np.array(others, "S16")
        self.names = np.unique(np.concatenate([self.text[self.text != b""], names]))
        self.number = np.where(self.text != b"", np.searchsorted(self.names, self.text), -1)
        numbers, here = (
            np.searchsorted(self.names, names).tolist(),
            np.isin(names, self.text).tolist(),
        )
        self.added = [
            (place, new[name][0], code[new[name][1]])
            for place, name, known in zip(numbers, others, here, strict=True)
            if not known
        ]

    def at(self, number: int) -> Location:
        """Return the place of a record."""
        line = int(self._lines[number])
        content = bytes(self.content[number]).ljust(16, b"\0")
        return self._state.at(
            Place(
                int(self.file[number]), int(self.row[number]), line if line >= 0 else None, content
            )
        )

    def records(self, numbers: Array, source: Source) -> Iterator[tuple[int, Record]]:
        """Read records again, each file from its beginning to its end."""
        import numpy as np

        paths = {
            int(file): self._state.input(Place(int(file), 0, None, b"")).path
            for file in np.unique(self.file[numbers])
        }
        rank = {
            file: place for place, file in enumerate(sorted(paths, key=lambda file: paths[file]))
        }
        order = (
            numbers[
                np.lexsort((self.row[numbers], [rank[int(file)] for file in self.file[numbers]]))
            ]
            if len(numbers)
            else numbers
        )
        yield from zip(
            order.tolist(),
            source.records(self.at(number) for number in order.tolist()),
            strict=True,
        )

    @cached_property
    def positions(self) -> Array:
        """The position of each record among all of the run: files in their order, each as long as its last record tells."""
        import numpy as np

        first = np.zeros(int(self.file.max(initial=-1)) + 2, np.int64)
        np.maximum.at(first, self.file + 1, self.row + 1)
        found: Array = np.cumsum(first)[self.file] + self.row
        return found

    def texts(
        self, source: Source, roles: Sequence[str]
    ) -> Callable[[], Iterator[tuple[list[int], list[str]]]]:
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


def _digests(column: Any) -> Array:
    """Return a column of digests as an array; none is all zeros, which numpy takes for empty bytes."""
    import numpy as np
    import pyarrow.compute as pc

    filled = pc.fill_null(column, bytes(16)).combine_chunks()
    return (
        np.frombuffer(filled.buffers()[1], "S16", len(filled), 16 * filled.offset)
        if len(filled)
        else np.empty(0, "S16")
    )


def _codes(column: Any, names: Sequence[str]) -> Array:
    """Return the place of each value among the names, -1 for none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: Array = pc.fill_null(
        pc.index_in(column, value_set=pa.array(names, pa.string())), -1
    ).to_numpy()
    return found


def _looked_up(
    digests: Array, said: Mapping[bytes, tuple[str, str]], code: Mapping[str, int]
) -> tuple[Array, set[bytes]]:
    """Return for each digest the code of the label that is said of it, -1 for none, and which digests of the said ones are there."""
    import numpy as np

    if not said:
        return np.full(len(digests), -1), set()
    keys = sorted(said)
    known = np.array(keys, "S16")
    place = np.minimum(np.searchsorted(known, digests), len(keys) - 1)
    met = known[place] == digests
    codes = np.array([code[said[key][1]] for key in keys])
    return np.where(met, codes[place], -1), {
        keys[number] for number in np.unique(place[met]).tolist()
    }
