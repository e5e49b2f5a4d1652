"""Similarity of texts to a reference: by character n-grams, or by embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

NEIGHBOURS = 3
"""Reference texts whose similarity is averaged: a single one may be near by chance."""
_ROWS = 512


class Vectors(Protocol):
    """Turns texts into rows of unit length, so that a product of two rows is their cosine."""

    def __call__(self, texts: Sequence[str]) -> Any:
        """Return one row for each text: a matrix, dense or sparse."""


class Characters:
    """TF-IDF vectors of character 2- to 5-grams within words, fitted on the reference."""

    def __init__(self, reference: Sequence[str]) -> None:
        import numpy as np
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, dtype=np.float32
        )
        self._vectorizer.fit(reference)

    def __call__(self, texts: Sequence[str]) -> Any:
        """Return a sparse row for each text."""
        return self._vectorizer.transform(texts)


class Nearness:
    """Nearness of texts to a reference, calibrated on the reference itself.

    It is the share of the reference texts that are as far from the rest of the reference, or
    farther. 1 is as near as the nearest; 0.01 means that one in a hundred is that far away.
    """

    def __init__(self, reference: Sequence[str], vectors: Vectors) -> None:
        import numpy as np

        self._vectors = vectors
        self._reference = vectors(reference).T
        self._own = np.sort(self._similarity(reference, alone=True))

    def __call__(self, texts: Sequence[str]) -> Any:
        """Return the nearness of each text, from 0 to 1.

        Beyond the farthest reference text it falls in proportion to the similarity.
        """
        import numpy as np

        near = self._similarity(texts, alone=False)
        own, count = self._own, len(self._own)
        below = np.searchsorted(own, near, side="right")
        floor = max(float(own[0]), 1e-9)
        return np.where(below > 0, below, np.clip(near / floor, 0, 1) * 0.999) / count

    def _similarity(self, texts: Sequence[str], *, alone: bool) -> np.ndarray[Any, Any]:
        """Return the mean cosine of each text with its nearest neighbours in the reference.

        With `alone`, `texts` are the reference and no text is its own neighbour.
        """
        import numpy as np

        means = []
        for start in range(0, len(texts), _ROWS):
            cosines = self._vectors(texts[start : start + _ROWS]) @ self._reference
            dense = np.asarray(
                cosines.todense() if hasattr(cosines, "todense") else cosines, dtype=np.float32
            )
            if alone:
                rows = np.arange(len(dense))
                dense[rows, rows + start] = -1
            nearest = (
                np.partition(dense, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
                if dense.shape[1] > NEIGHBOURS
                else dense
            )
            means.append(nearest.mean(axis=1))
        return np.concatenate(means).round(6)
