"""The few statistics that the rules need, without a library.

Wilson's interval, the ratio of two rates, Fisher's exact test, Holm's correction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Z = 1.96
"""Standard normal quantile of a two-sided interval of 95 %."""


def wilson_upper(hits: int, total: int, z: float = Z) -> float:
    """Return the upper bound of Wilson's score interval (1927) for a proportion."""
    share = hits / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (centre + spread) / (1 + z * z / total)


def rate_ratio(with_a: int, all_a: int, with_b: int, all_b: int) -> tuple[float, float, float]:
    """Return the ratio of the rates of a and b, and its 95 % interval, computed on the log scale.

    Half a count is added to each cell (Haldane 1956, Anscombe 1956), so that none is zero.
    """
    a, b, m, n = with_a + 0.5, with_b + 0.5, all_a + 1.0, all_b + 1.0
    ratio = (a / m) / (b / n)
    spread = Z * math.sqrt(1 / a - 1 / m + 1 / b - 1 / n)
    return ratio, ratio * math.exp(-spread), ratio * math.exp(spread)


def fisher_greater(with_a: int, all_a: int, with_b: int, all_b: int) -> float:
    """Return the one-sided p value of Fisher's exact test.

    This is the probability of at least `with_a` hits if a and b have the same rate.
    """
    total, hits = all_a + all_b, with_a + with_b

    def log_choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    log_total = log_choose(total, hits)
    p_values = (
        log_choose(all_a, k) + log_choose(all_b, hits - k) - log_total
        for k in range(with_a, min(all_a, hits) + 1)
    )
    return min(1.0, math.fsum(map(math.exp, p_values)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for the number of tests (Holm 1979)."""
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, number in enumerate(
        sorted(range(len(p_values)), key=lambda number: (p_values[number], number))
    ):
        largest = max(largest, min(1.0, p_values[number] * (len(p_values) - rank)))
        corrected[number] = largest
    return corrected
