"""From the scores of several classifiers to calibrated probabilities."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dslint_packs.labels.classifier import SMOOTHING, Cases, NaiveBayes, Regression

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

WEIGHED = 10_000
"""Texts by which the classifiers are weighed: those with the smallest digests, which is as good as any."""
WEIGHED_CELLS = 1 << 19
"""And fewer where classes are many."""
IN_MEMORY = 1 << 29
"""Bytes of probabilities that are kept in memory; more go to a temporary file."""
MOST_CELLS = 1 << 30
"""Probabilities that are made at most (4 GB): beyond, a sample of the texts is judged."""


def probabilities(
    classifiers: Sequence[Any],
    chunks: Iterable[tuple[Array, Any]],
    cases: Cases,
    judged: Array,
    size: int,
) -> Array:
    """Return out-of-sample probabilities of the first `size` texts: texts x classes, in float32.

    The log-probabilities of the classifiers and of the classes' shares are added up with those weights that make the labels of the `judged` cases
    most likely: logistic stacking (Wolpert, Stacked Generalization, 1992). So a classifier counts for as much as it is right, and what comes out is
    calibrated by these cases. `chunks` yields (numbers of texts, their vectors).
    """
    import numpy as np

    counts = np.bincount(cases.labels, weights=cases.weights, minlength=cases.classes)
    prior = np.log(np.maximum(counts, 1e-9) / counts.sum())
    asked = np.unique(cases.texts[judged])[: max(min(WEIGHED, WEIGHED_CELLS // cases.classes), 500)]
    sample = judged[np.isin(cases.texts[judged], asked)]
    labels, place = cases.labels[sample], np.searchsorted(asked, cases.texts[sample])
    few = [
        (numbers[chosen], matrix if matrix is None else matrix[chosen])
        for numbers, matrix in chunks
        for chosen in [np.isin(numbers, asked)]
    ]
    numbers, matrix = _joined(few)

    def fitted(some: Sequence[Any]) -> tuple[Array, float]:
        found = np.empty((len(some) + 1, len(asked), cases.classes))
        found[:, np.searchsorted(asked, numbers)] = _layers(some, numbers, matrix, prior)
        start = np.array(
            [*(not isinstance(classifier, Regression) for classifier in some), False], float
        )
        return _fitted(found[:, place], labels, start)

    for classifier in classifiers:
        if isinstance(classifier, NaiveBayes):
            fits: dict[float, float] = {}
            for value in SMOOTHING:
                classifier.smoothing = value
                fits[value] = fitted([classifier])[1]
            classifier.smoothing = max(fits, key=lambda value: fits[value])
    weights, _ = fitted(classifiers)
    found = _empty((size, cases.classes))
    for some, vectors in chunks:
        kept = some < size
        layers = _layers(
            classifiers,
            some[kept],
            vectors if vectors is None or kept.all() else vectors[kept],
            prior,
        )
        found[some[kept]] = _softmax(np.tensordot(weights, layers, 1))
    return found


def _joined(chunks: Sequence[tuple[Array, Any]]) -> tuple[Array, Any]:
    """Return chunks of texts as one."""
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


def _fitted(layers: Array, labels: Array, start: Array) -> tuple[Array, float]:
    """Return the weights of the layers (layers x cases x classes) that make the labels most likely, and the mean log-likelihood.

    By Newton's method from `start`, and held near to it as much as one case would hold them: few cases must not make the weights large.
    """
    import numpy as np

    rows = np.arange(len(labels))

    def likelihood(weights: Array) -> float:
        total = np.tensordot(weights, layers, 1)
        total -= total.max(axis=1, keepdims=True)
        said = float((total[rows, labels] - np.log(np.exp(total).sum(axis=1))).mean())
        return said - float(((weights - start) ** 2).sum()) / (2 * len(rows))

    weights = start
    reached = likelihood(weights)
    for _ in range(30):
        shares = _softmax(np.tensordot(weights, layers, 1))
        means = (layers * shares).sum(axis=2)
        slope = (layers[:, rows, labels] - means).mean(axis=1) - (weights - start) / len(rows)
        curve = np.einsum("ank,bnk,nk->ab", layers, layers, shares, optimize=False) / len(
            rows
        ) - means @ means.T / len(rows)
        step = np.linalg.solve(curve + np.eye(len(layers)) / len(rows), slope)
        size = 1.0
        while size > 1e-3 and likelihood(weights + size * step) < reached:
            size /= 2
        better = likelihood(weights + size * step)
        if better - reached < 1e-6:
            break
        weights, reached = weights + size * step, better
    return weights, reached


def _softmax(scores: Array) -> Array:
    import numpy as np

    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    normal: Array = shares / shares.sum(axis=1, keepdims=True)
    return normal


def _empty(shape: tuple[int, int]) -> Array:
    import numpy as np

    if 4 * shape[0] * shape[1] <= IN_MEMORY:
        return np.zeros(shape, np.float32)
    with tempfile.TemporaryFile() as file:  # what is mapped stays until the array is gone
        return np.memmap(file, np.float32, "w+", shape=shape)
