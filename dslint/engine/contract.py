"""The contract between rules and the engine: validation of findings, descriptions of crashes."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from msgspec.structs import replace

from dslint.engine.partial import Crash
from dslint.errors import PluginError
from dslint.model import Confidence, Finding, Location, Severity
from dslint.rules.base import MOST, Active


def blamed(active: Active, error: PluginError) -> PluginError:
    """Return the error with the rule and the plugin that caused it."""
    who = f"{active.plugin} {active.version}"
    hint = error.hint or f"report it to the authors of {active.plugin}"
    return PluginError(f"rule {active.id} of {who}: {error.message}", hint)


class BrokenContractError(Exception):
    """A rule returns something of the wrong type; the message does not quote the data."""


def describe(error: BaseException) -> str:
    """Return the type and place of an exception without its message, which may quote the data."""
    import traceback

    if isinstance(error, (PluginError, BrokenContractError)):  # raised by dslint: quotes no data
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    last = frames[-1]
    file = last.filename.rpartition("/")[2]
    return f"{type(error).__name__} in {last.name}, {file}:{last.lineno}"


def traced(error: BaseException) -> str:
    """Return the traceback, without the messages of exceptions, which may quote the data."""
    from traceback import format_tb

    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [traced(cause), "\nwhich led to:\n"] if cause is not None else []
    last = f"{type(error).__name__} (message left out)"
    frames = format_tb(error.__traceback__)
    return "\n".join([*before, "Traceback (most recent call last):", *frames, last])


def crash_of(path: str, row: int, error: Exception) -> Crash:
    """Return the crash of a rule at a row; -1 while it concludes."""
    return Crash(path, row, describe(error), trace=traced(error))


@contextmanager
def clocked(seconds: Counter[str], rule: str) -> Iterator[None]:
    """Add the time that the block takes to the seconds of a rule."""
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[rule] += time.perf_counter() - start  # type: ignore[assignment]


def checked_findings(items: Iterable[Finding]) -> list[Finding]:
    """Return what a rule yields, as a list. Raises BrokenContractError for invalid findings."""
    found = list(items)
    for item in found:
        require_finding(item)
    return found


def bounded(items: Iterable[Finding]) -> list[Finding]:
    """Return what a rule yields, at most `MOST` findings of a kind per record.

    Findings of a kind have equal role, severity and confidence; the last one listed says how many
    more there are. Raises BrokenContractError for invalid findings.
    """
    items = iter(items)
    first: list[Finding] = []
    for item in items:
        require_finding(item)
        first.append(item)
        if item.more or len(first) > MOST:
            return _few_alike(chain(first, map(_valid, items)))
    return first


def _valid(item: Finding) -> Finding:
    require_finding(item)
    return item


def _few_alike(items: Iterable[Finding]) -> list[Finding]:
    alike: defaultdict[tuple[Any, ...], list[Finding]] = defaultdict(list)
    many = set[tuple[Any, ...]]()
    for item in items:
        key = (item.at.row, item.at.role, item.severity, item.confidence)
        found = alike[key]
        found.append(item)
        if item.more or (len(found) > MOST and item.at.row is not None):
            many.add(key)
            if len(found) > 2 * MOST:
                _cut(found)
    for key in many:
        _cut(alike[key])
        last = alike[key][-1]
        message = f"{last.message}; {last.more:,} similar ones in this record are not listed"
        alike[key][-1] = replace(last, message=message)
    return [item for found in alike.values() for item in found]


def _cut(found: list[Finding]) -> None:
    """Keep the first `MOST` in reported order; the last one kept counts the others."""
    more = sum(item.more for item in found) + max(0, len(found) - MOST)
    found[:] = [replace(item, more=0) if item.more else item for item in found]
    found.sort(key=Finding.order)
    del found[MOST:]
    found[-1] = replace(found[-1], more=more)


def require_finding(item: Finding) -> None:
    """Raise BrokenContractError if an item is not a valid finding."""
    if not isinstance(item, Finding):
        raise BrokenContractError(f"yields {type(item).__name__} instead of a finding")
    if item.severity is not None and not isinstance(item.severity, Severity):
        raise BrokenContractError("yields a finding whose severity is not a Severity")
    if not isinstance(item.confidence, Confidence):
        raise BrokenContractError("yields a finding whose confidence is not a Confidence")
    if not (isinstance(item.at, Location) and all(isinstance(at, Location) for at in item.related)):
        raise BrokenContractError("yields a finding whose location is not a Location")
    if not isinstance(item.message, str) or not isinstance(item.suggestion, str | None):
        raise BrokenContractError("yields a finding whose message or suggestion is not a string")
    if not isinstance(item.score, float | int | None):
        raise BrokenContractError("yields a finding whose score is not a number")


def named(finding: Finding, active: Active, dataset: str) -> Finding:
    """Return a finding with its severity and the names of its rule and dataset."""
    severity = active.severity_of(finding)
    return replace(finding, rule=active.id, severity=severity, dataset=dataset)
