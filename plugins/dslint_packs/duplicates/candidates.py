"""Near duplicates among many records: candidates from sketches, verified in chunks read again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dslint_packs.duplicates.hashing import Array
from dslint_packs.duplicates.jaccard import common_shingles, jaccard, sets
from dslint_packs.duplicates.minhash import candidates, common_share
from dslint_packs.duplicates.normalize import normalize
from dslint_packs.duplicates.shingles import LONG
from dslint_packs.duplicates.similar import Sketches
from dslint_packs.duplicates.text_store import TextStore

TEMPLATED_SHARE = 0.1
"""Minimum share of an average record that many must have before shingles are discounted.

In other data hardly any are common, and finding them costs a pass over the texts.
"""
COMMON_SHARE = 0.5
"""A shingle is common if a larger share of the records has it."""
SAMPLE_SIZE, MIN_SAMPLE = 1000, 100
"""Records sampled to find common shingles (those with the smallest digests), and their minimum."""
_ROWS = 50_000


def similar_pairs(texts: TextStore, sketches: Sketches) -> Iterator[tuple[int, int, float]]:
    """Yield the pairs of rows that are similar enough: earlier row, later row, similarity."""
    matrix = _sketch_matrix(texts, sketches)
    pairs = candidates(matrix, sketches.threshold, texts.groups)
    kinds = [(long, texts.long == long) for long in (False, True)]
    templated = [
        long
        for long, chosen in kinds
        if chosen.sum() >= MIN_SAMPLE and common_share(matrix, chosen) >= TEMPLATED_SHARE
    ]
    del matrix  # the largest object in memory
    # Two texts with sketches of both kinds are paired twice, and count once.
    if texts.long.any() and not texts.long.all():
        pairs = pairs[texts.long[pairs[:, 0]] == (texts.size[pairs].min(axis=1) >= LONG)]
    for long, chosen in kinds:
        common = (
            _common(texts, sketches, long=long) if long in templated else np.zeros(0, np.uint64)
        )
        for part in texts.in_memory(pairs[chosen[pairs[:, 0]]]):
            numbers, positions = np.unique(part, return_inverse=True)
            positions, chunk = positions.reshape(-1, 2), texts.texts(numbers)
            found = jaccard(sets(chunk, sketches.kind(long=long)), positions, common)
            near = found >= sketches.threshold
            normal = {
                number: normalize(chunk[number]) for number in np.unique(positions[near]).tolist()
            }
            different = [normal[one] != normal[other] for one, other in positions[near].tolist()]
            near[near] = different
            yield from zip(*texts.record[part[near]].T.tolist(), found[near].tolist(), strict=True)


def _sketch_matrix(texts: TextStore, sketches: Sketches) -> Array:
    """Return the sketches as a matrix; compute those that were left out."""
    matrix = np.empty((len(texts), sketches.permutations), np.uint8)
    missing = np.zeros(len(texts), bool)
    for numbers, column in texts.column("sketch"):
        _, offsets, values = column.buffers()
        ends = np.frombuffer(offsets, np.int32)[: len(column) + 1]
        empty = ends[1:] == ends[:-1]
        missing[numbers] = empty
        matrix[numbers[~empty]] = np.frombuffer(values or b"", np.uint8)[: ends[-1]].reshape(
            -1, sketches.permutations
        )
    left_out = np.flatnonzero(missing)
    for first in range(0, len(left_out), _ROWS):
        numbers = left_out[first : first + _ROWS]
        rows = sketches.sketch(texts.texts(numbers), texts.long[numbers].tolist())
        matrix[numbers] = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
    return matrix


def _common(texts: TextStore, sketches: Sketches, *, long: bool) -> Array:
    """Return the common shingles of the long texts, or of the short ones."""
    chosen = np.flatnonzero(texts.long == long)
    sample = chosen[np.argsort(texts.first[chosen], kind="stable")[:SAMPLE_SIZE]]
    return common_shingles(sets(texts.texts(sample), sketches.kind(long=long)), COMMON_SHARE)
