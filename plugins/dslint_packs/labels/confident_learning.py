"""Confident learning, in batches: which labels are likely wrong, how many there are, and in which order to look at them.

Northcutt, Jiang, Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 2021; as cleanlab does it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BATCH_CELLS = 1 << 24
"""Probabilities that are looked at together: 64 MB."""


class Judgement(Struct):
    """What is said of each label, as arrays.

    `flagged`: whether it is likely wrong. `likely`: the most likely class. `score`: from 0 to 1, the place in the order of suspicion. `wrong`: the
    probability that it is wrong.
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
    """Judge labels by out-of-sample probabilities (`rows` says which one belongs to each label).

    Without `flagged` cleanlab estimates how many labels are wrong, and those with the least self-confidence are flagged: on scores of linear
    classifiers this was more precise than cleanlab's default filter. `noise` is the share of wrong labels if it is known.
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
    # Bayes: wrong labels fall on each other class alike, and the label that is given is evidence too.
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
    """Return the place of each value in their order, from 0 to 1; equal ones share theirs."""
    import numpy as np

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    upto = np.cumsum(counts)
    ranks: Array = (upto - (counts + 1) / 2)[place] / max(len(values) - 1, 1)
    return ranks
