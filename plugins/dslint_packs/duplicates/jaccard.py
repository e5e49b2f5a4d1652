"""Exact Jaccard similarity of pairs of texts, from their shingles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dslint_packs.duplicates.hashing import Array, hashes, offsets, ranges
from dslint_packs.duplicates.shingles import Kind, parts

LEFT = 20
"""Shingles that must be left of both records, or what many records share counts: they differ in a word or a number only."""
_BITS = 44
_AT_ONCE = 1 << 22


class Sets(NamedTuple):
    """The shingles of several texts: sorted hashes of 44 bits without repeats, flat, and where each text begins."""

    values: Array
    starts: Array


def sets(texts: Sequence[str], kind: Kind) -> Sets:
    """Return the shingle sets of texts."""
    values, sizes = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for part in parts(texts):
        flat, starts = hashes(part, kind)
        keys = np.repeat(
            np.arange(len(part), dtype=np.uint64) << np.uint64(_BITS), np.diff(starts)
        ) | flat >> np.uint64(64 - _BITS)
        keys.sort()
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
        values.append(keys & np.uint64((1 << _BITS) - 1))
        sizes.append(np.bincount((keys >> np.uint64(_BITS)).astype(np.int64), minlength=len(part)))
    return Sets(np.concatenate(values), offsets(np.concatenate(sizes)))


def shared(given: Sets, share: float) -> Array:
    """Return the shingles that more than this share of the texts have, sorted."""
    values, counts = np.unique(given.values, return_counts=True)
    return values[counts > share * (len(given.starts) - 1)]


def jaccard(given: Sets, pairs: Array, common: Array) -> Array:
    """Return the similarity of pairs of texts (columns earlier and later): of all their shingles, or without the common ones if that is less."""
    result = np.empty(len(pairs))
    order = np.argsort(pairs[:, 1], kind="stable")
    ends = np.cumsum(np.diff(given.starts)[pairs[order]].sum(axis=1))
    first = 0
    while first < len(order):
        last = max(
            first + 1,
            int(np.searchsorted(ends, (ends[first - 1] if first else 0) + _AT_ONCE, side="right")),
        )
        result[order[first:last]] = _compared(given, pairs[order[first:last]], common)
        first = last
    return result


def _compared(given: Sets, pairs: Array, common: Array) -> list[float]:
    """Compare pairs, ordered by their later text: its shingles are marked, those of its partners looked up."""
    texts, places = np.unique(pairs, return_inverse=True)
    sizes = np.diff(given.starts)[texts]
    starts = offsets(sizes)
    values, numbers = np.unique(
        given.values[ranges(given.starts[texts], sizes)], return_inverse=True
    )
    rare = ~np.isin(values, common)
    kept = np.add.reduceat(rare[numbers], starts[:-1], dtype=np.int64).tolist()
    shingles = [numbers[start:end] for start, end in pairwise(starts.tolist())]
    marks = np.zeros(len(values), np.uint8)
    result: list[float] = []
    marked = -1
    for earlier, later in places.reshape(-1, 2).tolist():
        if later != marked:
            if marked >= 0:
                marks[shingles[marked]] = 0
            marks[shingles[later]] = 1 + rare[shingles[later]]
            marked = later
        found = marks[shingles[earlier]]
        similarity = _ratio(
            int(np.count_nonzero(found)), len(shingles[earlier]) + len(shingles[later])
        )
        if len(common) and min(kept[earlier], kept[later]) >= LEFT:
            similarity = min(
                similarity, _ratio(int(np.count_nonzero(found == 2)), kept[earlier] + kept[later])
            )
        result.append(similarity)
    return result


def _ratio(both: int, sizes: int) -> float:
    return both / (sizes - both)
