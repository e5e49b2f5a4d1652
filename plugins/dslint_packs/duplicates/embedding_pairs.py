"""Texts whose embeddings are close: all pairs by exact products, of very many texts the nearest neighbours by an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from dslint.plugin import embed
from dslint_packs.duplicates.best_partners import HALF, PARTNERS, Closest
from dslint_packs.duplicates.hashing import Array
from dslint_packs.duplicates.jaccard import jaccard, sets
from dslint_packs.duplicates.normalize import normalize
from dslint_packs.duplicates.similar import Sketches
from dslint_packs.duplicates.text_store import Distinct

READ = 2_000
"""Characters of a text that are embedded: an embedding is a mean over words, to which more of them add little but time."""
Met = tuple[Array, Array, Array]
"""Numbers of the earlier vectors of some pairs, of the later ones, and their products."""
EXACT = 100_000
"""Texts up to which each is compared with each; for more, searching an index takes less time."""
WIDTH = 512
_SCALE, _MOST = 700, 127
"""Elements of unit vectors hardly exceed 0.18: as bytes they keep a cosine to within 0.005."""
_ROWS = 2048
_LINKS, _REACH = 12, 100
"""Links of a node of the index, and nodes that are kept in view while one is added: finds 99.9 % of what comparing all finds in CLINC150."""


def alike(texts: Distinct, threshold: float, lexical: Sketches) -> Iterator[tuple[int, int, float]]:
    """Yield the pairs of rows with a cosine of at least `threshold`: the earlier one, the later one, and the cosine.

    Left out are pairs that are similar in their shingles too, as `lexical` says, and those with different numbers, which embeddings hardly tell
    apart. A row is the later one of at most PARTNERS pairs.
    """
    vectors = np.empty((len(texts), WIDTH), np.int8)
    for numbers, held in texts.chunks():
        vectors[numbers] = np.rint(embed([text[:READ] for text in held]) * _SCALE).clip(
            -_MOST, _MOST
        )
    pairs, cosines = close(vectors, threshold, compared if len(vectors) <= EXACT else neighbours)
    del vectors
    for part in texts.in_memory(pairs):
        numbers, places = np.unique(part, return_inverse=True)
        places, held = places.reshape(-1, 2), texts.texts(numbers)
        near = (
            jaccard(sets(held, lexical.kind(long=False)), places, np.zeros(0, np.uint64))
            >= lexical.threshold
        )
        said = [(set(re.findall(r"\d+", text)), normalize(text)) for text in held]
        for (one, other), pair, cosine, left_out in zip(
            places.tolist(),
            part.tolist(),
            cosines[: len(part)].tolist(),
            near.tolist(),
            strict=True,
        ):
            if not left_out and said[one][0] == said[other][0] and said[one][1] != said[other][1]:
                yield pair[0], pair[1], round(cosine, 4)
        cosines = cosines[len(part) :]


def close(
    vectors: Array, threshold: float, met: Callable[[Array, Array, float], Iterator[Met]]
) -> tuple[Array, Array]:
    """Return the pairs of vectors of bytes with a cosine of at least `threshold`, of those that have `met`, and their cosines.

    Sums of their products stay below 2**24, so that float32 holds them exactly: no cosine depends on what else is computed with it.
    """
    norms = np.concatenate(
        [
            np.zeros(0),
            *(
                np.linalg.norm(vectors[rows].astype(np.float64), axis=1)
                for rows in _blocks(vectors)
            ),
        ]
    )
    closest = Closest()
    for earlier, later, products in met(vectors, norms, threshold):
        cosines = products / (norms[earlier] * norms[later])
        near = (cosines >= threshold) & (earlier < later)
        closest.add(
            later[near].astype(np.uint64) << HALF | earlier[near].astype(np.uint64), cosines[near]
        )
    return closest.found()


def compared(vectors: Array, norms: Array, threshold: float) -> Iterator[Met]:
    """Compare each with each, block by block."""
    for later in _blocks(vectors):
        one = vectors[later].astype(np.float32)
        for earlier in _blocks(vectors[: later.stop]):
            products = one @ vectors[earlier].astype(np.float32).T
            # A bound for each row, a little too low, is quicker than the cosine of each pair.
            least = 0.999 * threshold * norms[later] * norms[earlier].min()
            rows, columns = np.nonzero(products >= least[:, None].astype(np.float32))
            yield columns + earlier.start, rows + later.start, products[rows, columns]


def neighbours(vectors: Array, norms: Array, threshold: float) -> Iterator[Met]:
    """Find the nearest of each by a graph of neighbours (HNSW: Malkov and Yashunin, 2016), built in order and by one thread."""
    from voyager import Index, Space, StorageDataType

    del norms, threshold
    index = Index(
        Space.Euclidean,
        WIDTH,
        _LINKS,
        _REACH,
        random_seed=1,
        max_elements=len(vectors),
        storage_data_type=StorageDataType.Float8,
    )
    for rows in _blocks(vectors):
        index.add_items(vectors[rows].astype(np.float32) / _MOST, num_threads=1)
    for rows in _blocks(vectors):
        found, _ = index.query(
            vectors[rows].astype(np.float32) / _MOST,
            min(PARTNERS + 1, len(vectors)),
            num_threads=1,
            query_ef=_REACH,
        )
        ends = np.stack(
            [
                np.repeat(np.arange(rows.start, rows.stop), found.shape[1]),
                found.astype(np.int64).ravel(),
            ]
        )
        earlier, later = ends.min(axis=0), ends.max(axis=0)
        yield (
            earlier,
            later,
            np.einsum(
                "ij,ij->i", vectors[earlier].astype(np.float32), vectors[later].astype(np.float32)
            ),
        )


def _blocks(vectors: Array) -> Iterator[slice]:
    return (
        slice(start, min(start + _ROWS, len(vectors))) for start in range(0, len(vectors), _ROWS)
    )
