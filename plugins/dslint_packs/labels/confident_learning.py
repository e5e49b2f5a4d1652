"""Confident learning in batches: which labels are likely wrong, how many, and in which order.

Northcutt, Jiang, Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 2021,
as implemented by cleanlab.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BATCH_CELLS = 1 << 24
"""Probabilities per batch (64 MB)."""


class Judgement(Struct):
    """The judgement of each label, as arrays.

    `flagged`: whether the label is likely wrong. `likely`: the most likely class. `score`: the rank
    by suspicion, from 0 to 1. `wrong`: the probability that the label is wrong.
    """

    flagged: Array
    likely: Array
    score: Array
    wrong: Array


def judge(
    probabilities: Array,
    rows: Array,
    labels: Array,
    flagged: Array | None = None,
    noise: float | None = None,
) -> Judgement:
    """Judge labels by out-of-sample probabilities (`rows`: the row of probabilities of each label).

    Without `flagged`, cleanlab estimates how many labels are wrong, and those with the lowest
    self-confidence are flagged: on scores of linear classifiers this was more precise than
    cleanlab's default filter. `noise` is the share of wrong labels, if known.
    """
    import numpy as np
    from cleanlab.rank import (
        get_normalized_margin_for_each_label,
        get_self_confidence_for_each_label,
    )

    likely = np.concatenate(
        [part.argmax(axis=1) for _, part in _batches(probabilities, rows, labels)]
    )
    own = np.concatenate(
        [
            get_self_confidence_for_each_label(some, part)
            for some, part in _batches(probabilities, rows, labels)
        ]
    )
    margin = np.concatenate(
        [
            get_normalized_margin_for_each_label(some, part)
            for some, part in _batches(probabilities, rows, labels)
        ]
    )
    if flagged is None:
        flagged = _least_confident(probabilities, rows, labels) & (likely != labels)
    noise = min(max(float(flagged.mean()) if noise is None else noise, 1e-4), 0.5)
    # Bayes' theorem: errors are spread evenly over the other classes, and the given label is
    # evidence too.
    against = noise / max(probabilities.shape[1] - 1, 1) * (1 - own)
    wrong = against / np.maximum(against + (1 - noise) * own, 1e-12)
    return Judgement(flagged, likely, 1 - (_ranks(own) + _ranks(margin)) / 2, wrong)


def _least_confident(probabilities: Array, rows: Array, labels: Array) -> Array:
    import numpy as np
    from cleanlab.experimental.label_issues_batched import LabelInspector

    method = {"method": "self_confidence"}
    inspector = LabelInspector(
        num_class=probabilities.shape[1], quality_score_kwargs=method, verbose=False, n_jobs=1
    )
    for some, part in _batches(probabilities, rows, labels):
        inspector.update_confident_thresholds(some, part)
    for some, part in _batches(probabilities, rows, labels):
        inspector.score_label_quality(some, part)
    flagged = np.zeros(len(labels), bool)
    flagged[inspector.get_label_issues()] = True
    return flagged


def _batches(probabilities: Array, rows: Array, labels: Array) -> Iterator[tuple[Array, Array]]:
    size = max(BATCH_CELLS // probabilities.shape[1], 1)
    for start in range(0, len(labels), size):
        yield labels[start : start + size], probabilities[rows[start : start + size]]


def _ranks(values: Array) -> Array:
    """Return the rank of each value, from 0 to 1; equal values share a rank."""
    import numpy as np

    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Array = (ends - (counts + 1) / 2)[index] / max(len(values) - 1, 1)
    return ranks
