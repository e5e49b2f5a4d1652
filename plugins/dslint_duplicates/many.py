"""Many records: candidates from their sketches, verified in chunks that are read again."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dslint.plugin import Source, State
from dslint_duplicates.hashing import Array, mixed
from dslint_duplicates.minhash import candidates, common_share
from dslint_duplicates.normalize import normalize
from dslint_duplicates.shingles import LONG
from dslint_duplicates.similar import Sketches, texts_at
from dslint_duplicates.verify import jaccard, sets, shared

TEMPLATED = 0.1
"""Share of an average record that must be common to many before shingles are discounted: in other data hardly any are, and they cost a reading."""
COMMON = 0.5
"""A shingle that a larger share of the records has is common."""
SAMPLE, LEAST_SAMPLE = 1000, 100
"""Records that tell which shingles are common (those with the least digests), and how many there must be."""
_CHARACTERS = 1 << 25
_ROWS = 50_000


class Many:
    """The rows of `Sketches` in their natural order (of splits, content, place), each text once."""

    def __init__(self, state: State, source: Source, how: Sketches, apart: Callable[[Any], Any] | None = None) -> None:
        self._state, self._source, self._how = state, source, how
        self._table = state.table
        column = {name: _numbers(self._table[name]) for name in ("rank", "file", "row", "size", "long")}
        groups = np.zeros(len(self._table), np.int64)
        if apart is not None:
            splits = self._table["split"].combine_chunks().dictionary_encode()
            ranks = {split: rank for rank, split in enumerate(sorted(splits.dictionary.to_pylist(), key=apart))}
            groups = np.array([*map(ranks.__getitem__, splits.dictionary.to_pylist()), -1])[_numbers(splits.indices, -1)]
        content = _fixed(self._table["content"], 16).view(">u8")
        order = np.lexsort((column["row"], column["file"], content[:, 1], content[:, 0], column["rank"], groups))
        order = order[(column["size"][order] > 0) & (groups[order] >= 0)]
        identity = _fixed(self._table["same"], 8).view("<u8")[:, 0] ^ mixed((2 * groups + column["long"]).astype(np.uint64))
        _, first, times = np.unique(identity[order], return_index=True, return_counts=True)
        inorder = np.argsort(first)
        self.times = times[inorder].tolist()
        self._rows = order[first[inorder]]
        self._size, self._long, self._first = column["size"][self._rows], column["long"][self._rows].astype(bool), content[self._rows, 0]
        self._groups = None if apart is None else groups[self._rows]
        place = np.stack([column["file"][self._rows], column["row"][self._rows]])
        repeats = np.concatenate([[False], (place[:, 1:] == place[:, :-1]).all(axis=0)])
        self._record = np.arange(len(self._rows)) - repeats

    def similar(self) -> Iterator[tuple[int, int, float]]:
        """Yield the pairs that are similar enough: earlier and later, as their places in the order, and their similarity."""
        sketched = self._sketches()
        pairs = candidates(sketched, self._how.threshold, self._groups)
        kinds = [(long, self._long == long) for long in (False, True)]
        templated = [long for long, chosen in kinds if chosen.sum() >= LEAST_SAMPLE and common_share(sketched[chosen]) >= TEMPLATED]
        del sketched  # a third of what is in memory
        # Two texts with sketches of both kinds meet twice, and count once.
        pairs = pairs[self._long[pairs[:, 0]] == (self._size[pairs].min(axis=1) >= LONG)] if self._long.any() and not self._long.all() else pairs
        for long, chosen in kinds:
            common = self._common(long=long) if long in templated else np.zeros(0, np.uint64)
            for part in self._chunks(pairs[chosen[pairs[:, 0]]]):
                numbers, places = np.unique(part, return_inverse=True)
                places, texts = places.reshape(-1, 2), self._texts(numbers)
                found = jaccard(sets(texts, self._how.kind(long=long)), places, common)
                near = found >= self._how.threshold
                normal = {number: normalize(texts[number]) for number in np.unique(places[near]).tolist()}
                different = [normal[one] != normal[other] for one, other in places[near].tolist()]
                near[near] = different
                yield from zip(*self._record[part[near]].T.tolist(), found[near].tolist(), strict=True)

    def rows(self, numbers: Sequence[int] | Array) -> list[Any]:
        """Return the rows at some places of the order, without their sketches."""
        table = self._table.drop_columns(["sketch"]).take(self._rows[numbers])
        row = namedtuple("Row", table.column_names)  # type: ignore[misc]  # noqa: PYI024 - the columns are known at run time only
        return list(map(row._make, zip(*table.to_pydict().values(), strict=True)))

    def _sketches(self) -> Array:
        """Return the sketches as a matrix; those that were left out are made now."""
        column = self._table["sketch"]
        made = np.empty((len(self._rows), self._how.permutations), np.uint8)
        for first in range(0, len(made), _ROWS):
            rows = column.take(self._rows[first : first + _ROWS]).to_pylist()
            if missing := [number for number, sketch in enumerate(rows) if not sketch]:
                numbers = np.array(missing) + first
                for number, sketch in zip(missing, self._how.sketched(self._texts(numbers), self._long[numbers].tolist()), strict=True):
                    rows[number] = sketch
            made[first : first + len(rows)] = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
        return made

    def _common(self, *, long: bool) -> Array:
        """Return the common shingles of the long texts, or of the short ones."""
        chosen = np.flatnonzero(self._long == long)
        sample = chosen[np.argsort(self._first[chosen], kind="stable")[:SAMPLE]]
        return shared(sets(self._texts(sample), self._how.kind(long=long)), COMMON)

    def _texts(self, numbers: Array) -> list[str]:
        return texts_at(self.rows(numbers), self._state, self._source, self._how)

    def _chunks(self, pairs: Array) -> Iterator[Array]:
        """Cut pairs into runs whose texts fit into memory."""
        if self._size[np.unique(pairs)].sum() <= _CHARACTERS:
            yield pairs
            return
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        first, seen, size = 0, set[int](), 0
        for number, pair in enumerate(pairs.tolist()):
            for item in pair:
                if item not in seen:
                    seen.add(item)
                    size += int(self._size[item])
            if size > _CHARACTERS:
                yield pairs[first : number + 1]
                first, size = number + 1, 0
                seen.clear()
        yield pairs[first:]


def _numbers(column: Any, none: int = 0) -> Array:
    """Return a column of numbers or truth values as an array, with a number for where there is none."""
    filled = pc.fill_null(column.cast("int64"), none)
    found: Array = filled.to_numpy() if isinstance(filled, pa.ChunkedArray) else filled.to_numpy(zero_copy_only=False)
    return found


def _fixed(column: Any, width: int) -> Array:
    """Return a column of bytes of one length as a matrix."""
    return np.concatenate(
        [np.frombuffer(chunk.buffers()[1], np.uint8)[chunk.offset * width :][: len(chunk) * width].reshape(-1, width) for chunk in column.chunks]
        or [np.zeros((0, width), np.uint8)]
    )
