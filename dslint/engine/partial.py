"""The results of a part of a shard, and their totals: plain, picklable, mergeable in any order."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct, field

from dslint.model import Finding, Problem
from dslint.storage.state import Store


class Tally(Struct):
    """The numbers of records read from one file."""

    records: int = 0
    unreadable: int = 0
    misfits: int = 0


class Crash(Struct, frozen=True):
    """The first exception of a rule, where it was raised, and how often the rule raised."""

    path: str
    row: int
    error: str
    times: int = 1
    trace: str = ""
    """Its traceback, without the messages of exceptions."""


class Partial(Struct):
    """The results of a part of a shard; results can be merged in any order."""

    tallies: dict[int, Tally] = field(default_factory=dict)
    judged: Counter[str] = field(default_factory=Counter)
    sliced: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    columns: set[tuple[str, str]] = field(default_factory=set)
    """Kind and field of the columns that at least one record has."""
    findings: list[Finding] = field(default_factory=list)
    states: dict[int, list[Any]] = field(default_factory=dict)
    spoiled: dict[int, Crash] = field(default_factory=dict)
    """Observers whose state cannot be stored, and why."""
    crashes: dict[str, Crash] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)
    marks: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)


class Totals(Struct):
    """The merged results of all shards, without findings, which go to a `Sink` as they come.

    `stores` holds the state of each observer.
    """

    tallies: dict[int, Tally] = field(default_factory=dict)
    judged: Counter[str] = field(default_factory=Counter)
    sliced: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    columns: set[tuple[str, str]] = field(default_factory=set)
    measures: dict[str, float] = field(default_factory=dict)
    stores: dict[int, Store] = field(default_factory=dict)
    spoiled: dict[int, Crash] = field(default_factory=dict)
    crashes: dict[str, Crash] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)
    idle: dict[str, str] = field(default_factory=dict)
    """Dataset rules that turned out not to apply to the data, with the reason."""
    marks: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)


def note_crash(part: Partial | Totals, rule: str, crash: Crash) -> None:
    """Add a crash of a rule; the first location is kept."""
    known = part.crashes.get(rule)
    if known is None:
        part.crashes[rule] = crash
    else:
        first = min(known, crash, key=lambda c: (c.path, c.row, c.error))
        part.crashes[rule] = Crash(
            first.path, first.row, first.error, known.times + crash.times, first.trace
        )
