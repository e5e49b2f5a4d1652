"""Exact Jaccard similarity of pairs of texts, from their shingles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dslint_duplicates.hashing import Array, hashes, offsets
from dslint_duplicates.shingles import Kind, parts

LEFT = 20
"""Shingles that must be left of both records, or what many records share counts: they differ in a word or a number only."""
_BITS = 44
_AT_ONCE = 1 << 23


class Sets(NamedTuple):
    """The shingles of several texts: sorted hashes of 44 bits without repeats, flat, and where each text begins."""

    values: Array
    starts: Array


def sets(texts: Sequence[str], kind: Kind) -> Sets:
    """Return the shingle sets of texts."""
    values, sizes = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for part in parts(texts):
        flat, starts = hashes(part, kind)
        keys = np.repeat(np.arange(len(part), dtype=np.uint64) << np.uint64(_BITS), np.diff(starts)) | flat >> np.uint64(64 - _BITS)
        keys = _distinct(keys)
        values.append(keys & np.uint64((1 << _BITS) - 1))
        sizes.append(np.bincount((keys >> np.uint64(_BITS)).astype(np.int64), minlength=len(part)))
    return Sets(np.concatenate(values), offsets(np.concatenate(sizes)))


def shared(given: Sets, share: float) -> Array:
    """Return the shingles that more than this share of the texts have, sorted."""
    values, counts = np.unique(given.values, return_counts=True)
    return values[counts > share * (len(given.starts) - 1)]


def jaccard(given: Sets, pairs: Array, common: Array) -> Array:
    """Return the similarity of pairs of texts (columns earlier and later): of all their shingles, or without the common ones if that is less."""
    sizes = np.diff(given.starts)
    left = np.diff(offsets(~np.isin(given.values, common))[given.starts]) if len(common) else sizes
    result = np.empty(len(pairs))
    ends = np.cumsum(sizes[pairs].sum(axis=1))
    first = 0
    while first < len(pairs):
        last = min(int(np.searchsorted(ends, (ends[first - 1] if first else 0) + _AT_ONCE, side="right")), first + (1 << 64 - _BITS))
        last = max(last, first + 1)
        part = pairs[first:last]
        both = _in_both(given, part)
        number = (both >> np.uint64(_BITS)).astype(np.int64)
        result[first:last] = _ratio(np.bincount(number, minlength=len(part)), sizes[part])
        enough = (left[part] >= LEFT).all(axis=1)
        if len(common) and enough.any():
            rest = number[~np.isin(both & np.uint64((1 << _BITS) - 1), common)]
            ratio = _ratio(np.bincount(rest, minlength=len(part)), left[part])
            result[first:last] = np.where(enough, np.minimum(result[first:last], ratio), result[first:last])
        first = last
    return result


def _in_both(given: Sets, pairs: Array) -> Array:
    """Return, for each shingle that both texts of a pair have, the number of the pair and the shingle as one number."""
    texts = pairs.ravel()
    sizes = np.diff(given.starts)[texts]
    ends = offsets(sizes)
    place = np.arange(ends[-1]) + np.repeat(given.starts[texts] - ends[:-1], sizes)
    keys = np.repeat(np.arange(len(texts), dtype=np.uint64) >> np.uint64(1) << np.uint64(_BITS), sizes) | given.values[place]
    keys.sort()
    return keys[1:][keys[1:] == keys[:-1]]


def _ratio(both: Array, sizes: Array) -> Array:
    return both / (sizes.sum(axis=1) - both)


def _distinct(keys: Array) -> Array:
    keys.sort()
    return keys[np.concatenate([[True], keys[1:] != keys[:-1]])]

