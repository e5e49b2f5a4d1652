"""The labelled records of a run as arrays: numbered texts, and codes of labels."""

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
from dslint_packs.labels.features import alphanumeric, plain
from dslint_packs.labels.label_values import parse_label, require_classes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TEXTS_AT_ONCE = 1000
CHARACTERS_AT_ONCE = 500_000


class Place(NamedTuple):
    """The fields of a state row that `State.at` reads."""

    file: int
    row: int
    line: int | None
    content: bytes


def text_of(record: Record, roles: Sequence[str]) -> str:
    """Return the texts of a record as one plain text."""
    return plain("\n".join(part.text for part in record.texts(roles)))


def digest_of(text: str) -> bytes | None:
    """Return 16 bytes that identify a plain text by its letters and digits; None if it is empty."""
    return digest(alphanumeric(text)) if text else None


@dataclass(frozen=True)
class LabelRows(Observer):
    """One row per record: a digest of its text, its label, and the label that a person has checked.

    With `reviewed` also a digest of its masked text, as review sheets show it.
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
        labels = [parse_label(value) for value in batch.column("label")]
        checked = [
            None if not self.checked else _checked_label(lookup(value, self.checked))
            for value in batch.values
        ]
        return {
            "text": [digest_of(text_of(record, self.roles)) for record in batch.records],
            "masked": [
                digest_of(plain(redact(sheet_text(record)))) if self.reviewed else None
                for record in batch.records
            ],
            "kind": [kind for kind, _ in labels],
            "label": [label for _, label in labels],
            "checked": [
                label if correction == _AS_GIVEN else correction
                for correction, (_, label) in zip(checked, labels, strict=True)
            ],
        }


def sheet_text(record: Record) -> str:
    """Return the texts of a record that a review sheet shows."""
    return "\n".join(part.text for part in record.texts(("prompt", "target")))


_AS_GIVEN = "\0"


def _checked_label(value: object) -> str | None:
    """Return the label that a person has chosen.

    True means the label as given, false or a missing value means none.
    """
    name = parse_label(value)[1]
    if value is True or (name or "").strip().lower() == "true":
        return _AS_GIVEN
    return None if value is False or (name or "").strip().lower() == "false" else name


class LabelArrays:
    """The labelled records of a run as arrays.

    They are in the order of their digests, so that nothing depends on the order in which they were
    read. `given` and `checked` are the labels of the data and those that people have checked, as
    positions in `labels`; -1 for none. `trusted` maps digests of texts to texts and checked labels
    from files, and `reviewed` does the same for digests of masked texts. `digests` has the distinct
    texts, and `text_number` the position of each record's text among them, -1 for none. `added` has
    the number, text and label of the checked texts that are not in the data.
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
        from_files = {label for _, label in (*trusted.values(), *reviewed.values())}
        self.labels = sorted(
            {*pc.unique(given).to_pylist(), *pc.unique(table["checked"]).to_pylist(), *from_files}
            - {None}
        )
        code = {label: number for number, label in enumerate(self.labels)}
        self._state = state
        text, content = _digest_array(table["text"]), _digest_array(table["content"])
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
        by_file, in_file = _look_up(self.text, trusted, code)
        by_sheet, in_sheet = _look_up(_digest_array(table["masked"])[order], reviewed, code)
        own = _codes(table["checked"], self.labels)[order]
        self.checked = np.where(own >= 0, own, np.where(by_sheet >= 0, by_sheet, by_file))
        new = {name: trusted[name] for name in trusted.keys() - in_file} | {
            name: reviewed[name] for name in reviewed.keys() - in_sheet
        }
        others = sorted(new)
        new_digests = np.array(others, "S16")
        self.digests = np.unique(np.concatenate([self.text[self.text != b""], new_digests]))
        self.text_number = np.where(self.text != b"", np.searchsorted(self.digests, self.text), -1)
        numbers, present = (
            np.searchsorted(self.digests, new_digests).tolist(),
            np.isin(new_digests, self.text).tolist(),
        )
        self.added = [
            (number, new[name][0], code[new[name][1]])
            for number, name, known in zip(numbers, others, present, strict=True)
            if not known
        ]

    def at(self, number: int) -> Location:
        """Return the location of a record."""
        line = int(self._lines[number])
        content = bytes(self.content[number]).ljust(16, b"\0")
        return self._state.at(
            Place(
                int(self.file[number]), int(self.row[number]), line if line >= 0 else None, content
            )
        )

    def records(self, numbers: Array, source: Source) -> Iterator[tuple[int, Record]]:
        """Read records again, file by file and in the order of their rows."""
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
        """The position of each record in the run, where each file ends at its last record."""
        import numpy as np

        first = np.zeros(int(self.file.max(initial=-1)) + 2, np.int64)
        np.maximum.at(first, self.file + 1, self.row + 1)
        positions: Array = np.cumsum(first)[self.file] + self.row
        return positions

    def texts(
        self, source: Source, roles: Sequence[str]
    ) -> Callable[[], Iterator[tuple[list[int], list[str]]]]:
        """Return a function that yields all texts with their numbers, in chunks.

        Of texts with the same digest, the one whose content digest comes first is read.
        """
        import numpy as np

        known = np.flatnonzero(self.text_number >= 0)
        first = known[np.unique(self.text_number[known], return_index=True)[1]]

        def read_again() -> Iterator[tuple[list[int], list[str]]]:
            numbers: list[int] = []
            texts: list[str] = []
            size = 0
            for number, record in self.records(first, source):
                numbers.append(int(self.text_number[number]))
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


def _digest_array(column: Any) -> Array:
    """Return a column of digests as an array; null becomes zeros, which numpy reads as b""."""
    import numpy as np
    import pyarrow.compute as pc

    filled = pc.fill_null(column, bytes(16)).combine_chunks()
    return (
        np.frombuffer(filled.buffers()[1], "S16", len(filled), 16 * filled.offset)
        if len(filled)
        else np.empty(0, "S16")
    )


def _codes(column: Any, names: Sequence[str]) -> Array:
    """Return the position of each value among the names, -1 for none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes: Array = pc.fill_null(
        pc.index_in(column, value_set=pa.array(names, pa.string())), -1
    ).to_numpy()
    return codes


def _look_up(
    digests: Array, checked: Mapping[bytes, tuple[str, str]], code: Mapping[str, int]
) -> tuple[Array, set[bytes]]:
    """Return the code of the checked label of each digest, -1 for none, and the digests found."""
    import numpy as np

    if not checked:
        return np.full(len(digests), -1), set()
    keys = sorted(checked)
    known = np.array(keys, "S16")
    index = np.minimum(np.searchsorted(known, digests), len(keys) - 1)
    present = known[index] == digests
    codes = np.array([code[checked[key][1]] for key in keys])
    return np.where(present, codes[index], -1), {
        keys[number] for number in np.unique(index[present]).tolist()
    }
