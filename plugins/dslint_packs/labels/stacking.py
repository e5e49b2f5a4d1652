"""Combine the scores of several classifiers into calibrated probabilities."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dslint_packs.labels.classifier import SMOOTHING, Cases, NaiveBayes, Regression

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

FITTED_TEXTS = 10_000
"""Maximum number of texts that the classifiers' weights are fitted on.

These are the texts with the smallest digests, which is as good as a random sample.
"""
FITTED_CELLS = 1 << 19
"""Maximum number of probabilities for that: with many classes, fewer texts are used."""
IN_MEMORY = 1 << 29
"""Bytes of probabilities that are wanted in memory; beyond, they go to a temporary file."""
MAX_CELLS = 1 << 30
"""Maximum number of probabilities (4 GB); beyond, only a sample of the texts is judged."""


def probabilities(
    classifiers: Sequence[Any],
    chunks: Iterable[tuple[Array, Any]],
    cases: Cases,
    judged: Array,
    size: int,
) -> Array:
    """Return out-of-sample probabilities of the first `size` texts: texts x classes, in float32.

    The result is the weighted sum of the classifiers' log-probabilities and the logarithm of the
    class shares, with the weights that maximize the likelihood of the labels of the `judged` cases:
    logistic stacking (Wolpert, Stacked Generalization, 1992). So each classifier is weighted by how
    well it predicts, and the probabilities are calibrated on these cases. `chunks` yields (numbers
    of texts, their vectors).
    """
    import numpy as np

    counts = np.bincount(cases.labels, weights=cases.weights, minlength=cases.classes)
    prior = np.log(np.maximum(counts, 1e-9) / counts.sum())
    sampled = np.unique(cases.texts[judged])[
        : max(min(FITTED_TEXTS, FITTED_CELLS // cases.classes), 500)
    ]
    sample = judged[np.isin(cases.texts[judged], sampled)]
    labels, place = cases.labels[sample], np.searchsorted(sampled, cases.texts[sample])
    few = [
        (numbers[chosen], matrix if matrix is None else matrix[chosen])
        for numbers, matrix in chunks
        for chosen in [np.isin(numbers, sampled)]
    ]
    numbers, matrix = _concatenate(few)

    def fit(some: Sequence[Any]) -> tuple[Array, float]:
        layers = np.empty((len(some) + 1, len(sampled), cases.classes))
        layers[:, np.searchsorted(sampled, numbers)] = _layers(some, numbers, matrix, prior)
        start = np.array(
            [*(not isinstance(classifier, Regression) for classifier in some), False], float
        )
        return _fit(layers[:, place], labels, start)

    for classifier in classifiers:
        if isinstance(classifier, NaiveBayes):
            fits: dict[float, float] = {}
            for value in SMOOTHING:
                classifier.smoothing = value
                fits[value] = fit([classifier])[1]
            classifier.smoothing = max(fits, key=lambda value: fits[value])
    weights, _ = fit(classifiers)
    result = _zeros((size, cases.classes))
    for some, vectors in chunks:
        wanted = some < size
        layers = _layers(
            classifiers,
            some[wanted],
            vectors if vectors is None or wanted.all() else vectors[wanted],
            prior,
        )
        result[some[wanted]] = _softmax(np.tensordot(weights, layers, 1))
    return result


def _concatenate(chunks: Sequence[tuple[Array, Any]]) -> tuple[Array, Any]:
    """Concatenate chunks of texts."""
    import numpy as np
    from scipy.sparse import vstack

    matrices = [matrix for _, matrix in chunks]
    return np.concatenate([numbers for numbers, _ in chunks]), None if matrices[
        0
    ] is None else vstack(matrices, format="csr")


def _layers(classifiers: Sequence[Any], numbers: Array, matrix: Any, prior: Array) -> Array:
    import numpy as np

    scores = [classifier.scores(numbers, matrix) for classifier in classifiers]
    return np.stack([*scores, np.broadcast_to(prior, (len(numbers), len(prior)))])


def _fit(layers: Array, labels: Array, start: Array) -> tuple[Array, float]:
    """Fit the weights of the layers; return them and the mean penalized log-likelihood.

    `layers` is layers x cases x classes. Newton's method from `start` maximizes the likelihood of
    the labels, with an L2 penalty on the distance from `start` that counts as much as one case:
    few cases must not make the weights large.
    """
    import numpy as np

    rows = np.arange(len(labels))

    def likelihood(weights: Array) -> float:
        total = np.tensordot(weights, layers, 1)
        total -= total.max(axis=1, keepdims=True)
        mean = float((total[rows, labels] - np.log(np.exp(total).sum(axis=1))).mean())
        return mean - float(((weights - start) ** 2).sum()) / (2 * len(rows))

    weights = start
    current = likelihood(weights)
    for _ in range(30):
        shares = _softmax(np.tensordot(weights, layers, 1))
        means = (layers * shares).sum(axis=2)
        slope = (layers[:, rows, labels] - means).mean(axis=1) - (weights - start) / len(rows)
        curve = np.einsum("ank,bnk,nk->ab", layers, layers, shares, optimize=False) / len(
            rows
        ) - means @ means.T / len(rows)
        step = np.linalg.solve(curve + np.eye(len(layers)) / len(rows), slope)
        size = 1.0
        while size > 1e-3 and likelihood(weights + size * step) < current:
            size /= 2
        better = likelihood(weights + size * step)
        if better - current < 1e-6:
            break
        weights, current = weights + size * step, better
    return weights, current


def _softmax(scores: Array) -> Array:
    import numpy as np

    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    normal: Array = shares / shares.sum(axis=1, keepdims=True)
    return normal


def _zeros(shape: tuple[int, int]) -> Array:
    import numpy as np

    if 4 * shape[0] * shape[1] <= IN_MEMORY:
        return np.zeros(shape, np.float32)
    with tempfile.TemporaryFile() as file:  # the mapping outlives the file handle
        return np.memmap(file, np.float32, "w+", shape=shape)
