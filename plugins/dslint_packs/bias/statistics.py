"""The little statistics that the rules need, without a library: Wilson's interval, the ratio of two rates, Fisher's exact test, Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z = 1.96
"""Standard normal quantile of a two-sided interval of 95 %."""


def wilson_upper(part: int, whole: int, z: float = Z) -> float:
    """Return the upper end of Wilson's score interval (1927) for a share."""
    share = part / whole
    centre = share + z * z / (2 * whole)
    spread = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return (centre + spread) / (1 + z * z / whole)


def rate_ratio(with_a: int, all_a: int, with_b: int, all_b: int) -> tuple[float, float, float]:
    """Return how many times as often something comes with a as with b, and the 95 % interval, on the log scale.

    Half a count is added to each cell (Haldane 1956, Anscombe 1956), so that none is zero.
    """
    a, b, m, n = with_a + 0.5, with_b + 0.5, all_a + 1.0, all_b + 1.0
    ratio = (a / m) / (b / n)
    spread = Z * math.sqrt(1 / a - 1 / m + 1 / b - 1 / n)
    return ratio, ratio * math.exp(-spread), ratio * math.exp(spread)


def fisher_greater(with_a: int, all_a: int, with_b: int, all_b: int) -> float:
    """Return the one-sided p value of Fisher's exact test: the chance of at least `with_a` if a and b do not differ."""
    total, hits = all_a + all_b, with_a + with_b

    def log_choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    below = log_choose(total, hits)
    chances = (
        log_choose(all_a, k) + log_choose(all_b, hits - k) - below
        for k in range(with_a, min(all_a, hits) + 1)
    )
    return min(1.0, math.fsum(map(math.exp, chances)))


def holm(chances: Sequence[float]) -> list[float]:
    """Return p values corrected for the number of tests (Holm 1979)."""
    corrected = [0.0] * len(chances)
    largest = 0.0
    for rank, number in enumerate(
        sorted(range(len(chances)), key=lambda number: (chances[number], number))
    ):
        largest = max(largest, min(1.0, chances[number] * (len(chances) - rank)))
        corrected[number] = largest
    return corrected
