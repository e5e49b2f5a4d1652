"""The distinct texts of a state of very many rows, as arrays: about fifty bytes a row."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dslint.plugin import Record, Source, State
from dslint_packs.duplicates.hashing import Array, mix
from dslint_packs.duplicates.similar import texts_at

CHARACTERS = 1 << 24
"""Characters of text in memory at a time: their shingles take eight bytes each."""
_WINDOW = 1 << 16
_NUMBERS = {"rank": np.int32, "file": np.int32, "row": np.int64, "size": np.int32, "long": np.bool_}


class TextStore:
    """The rows of a state in their natural order (of splits, content, position), each text once.

    A row's number is its position in that order. The state has columns `same`, a digest of the
    text, and `size`, its length; with a column `long`, a text may occur in two kinds. With
    `split_order`, a sort key for the values of its column `split`, splits come first in the
    order, and a text counts once in each. Rows without a size, and with `split_order` those
    without a split, are left out.
    """

    def __init__(
        self,
        state: State,
        source: Source,
        text: Callable[[Record], str],
        split_order: Callable[[Any], Any] | None = None,
    ) -> None:
        self._state, self._source, self._text = state, source, text
        column = _columns(state)
        groups = (
            np.zeros(len(state), np.int64)
            if split_order is None
            else _split_ranks(state, split_order)
        )
        order = np.lexsort(
            (column["row"], column["file"], column["content"], column["rank"], groups)
        )
        order = order[(column["size"][order] > 0) & (groups[order] >= 0)]
        identity = column["same"] ^ mix((2 * groups + column["long"]).astype(np.uint64))
        _, first, times = np.unique(identity[order], return_index=True, return_counts=True)
        inorder = np.argsort(first)
        self.times = times[inorder]
        """How often each text occurs."""
        self._rows = order[first[inorder]]
        self._file, self._row = column["file"][self._rows], column["row"][self._rows]
        self.size, self.long, self.first = (
            column["size"][self._rows],
            column["long"][self._rows],
            column["content"][self._rows],
        )
        """Characters, whether the text is a long one, first eight bytes of its record's digest."""
        self.groups = None if split_order is None else groups[self._rows]
        """The number of each row's split, in the order of splits."""
        repeats = (self._file[1:] == self._file[:-1]) & (self._row[1:] == self._row[:-1])
        self.record = np.arange(len(self)) - np.append(np.zeros(min(len(self), 1), bool), repeats)
        """For the second row of a record its first one; else the row itself."""

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> Iterator[tuple[Array, Any]]:
        """Yield a column of the state in pieces: row numbers, and values as an Arrow array."""
        number = np.full(len(self._state), -1, np.int64)
        number[self._rows] = np.arange(len(self))
        begin = 0
        for table in self._state.tables():
            here = number[begin : begin + len(table)]
            kept = np.flatnonzero(here >= 0)
            yield here[kept], pa.concat_arrays(table[name].take(kept).chunks)
            begin += len(table)

    def rows(self, numbers: Sequence[int] | Array) -> list[Any]:
        """Return some rows, as named tuples of all columns but the sketch."""
        wanted = self._rows[np.asarray(numbers, np.int64)]
        order = np.argsort(wanted, kind="stable")
        found: list[Any] = [None] * len(wanted)
        begin = done = 0
        for table in self._state.tables():
            end = int(np.searchsorted(wanted, begin + len(table), sorter=order))
            if end > done:
                names = [name for name in table.column_names if name != "sketch"]
                taken = table.select(names).take(wanted[order[done:end]] - begin).to_pydict()
                # The columns are known at run time only.
                row = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024
                for position, values in zip(
                    order[done:end].tolist(), zip(*taken.values(), strict=True), strict=True
                ):
                    found[position] = row._make(values)
            begin, done = begin + len(table), end
        return found

    def texts(self, numbers: Array) -> list[str]:
        """Return the texts of some rows, read again."""
        places = list(map(_Position, self._file[numbers].tolist(), self._row[numbers].tolist()))
        return texts_at(places, self._state, self._source, self._text)

    def chunks(self) -> Iterator[tuple[Array, list[str]]]:
        """Yield the numbers and texts of all rows in order, in chunks that fit into memory."""
        parts = np.cumsum(self.size, dtype=np.int64) // CHARACTERS
        for part in np.unique(parts):
            numbers = np.flatnonzero(parts == part)
            yield numbers, self.texts(numbers)

    def in_memory(self, pairs: Array) -> Iterator[Array]:
        """Cut pairs of rows into runs whose texts fit into memory."""
        first = begin = 0
        characters, loaded = 0, np.zeros(len(self), bool)
        while begin < len(pairs):
            window = pairs[begin : begin + _WINDOW].ravel()
            rows, places = np.unique(window, return_index=True)
            new = np.zeros(len(window), np.int64)
            new[places] = np.where(loaded[rows], 0, self.size[rows])
            totals = characters + np.cumsum(new)[1::2]
            room = int(np.searchsorted(totals, CHARACTERS, side="right"))
            if room == len(totals):
                begin += room
                characters = int(totals[-1])
                loaded[rows] = True
                continue
            begin = max(begin + room, first + 1)
            yield pairs[first:begin]
            first, characters = begin, 0
            loaded[:] = False
        yield pairs[first:]


