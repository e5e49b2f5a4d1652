"""MinHash sketches (Broder, 1997), and the records that they show to be possibly alike (banding: Leskovec, Rajaraman, Ullman, chapter 3)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dslint_packs.duplicates.best_partners import HALF, LOW, Closest
from dslint_packs.duplicates.hashing import Array, mixed, ranges

RECALL = 0.99
"""Share of the pairs exactly at the threshold that banding must find; of those above it, it finds more."""
SMALL = 32
"""In larger buckets each member is paired with the first and with its neighbour only."""
DEVIATIONS = 4
"""A pair whose estimated similarity is so many standard deviations below the threshold is not compared."""
_BLOCK = 1 << 16
_PAIRS = 1 << 16


def banding(threshold: float, permutations: int) -> tuple[int, int]:
    """Return how many bands, and of how many permutations: as many in a band as RECALL at the threshold allows."""
    choices = [(permutations // rows, rows) for rows in range(1, min(8, permutations) + 1)]
    return next(
        (
            (bands, rows)
            for bands, rows in reversed(choices)
            if found(threshold, bands, rows) >= RECALL
        ),
        choices[0],
    )


def found(similarity: float, bands: int, rows: int) -> float:
    """Return the probability that a pair of this similarity shares a band."""
    return float(1 - (1 - similarity**rows) ** bands)


def sketches(hashes: Array, starts: Array, permutations: int) -> Array:
    """Return for each text a byte for each permutation: the last byte of the least hash (b-bit MinHash: Li and Koenig, 2010).

    `hashes` and `starts` as `shingles.hashes` returns them. The permutations are multiply-add hashes with constants that never change.
    """
    constants = (
        mixed(np.arange(1, 2 * permutations + 1, dtype=np.uint64)) >> np.uint64(32)
    ).astype(np.uint32)
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


def candidates(sketched: Array, threshold: float, apart: Array | None = None) -> Array:
    """Return pairs of rows that may be alike, as columns earlier and later, in order; a row is the later one of at most PARTNERS pairs.

    With `apart`, a number for each row, only rows of different numbers are paired.

    Rows of a bucket meet if it is small. A large one, such as records of one template fill, is cut again by each further band.
    """
    permutations = sketched.shape[1]
    least = threshold - DEVIATIONS * (threshold * (1 - threshold) / permutations) ** 0.5
    closest = Closest()
    for codes in _met(sketched, *banding(threshold, permutations)):
        equal = _matches(sketched, codes)
        near = equal >= least * permutations
        if apart is not None:
            near &= apart[(codes & LOW).astype(np.int64)] != apart[(codes >> HALF).astype(np.int64)]
        closest.add(codes[near], equal[near])
    pairs, _ = closest.found()
    return pairs


def common_share(sketched: Array, chosen: Array) -> float:
    """Estimate how much of a chosen row is what many of them have: the mean share, over the permutations, of the most frequent byte."""
    return float(
        np.mean([np.bincount(column[chosen], minlength=256).max() for column in sketched.T])
    ) / int(chosen.sum())


def _met(sketched: Array, bands: int, rows: int) -> Iterator[Array]:
    """Yield pairs of rows that share a bucket, each as one number: the later row, then the earlier one, 32 bits each."""
    for number in range(bands):
        buckets = _buckets(np.arange(len(sketched)), _key(sketched, number * rows, rows))
        yield from _paired(*buckets)
        crowd, bucket = _crowded(*buckets)
        for other in range(number + 1, bands) if len(crowd) else ():
            yield from _paired(*_buckets(crowd, _key(sketched[crowd], other * rows, rows) + bucket))


def _buckets(members: Array, keys: Array) -> tuple[Array, Array, Array]:
    """Return the members by key, those of each key in order, and where each bucket of two or more begins and how many it holds.

    Half of a key is enough: members that share it by chance do not look alike.
    """
    ordered = mixed(keys) & ~np.uint64(LOW) | np.arange(len(keys), dtype=np.uint64)
    ordered.sort()
    halves = ordered >> HALF
    starts = np.flatnonzero(np.concatenate([[True], halves[1:] != halves[:-1]]))
    sizes = np.diff(starts, append=len(ordered))
    return members[(ordered & LOW).astype(np.int64)], starts[sizes > 1], sizes[sizes > 1]


def _paired(members: Array, starts: Array, sizes: Array) -> Iterator[Array]:
    """Yield the pairs of each bucket: all of a small one, in a large one each with its first and with the one before."""
    for apart in range(1, SMALL):
        chosen = (sizes > apart) & (sizes <= SMALL) if apart > 1 else sizes > 1
        if not chosen.any():
            return
        first = ranges(starts[chosen], sizes[chosen] - apart)
        yield from _coded(members[first], members[first + apart])
        if apart == 1 and (large := sizes > SMALL).any():
            yield from _coded(
                np.repeat(members[starts[large]], sizes[large] - 2),
                members[ranges(starts[large] + 2, sizes[large] - 2)],
            )


def _crowded(members: Array, starts: Array, sizes: Array) -> tuple[Array, Array]:
    """Return the members of the large buckets, and for each the number of its bucket."""
    large = sizes > SMALL
    return members[ranges(starts[large], sizes[large])], np.repeat(
        np.arange(large.sum(), dtype=np.uint64), sizes[large]
    )


def _coded(earlier: Array, later: Array) -> Iterator[Array]:
    for start in range(0, len(later), _PAIRS):
        part = slice(start, start + _PAIRS)
        yield later[part].astype("u8") << HALF | earlier[part].astype("u8")


def _key(sketched: Array, first: int, rows: int) -> Array:
    """Return one number for each row, equal where its bytes from `first` on are."""
    key = np.zeros(len(sketched), np.uint64)
    for number in range(first, first + rows):
        key <<= np.uint64(8)
        key |= sketched[:, number]
    return key


def _matches(sketched: Array, codes: Array) -> Array:
    """Return how many bytes the sketches of each pair have in common."""
    equal = sketched[(codes & LOW).astype(np.int64)] == sketched[(codes >> HALF).astype(np.int64)]
    counts: Array = equal.sum(axis=1, dtype=np.uint16)
    return counts
