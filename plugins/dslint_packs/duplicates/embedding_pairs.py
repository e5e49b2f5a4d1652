"""Pairs of texts with similar embeddings.

All pairs by exact products or, for very many texts, the nearest neighbours by an index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from dslint.plugin import embed
from dslint_packs.duplicates.best_partners import HALF, PARTNERS, BestPartners
from dslint_packs.duplicates.hashing import Array
from dslint_packs.duplicates.jaccard import jaccard, sets
from dslint_packs.duplicates.normalize import normalize
from dslint_packs.duplicates.similar import Sketches
from dslint_packs.duplicates.text_store import TextStore

EMBEDDED_CHARACTERS = 2_000
"""Characters of a text that are embedded.

An embedding is a mean over words: more of them cost time and add little.
"""
Products = tuple[Array, Array, Array]
"""Numbers of the earlier vectors of some pairs, of the later ones, and their dot products."""
EXACT = 100_000
"""Maximum number of texts compared with each other; for more, searching an index is faster."""
WIDTH = 512
_SCALE, _MOST = 700, 127
"""Elements of unit vectors hardly exceed 0.18: as bytes they keep a cosine to within 0.005."""
_ROWS = 2048
_LINKS, _REACH = 12, 100
"""Links per node of the index, and nodes considered while one is added.

In CLINC150 these values find 99.9 % of what comparing all pairs finds.
"""


def semantic_pairs(
    texts: TextStore, threshold: float, lexical: Sketches
) -> Iterator[tuple[int, int, float]]:
    """Yield the pairs of rows with a cosine of at least `threshold`: earlier, later, cosine.

    Left out are pairs whose shingles are similar too, as `lexical` defines it, and pairs with
    different numbers, which embeddings hardly distinguish. A row is the later one of at most
    PARTNERS pairs.
    """
    vectors = np.empty((len(texts), WIDTH), np.int8)
    for numbers, chunk in texts.chunks():
        vectors[numbers] = np.rint(
            embed([text[:EMBEDDED_CHARACTERS] for text in chunk]) * _SCALE
        ).clip(-_MOST, _MOST)
    pairs, cosines = close(
        vectors, threshold, compare_all if len(vectors) <= EXACT else nearest_neighbours
    )
    del vectors
    for part in texts.in_memory(pairs):
        numbers, positions = np.unique(part, return_inverse=True)
        positions, chunk = positions.reshape(-1, 2), texts.texts(numbers)
        near = (
            jaccard(sets(chunk, lexical.kind(long=False)), positions, np.zeros(0, np.uint64))
            >= lexical.threshold
        )
        contents = [(set(re.findall(r"\d+", text)), normalize(text)) for text in chunk]
        for (one, other), pair, cosine, left_out in zip(
            positions.tolist(),
            part.tolist(),
            cosines[: len(part)].tolist(),
            near.tolist(),
            strict=True,
        ):
            if (
                not left_out
                and contents[one][0] == contents[other][0]
                and contents[one][1] != contents[other][1]
            ):
                yield pair[0], pair[1], round(cosine, 4)
        cosines = cosines[len(part) :]


def close(
    vectors: Array,
    threshold: float,
    products_of: Callable[[Array, Array, float], Iterator[Products]],
) -> tuple[Array, Array]:
    """Return the pairs of byte vectors with a cosine of at least `threshold`, and their cosines.

    `products_of` yields the pairs to look at. Sums of products stay below 2**24, so that float32
    is exact: no cosine depends on what else is computed with it.
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
    partners = BestPartners()
    for earlier, later, products in products_of(vectors, norms, threshold):
        cosines = products / (norms[earlier] * norms[later])
        near = (cosines >= threshold) & (earlier < later)
        partners.add(
            later[near].astype(np.uint64) << HALF | earlier[near].astype(np.uint64), cosines[near]
        )
    return partners.pairs()


def compare_all(vectors: Array, norms: Array, threshold: float) -> Iterator[Products]:
    """Compare all vectors with each other, block by block."""
    for later in _blocks(vectors):
        one = vectors[later].astype(np.float32)
        for earlier in _blocks(vectors[: later.stop]):
            products = one @ vectors[earlier].astype(np.float32).T
            # One slightly low bound per row is faster than the cosine of each pair.
            least = 0.999 * threshold * norms[later] * norms[earlier].min()
            rows, columns = np.nonzero(products >= least[:, None].astype(np.float32))
            yield columns + earlier.start, rows + later.start, products[rows, columns]


def nearest_neighbours(vectors: Array, norms: Array, threshold: float) -> Iterator[Products]:
    """Find the nearest neighbours of each vector with a graph (HNSW: Malkov and Yashunin, 2016).

    It is built in order and by one thread, so that every run gives the same.
    """
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