class _Position(NamedTuple):
    """What `State.at` needs to know about a row."""

    file: int
    row: int
    line: None = None
    content: None = None


def _columns(state: State) -> dict[str, Array]:
    """Return the columns that order and identify rows; of each digest the first eight bytes."""
    pieces: dict[str, list[Array]] = {}
    for table in state.tables():
        found: dict[str, Array] = {
            name: _numbers(table[name]).astype(kind)
            for name, kind in _NUMBERS.items()
            if name in table.column_names
        }
        found["content"], found["same"] = (
            _first_eight(table[name]) for name in ("content", "same")
        )
        for name, values in found.items():
            pieces.setdefault(name, []).append(values)
    columns = {name: np.concatenate(values) for name, values in pieces.items()}
    return {"long": np.zeros(len(state), bool), **columns}


def _split_ranks(state: State, split_order: Callable[[Any], Any]) -> Array:
    """Return for each row the rank of its split, or -1 if it has none."""
    split_numbers: dict[str, int] = {}
    numbers = []
    for table in state.tables():
        splits = table["split"].combine_chunks().dictionary_encode()
        known = np.array(
            [
                *(
                    split_numbers.setdefault(split, len(split_numbers))
                    for split in splits.dictionary.to_pylist()
                ),
                -1,
            ]
        )
        numbers.append(known[_numbers(splits.indices, -1)])
    rank = {split: number for number, split in enumerate(sorted(split_numbers, key=split_order))}
    found: Array = np.array([*map(rank.__getitem__, split_numbers), -1])[np.concatenate(numbers)]
    return found


def _numbers(column: Any, none: int = 0) -> Array:
    """Return a column of numbers or booleans as an array, with `none` for nulls."""
    filled = pc.fill_null(column.cast("int64"), none)
    found: Array = (
        filled.to_numpy()
        if isinstance(filled, pa.ChunkedArray)
        else filled.to_numpy(zero_copy_only=False)
    )
    return found


def _first_eight(column: Any) -> Array:
    """Return the first eight bytes of each value of a column of fixed-size bytes."""
    width = column.type.byte_width
    values = [
        np.frombuffer(chunk.buffers()[1], np.uint8)[chunk.offset * width :][: len(chunk) * width]
        for chunk in column.chunks
    ]
    first = np.concatenate(values or [np.zeros(0, np.uint8)]).reshape(-1, width)[:, :8]
    found: Array = np.ascontiguousarray(first).view(">u8")[:, 0].astype(np.uint64)
    return found
