"""Exact Jaccard similarity of pairs of texts, from their shingles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dslint_packs.duplicates.hashing import Array, hashes, offsets, ranges
from dslint_packs.duplicates.shingles import Kind, chunks

MIN_REMAINING = 20
"""Shingles that must remain in both records for the common ones to be discounted.

Records with fewer differ only in a word or a number.
"""
_BITS = 44
_CHUNK = 1 << 22


class Sets(NamedTuple):
    """The shingles of several texts, as sorted 44-bit hashes without repeats.

    `values` is one flat array; `starts` is where each text begins.
    """

    values: Array
    starts: Array


def sets(texts: Sequence[str], kind: Kind) -> Sets:
    """Return the shingle sets of texts."""
    values, sizes = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for chunk in chunks(texts):
        flat, starts = hashes(chunk, kind)
        keys = np.repeat(
            np.arange(len(chunk), dtype=np.uint64) << np.uint64(_BITS), np.diff(starts)
        ) | flat >> np.uint64(64 - _BITS)
        keys.sort()
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
        values.append(keys & np.uint64((1 << _BITS) - 1))
        sizes.append(np.bincount((keys >> np.uint64(_BITS)).astype(np.int64), minlength=len(chunk)))
    return Sets(np.concatenate(values), offsets(np.concatenate(sizes)))


def common_shingles(shingles: Sets, share: float) -> Array:
    """Return the shingles that more than this share of the texts have, sorted."""
    values, counts = np.unique(shingles.values, return_counts=True)
    return values[counts > share * (len(shingles.starts) - 1)]


def jaccard(shingles: Sets, pairs: Array, common: Array) -> Array:
    """Return the similarity of pairs of texts (columns earlier and later).

    It is that of all their shingles, or without the common ones if that is less.
    """
    result = np.empty(len(pairs))
    order = np.argsort(pairs[:, 1], kind="stable")
    ends = np.cumsum(np.diff(shingles.starts)[pairs[order]].sum(axis=1))
    first = 0
    while first < len(order):
        last = max(
            first + 1,
            int(np.searchsorted(ends, (ends[first - 1] if first else 0) + _CHUNK, side="right")),
        )
        result[order[first:last]] = _compare(shingles, pairs[order[first:last]], common)
        first = last
    return result


def _compare(shingles: Sets, pairs: Array, common: Array) -> list[float]:
    """Compare pairs, ordered by later text: mark its shingles, look up those of its partners."""
    texts, positions = np.unique(pairs, return_inverse=True)
    sizes = np.diff(shingles.starts)[texts]
    starts = offsets(sizes)
    values, numbers = np.unique(
        shingles.values[ranges(shingles.starts[texts], sizes)], return_inverse=True
    )
    rare = ~np.isin(values, common)
    kept = np.add.reduceat(rare[numbers], starts[:-1], dtype=np.int64).tolist()
    members = [numbers[start:end] for start, end in pairwise(starts.tolist())]
    marks = np.zeros(len(values), np.uint8)
    result: list[float] = []
    marked = -1
    for earlier, later in positions.reshape(-1, 2).tolist():
        if later != marked:
            if marked >= 0:
                marks[members[marked]] = 0
            marks[members[later]] = 1 + rare[members[later]]
            marked = later
        found = marks[members[earlier]]
        similarity = _ratio(
            int(np.count_nonzero(found)), len(members[earlier]) + len(members[later])
        )
        if len(common) and min(kept[earlier], kept[later]) >= MIN_REMAINING:
            similarity = min(
                similarity, _ratio(int(np.count_nonzero(found == 2)), kept[earlier] + kept[later])
            )
        result.append(similarity)
    return result


def _ratio(both: int, sizes: int) -> float:
    return both / (sizes - both)
