"""The law of growth: a record that is twice as long takes about twice the time, whatever is in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

from dslint.rules.base import Rule
from dslint.testing.harness import run
from dslint.testing.hostile import SHAPES, hostile

RATIO = 2.5
"""How many times as long a rule may take for twice the text; a quadratic one takes four times as long."""
_SIZES = tuple(1_000 * 2**step for step in range(5))
_TOLD = 0.05
"""CPU seconds from which on a time says something: some clocks count in steps of 4 milliseconds."""
_GRAVE = 0.25
"""CPU seconds below which nothing is called slow."""
_TRIES = 3


def seconds(rule: Rule, shape: str, size: int) -> float:
    """Return the CPU seconds that a rule takes for records of this shape and size."""
    records, splits = hostile(type(rule), shape, size)
    columns = {"split": "split"} if "split" in rule.needs_columns else None
    start = time.process_time()
    run(rule, records, splits=splits, columns=columns)
    return time.process_time() - start


def slow(rule: Rule) -> Iterator[str]:
    """Yield the shapes for which a rule takes more than its share of time, each with the seconds that it took.

    Most are passed after a few milliseconds, or by a first look at the doubling after which a time can be told. Where that is too much, the text is
    doubled twice more; only what exceeds the ratio each time is slow.
    """
    for shape in SHAPES:
        before = seconds(rule, shape, _SIZES[0] // 2)
        for size in _SIZES:
            spent = seconds(rule, shape, size)
            if spent >= _TOLD:
                if spent > RATIO * before and (told := _grown(rule, shape, [size, 2 * size, 4 * size])):
                    yield f"{shape} ({told})"
                break
            before = spent


def _grown(rule: Rule, shape: str, sizes: list[int]) -> str:
    """Say how the time grows if it does so too fast: in the least of several times for each size, so that no other load on the machine counts."""
    least = [float("inf")] * len(sizes)
    for _ in range(_TRIES):
        least = [min(known, seconds(rule, shape, size)) for known, size in zip(least, sizes, strict=True)]
        if least[-1] < _GRAVE or any(later <= RATIO * one for one, later in pairwise(least)):
            return ""
    return ", ".join(f"{size:,}: {one:.2f} s" for size, one in zip(sizes, least, strict=True))
