"""Many records: candidates from their sketches, verified in chunks that are read again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dslint_packs.duplicates.hashing import Array
from dslint_packs.duplicates.jaccard import jaccard, sets, shared
from dslint_packs.duplicates.minhash import candidates, common_share
from dslint_packs.duplicates.normalize import normalize
from dslint_packs.duplicates.shingles import LONG
from dslint_packs.duplicates.similar import Sketches
from dslint_packs.duplicates.text_store import Distinct

TEMPLATED = 0.1
"""Share of an average record that must be common to many before shingles are discounted: in other data hardly any are, and they cost a reading."""
COMMON = 0.5
"""A shingle that a larger share of the records has is common."""
SAMPLE, LEAST_SAMPLE = 1000, 100
"""Records that tell which shingles are common (those with the least digests), and how many there must be."""
_ROWS = 50_000


def similar(texts: Distinct, how: Sketches) -> Iterator[tuple[int, int, float]]:
    """Yield the pairs of rows that are similar enough: the numbers of the earlier and the later one, and their similarity."""
    sketched = _sketches(texts, how)
    pairs = candidates(sketched, how.threshold, texts.groups)
    kinds = [(long, texts.long == long) for long in (False, True)]
    templated = [
        long
        for long, chosen in kinds
        if chosen.sum() >= LEAST_SAMPLE and common_share(sketched, chosen) >= TEMPLATED
    ]
    del sketched  # more than all else that is in memory
    # Two texts with sketches of both kinds meet twice, and count once.
    if texts.long.any() and not texts.long.all():
        pairs = pairs[texts.long[pairs[:, 0]] == (texts.size[pairs].min(axis=1) >= LONG)]
    for long, chosen in kinds:
        common = _common(texts, how, long=long) if long in templated else np.zeros(0, np.uint64)
        for part in texts.in_memory(pairs[chosen[pairs[:, 0]]]):
            numbers, places = np.unique(part, return_inverse=True)
            places, held = places.reshape(-1, 2), texts.texts(numbers)
            found = jaccard(sets(held, how.kind(long=long)), places, common)
            near = found >= how.threshold
            normal = {
                number: normalize(held[number]) for number in np.unique(places[near]).tolist()
            }
            different = [normal[one] != normal[other] for one, other in places[near].tolist()]
            near[near] = different
            yield from zip(*texts.record[part[near]].T.tolist(), found[near].tolist(), strict=True)


def _sketches(texts: Distinct, how: Sketches) -> Array:
    """Return the sketches as a matrix; those that were left out are made now."""
    made = np.empty((len(texts), how.permutations), np.uint8)
    missing = np.zeros(len(texts), bool)
    for numbers, column in texts.column("sketch"):
        _, offsets, values = column.buffers()
        ends = np.frombuffer(offsets, np.int32)[: len(column) + 1]
        empty = ends[1:] == ends[:-1]
        missing[numbers] = empty
        made[numbers[~empty]] = np.frombuffer(values or b"", np.uint8)[: ends[-1]].reshape(
            -1, how.permutations
        )
    left_out = np.flatnonzero(missing)
    for first in range(0, len(left_out), _ROWS):
        numbers = left_out[first : first + _ROWS]
        rows = how.sketched(texts.texts(numbers), texts.long[numbers].tolist())
        made[numbers] = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
    return made


def _common(texts: Distinct, how: Sketches, *, long: bool) -> Array:
    """Return the common shingles of the long texts, or of the short ones."""
    chosen = np.flatnonzero(texts.long == long)
    sample = chosen[np.argsort(texts.first[chosen], kind="stable")[:SAMPLE]]
    return shared(sets(texts.texts(sample), how.kind(long=long)), COMMON)
