"""MinHash sketches (Broder, 1997), and candidate pairs from banding.

Banding: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dslint_packs.duplicates.best_partners import HALF, LOW, BestPartners
from dslint_packs.duplicates.hashing import Array, mix, ranges

RECALL = 0.99
"""Share of the pairs exactly at the threshold that banding must find; above it, it finds more."""
SMALL = 32
"""In larger buckets each member is paired only with the first and with the one before it."""
DEVIATIONS = 4
"""Standard deviations below the threshold at which an estimated similarity rules a pair out."""
_BLOCK = 1 << 16
_PAIRS = 1 << 16


def banding(threshold: float, permutations: int) -> tuple[int, int]:
    """Return the number of bands and of permutations per band.

    A band has as many permutations as RECALL at the threshold allows.
    """
    choices = [(permutations // rows, rows) for rows in range(1, min(8, permutations) + 1)]
    return next(
        (
            (bands, rows)
            for bands, rows in reversed(choices)
            if detection_probability(threshold, bands, rows) >= RECALL
        ),
        choices[0],
    )


def detection_probability(similarity: float, bands: int, rows: int) -> float:
    """Return the probability that a pair of this similarity shares a band."""
    return float(1 - (1 - similarity**rows) ** bands)


def sketches(hashes: Array, starts: Array, permutations: int) -> Array:
    """Return a sketch of each text: for each permutation the last byte of the smallest hash.

    This is b-bit MinHash (Li and Koenig, 2010). `hashes` and `starts` are what `hashing.hashes`
    returns. The permutations are multiply-add hashes with constants that never change.
    """
    constants = (mix(np.arange(1, 2 * permutations + 1, dtype=np.uint64)) >> np.uint64(32)).astype(
        np.uint32
    )
    factors, terms = constants[:permutations] | np.uint32(1), constants[permutations:]
    values = (hashes >> np.uint64(32)).astype(np.uint32)
    result = np.empty((len(starts) - 1, permutations), np.uint8)
    first = 0
    while first < len(result):
        last = max(
            first + 1, int(np.searchsorted(starts, starts[first] + _BLOCK, side="right")) - 1
        )
        block = values[starts[first] : starts[last]]
        begins = starts[first:last] - starts[first]
        permuted = np.empty_like(block)
        for number in range(permutations):
            np.multiply(block, factors[number], out=permuted)
            np.add(permuted, terms[number], out=permuted)
            result[first:last, number] = np.minimum.reduceat(permuted, begins)
        first = last
    return result


def candidates(matrix: Array, threshold: float, groups: Array | None = None) -> Array:
    """Return pairs of rows that may be similar, in order, as columns (earlier, later).

    A row is the later one of at most PARTNERS pairs. With `groups`, a number for each row, only
    rows of different numbers are paired.

    All rows of a small bucket are paired. A large bucket, such as one of records made from a
    template, is split further by each later band.
    """
    permutations = matrix.shape[1]
    least = threshold - DEVIATIONS * (threshold * (1 - threshold) / permutations) ** 0.5
    partners = BestPartners()
    for codes in _bucket_pairs(matrix, *banding(threshold, permutations)):
        equal = _matches(matrix, codes)
        near = equal >= least * permutations
        if groups is not None:
            near &= (
                groups[(codes & LOW).astype(np.int64)] != groups[(codes >> HALF).astype(np.int64)]
            )
        partners.add(codes[near], equal[near])
    pairs, _ = partners.pairs()
    return pairs


def common_share(matrix: Array, chosen: Array) -> float:
    """Estimate how much of an average chosen row many rows share.

    This is the mean share, over the permutations, of the most frequent byte.
    """
    return float(
        np.mean([np.bincount(column[chosen], minlength=256).max() for column in matrix.T])
    ) / int(chosen.sum())


def _bucket_pairs(matrix: Array, bands: int, rows: int) -> Iterator[Array]:
    """Yield pairs of rows that share a bucket.

    Each is one number: the later row, then the earlier one, 32 bits each.
    """
    for number in range(bands):
        buckets = _buckets(np.arange(len(matrix)), _key(matrix, number * rows, rows))
        yield from _pairs_within(*buckets)
        large_members, bucket = _large_buckets(*buckets)
        for other in range(number + 1, bands) if len(large_members) else ():
            yield from _pairs_within(
                *_buckets(large_members, _key(matrix[large_members], other * rows, rows) + bucket)
            )


def _buckets(members: Array, keys: Array) -> tuple[Array, Array, Array]:
    """Return the members ordered by key, and start and size of each bucket of two or more.

    Half of a key is enough: members that share it by chance do not look similar.
    """
    ordered = mix(keys) & ~np.uint64(LOW) | np.arange(len(keys), dtype=np.uint64)
    ordered.sort()
    halves = ordered >> HALF
    starts = np.flatnonzero(np.concatenate([[True], halves[1:] != halves[:-1]]))
    sizes = np.diff(starts, append=len(ordered))
    return members[(ordered & LOW).astype(np.int64)], starts[sizes > 1], sizes[sizes > 1]


def _pairs_within(members: Array, starts: Array, sizes: Array) -> Iterator[Array]:
    """Yield the pairs of each bucket.

    In a small bucket these are all pairs; in a large one each member is paired with the first
    and with the one before it.
    """
    for distance in range(1, SMALL):
        chosen = (sizes > distance) & (sizes <= SMALL) if distance > 1 else sizes > 1
        if not chosen.any():
            return
        first = ranges(starts[chosen], sizes[chosen] - distance)
        yield from _encode_pairs(members[first], members[first + distance])
        if distance == 1 and (large := sizes > SMALL).any():
            yield from _encode_pairs(
                np.repeat(members[starts[large]], sizes[large] - 2),
                members[ranges(starts[large] + 2, sizes[large] - 2)],
            )


def _large_buckets(members: Array, starts: Array, sizes: Array) -> tuple[Array, Array]:
    """Return the members of the large buckets, and the number of the bucket of each."""
    large = sizes > SMALL
    return members[ranges(starts[large], sizes[large])], np.repeat(
        np.arange(large.sum(), dtype=np.uint64), sizes[large]
    )


def _encode_pairs(earlier: Array, later: Array) -> Iterator[Array]:
    for start in range(0, len(later), _PAIRS):
        part = slice(start, start + _PAIRS)
        yield later[part].astype("u8") << HALF | earlier[part].astype("u8")


def _key(matrix: Array, first: int, rows: int) -> Array:
    """Return a number for each row, equal for rows whose bytes from `first` on are equal."""
    key = np.zeros(len(matrix), np.uint64)
    for number in range(first, first + rows):
        key <<= np.uint64(8)
        key |= matrix[:, number]
    return key


def _matches(matrix: Array, codes: Array) -> Array:
    """Return how many bytes the sketches of each pair have in common."""
    equal = matrix[(codes & LOW).astype(np.int64)] == matrix[(codes >> HALF).astype(np.int64)]
    counts: Array = equal.sum(axis=1, dtype=np.uint16)
    return counts
