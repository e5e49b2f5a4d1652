"""The law of growth: twice the text takes about twice the time, whatever is in it."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from statistics import median

from dslint.rules.base import Rule
from dslint.testing.harness import run
from dslint.testing.hostile import SHAPES, hostile

RATIO = 2.5
"""Highest ratio of times for twice the text; that of a quadratic rule is four."""
LIMIT = 10.0
"""CPU seconds after which a run is aborted, so that exponential rules do not hang the test."""
_USUAL = "sentences"
_SIZES = (4_000, 8_000, 16_000)
_SHORT = 500
"""Characters for rules that use a model; in so short a text, others hide what grows too fast."""
_TOLD = 0.002
"""CPU seconds of usual text from which on it is long enough: models take that for a few words."""
_APART, _ABOVE = (3, 6), 0.005
"""How many times as long as most, and by how many seconds more, what is looked at closely takes.

The second is for rules that ask a model, which may cut some texts into many more tokens.
"""
_DEAR = 0.01
"""CPU seconds for so short a usual text from which on a rule is such a one."""
_GRAVE = 0.25
"""CPU seconds below which nothing is called slow: some clocks count in steps of 4 milliseconds."""
_TRIES = 3


class _LateError(BaseException):
    """The time is up; no rule may catch this."""


def seconds(rule: Rule, shape: str, size: int, limit: float | None = None) -> float:
    """Return the CPU seconds of a rule on records of a shape and size; infinity over the limit."""
    records, splits = hostile(type(rule), shape, size)
    columns = {"split": "split"} if "split" in rule.needs_columns else None
    gc.disable()
    start = time.process_time()
    try:
        with _limited(limit or LIMIT):
            run(rule, records, splits=splits, columns=columns)
        return time.process_time() - start
    except _LateError:
        return float("inf")
    finally:
        gc.enable()


@contextmanager
def _limited(limit: float) -> Iterator[None]:
    """Raise _LateError after so many CPU seconds, if the system can; it also interrupts `re`."""
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def late(*_: object) -> None:
        raise _LateError

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def slow(rule: Rule) -> Iterator[str]:
    """Yield the shapes whose time grows too fast, each with its times.

    All are tried once, at one size. Those that take far longer than most, the slowest, and one in
    the middle are examined: their text is doubled, twice; slow is what exceeds the ratio each time.
    """
    seconds(rule, _USUAL, 100, 60 * LIMIT)  # loads what the rule needs
    gc.freeze()  # a collection would take as long as this process is large, not as the text is long
    try:
        yield from _slow(rule)
    finally:
        gc.unfreeze()


def _slow(rule: Rule) -> Iterator[str]:
    dear = _least(rule, _USUAL, _SHORT) >= _DEAR
    size = _SHORT if dear else _SIZES[-1]
    if not dear:
        size = next((one for one in _SIZES if _least(rule, _USUAL, one) >= _TOLD), size)
    spent: dict[str, float] = {}
    for shape in SHAPES:
        spent[shape] = seconds(rule, shape, size)
        if spent[shape] == float("inf"):
            yield f"{shape} ({size:,}: more than {LIMIT:.0f} s)"
    by_time = sorted(spent, key=lambda shape: spent[shape])
    usual = median(spent.values())
    for shape in SHAPES:
        if spent[shape] == float("inf"):
            continue
        apart = spent[shape] > max(_APART[dear] * usual, usual + _ABOVE)
        if (apart or shape in (by_time[-1], by_time[len(by_time) // 2])) and (
            told := _grown(rule, shape, size, spent[shape])
        ):
            yield f"{shape} ({told})"


def _least(rule: Rule, shape: str, size: int) -> float:
    return min(seconds(rule, shape, size) for _ in range(_TRIES))


def _grown(rule: Rule, shape: str, size: int, spent: float) -> str:
    """Say how the time grows about a size if it does so too fast.

    For most, one look at the double is enough. For the rest the minimum of several times counts,
    so that other load on the machine does not matter.
    """
    if spent >= _GRAVE:
        sizes = [size // 4, size // 2, size]
    elif seconds(rule, shape, 2 * size) > RATIO * min(spent, seconds(rule, shape, size)):
        sizes = [size, 2 * size, 4 * size]
    else:
        return ""
    least = [float("inf")] * len(sizes)
    for _ in range(_TRIES):
        for number, one in enumerate(sizes):
            least[number] = min(least[number], seconds(rule, shape, one))
            if least[number] == float("inf"):
                return f"{one:,}: more than {LIMIT:.0f} s"
        if least[-1] < _GRAVE or any(
            later <= RATIO * earlier for earlier, later in pairwise(least)
        ):
            return ""
    return ", ".join(f"{size:,}: {one:.2f} s" for size, one in zip(sizes, least, strict=True))
