"""Merge the results of the shards, and conclude: findings and measures of dataset rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from dslint.data.protocols import Source
from dslint.engine.contract import (
    BrokenContractError,
    blamed,
    checked_findings,
    clocked,
    crash_of,
    named,
    require_finding,
)
from dslint.engine.partial import Partial, Tally, Totals, note_crash
from dslint.errors import DslintError, NotApplicableError, PluginError
from dslint.model import Finding, Input, Measure
from dslint.rules.base import Active, DatasetRule, Observer, PairRule
from dslint.storage.arrow import Chunk
from dslint.storage.findings import Findings
from dslint.storage.state import ENGINE_COLUMNS, State, Store

Sink = Callable[[Iterable[Finding]], None]
"""Receives findings as they come."""
PAIRS_AT_ONCE = 10_000


def merge(
    parts: Iterable[Partial], observers: Sequence[Observer], sink: Sink, memory: int | None = None
) -> Totals:
    """Add up partial results and pass their findings to the `sink`.

    The order of the parts does not change the conclusions. State beyond `memory` bytes spills to
    disk.
    """
    whole = Totals()
    for part in parts:
        sink(part.findings)
        for index, tally in part.tallies.items():
            total = whole.tallies.setdefault(index, Tally())
            total.records += tally.records
            total.unreadable += tally.unreadable
            total.misfits += tally.misfits
        whole.judged.update(part.judged)
        whole.sliced.update(part.sliced)
        whole.columns.update(part.columns)
        whole.seconds.update(part.seconds)
        whole.problems.extend(part.problems)
        for index, places in part.marks.items():
            whole.marks.setdefault(index, []).extend(places)
        for rule, crash in part.crashes.items():
            note_crash(whole, rule, crash)
        for index, chunks in part.states.items():
            observer = observers[index]
            if index not in whole.stores:
                whole.stores[index] = Store(
                    ENGINE_COLUMNS | dict(observer.state),
                    None if memory is None else memory // (2 * len(observers)),
                )
            try:
                _add_state(whole.stores[index], chunks, observer)
            except Exception as error:  # the state of a plugin may be anything
                if isinstance(error, DslintError) and not isinstance(error, PluginError):
                    raise
                whole.spoiled.setdefault(index, crash_of("", -1, error))
        whole.spoiled = {**part.spoiled, **whole.spoiled}
        for index in whole.spoiled:
            whole.stores.pop(index, None)
    return whole


def conclude(
    whole: Totals,
    rules: Sequence[Active],
    observers: Sequence[Observer],
    inputs: Sequence[Input],
    source: Source,
    sink: Sink,
    partitions: Callable[[Store], int] = lambda _: 1,
    starting: Callable[[str], None] = lambda _: None,
    *,
    raising: bool = False,
) -> None:
    """Run `conclude` of every dataset rule on the merged state.

    Findings go to the `sink`, measures into `whole`. `partitions` returns into how many parts the
    state of a store is divided, so that one part fits into memory; `starting` is called with the
    id of each rule. With `raising`, exceptions of rules are raised instead of noted as crashes.
    """
    for active in rules:
        rule = active.rule
        if not isinstance(rule, DatasetRule) or active.id in whole.crashes:
            continue
        starting(active.id)
        index = observers.index(rule.observer())
        if index in whole.spoiled:
            note_crash(whole, active.id, whole.spoiled[index])
            continue
        observer = observers[index]
        store = whole.stores.get(index) or Store(ENGINE_COLUMNS | dict(observer.state))
        parts = partitions(store) if rule.key is not None else 1
        with clocked(whole.seconds, active.id):
            try:
                findings, own = _conclude_rule(rule, active, store, observer, inputs, source, parts)
            except PluginError as error:
                raise blamed(active, error) from error
            except DslintError:
                raise
            except NotApplicableError as reason:
                whole.idle[active.id] = str(reason)
                continue
            except Exception as error:
                if raising:
                    raise
                note_crash(whole, active.id, crash_of("", -1, error))
                continue
        sink(findings)
        whole.measures.update({f"{active.id}.{name}": value for name, value in own.items()})


def _add_state(store: Store, chunks: Iterable[Chunk], observer: Observer) -> None:
    """Add chunks of state to a store, within its memory limit.

    Whenever the rows in memory have doubled, the observer compacts them; what is still too much
    spills to disk.
    """
    for chunk in chunks:
        store.add(chunk)
    if store.grown:
        compacted = observer.compact(State(observer.state, store.held))
        store.hold(store.held if compacted is None else [compacted])
    store.spill()


def _conclude_rule(
    rule: DatasetRule,
    active: Active,
    store: Store,
    observer: Observer,
    inputs: Sequence[Input],
    source: Source,
    partitions: int,
) -> tuple[Findings, dict[str, float]]:
    datasets = {item.path: item.dataset for item in inputs}
    dataset = inputs[0].dataset if inputs else ""
    findings = Findings()
    measures: dict[str, float] = {}
    pairs: dict[tuple[int, ...], tuple[Any, Any]] = {}
    for part in (
        [store] if partitions < 2 or rule.key is None else store.dealt(rule.key, partitions)
    ):
        state = State(observer.state, part, inputs, rule.key)
        compacted = observer.compact(state)
        if compacted is not None:
            state = State(observer.state, [compacted], inputs, rule.key)
        if isinstance(rule, PairRule):
            pairs.update(_pairs(rule, state))
        for item in rule.conclude(state, source):
            if not isinstance(item, Measure):
                require_finding(item)
                findings.extend([named(item, active, datasets.get(item.at.path or "", dataset))])
            elif not (isinstance(item.name, str) and isinstance(item.value, float | int)):
                raise BrokenContractError("yields a measure whose name or value has the wrong type")
            elif rule.key is not None:
                measures[item.name] = measures.get(item.name, 0) + item.value
            elif item.name in measures:
                raise PluginError(f"rule {active.id} yields the measure {item.name!r} twice")
            else:
                measures[item.name] = item.value
    if isinstance(rule, PairRule):
        state = State(observer.state, store, inputs, rule.key)
        ordered = [pairs[key] for key in sorted(pairs)]
        for start in range(0, len(ordered), PAIRS_AT_ONCE):
            findings.extend(
                named(item, active, datasets.get(item.at.path or "", dataset))
                for item in checked_findings(
                    rule.verify(ordered[start : start + PAIRS_AT_ONCE], state, source)
                )
            )
    return (findings if rule.key is None else Findings(_best_per_record(findings))), measures


def _pairs(rule: PairRule, state: State) -> dict[tuple[int, ...], tuple[Any, Any]]:
    found: dict[tuple[int, ...], tuple[Any, Any]] = {}
    for _, group in state.groups(rule.key, at_least=2):
        for a, b in rule.pair(sorted(group)):
            if (a.file, a.row) != (b.file, b.row):
                first, second = sorted((a, b))
                found[first.file, first.row, second.file, second.row] = (first, second)
    return found


def _best_per_record(findings: Findings) -> Iterator[Finding]:
    for _, same in groupby(findings, key=lambda finding: (finding.at.path, finding.at.row)):
        found = list(same)
        yield found[0] if len(found) == 1 else min(found, key=_preference)


def _preference(finding: Finding) -> tuple[Any, ...]:
    """Return the sort key of the findings on one record, of which a keyed rule keeps the first.

    The most severe comes first, then the highest score, then the order of related records.
    """
    related = [(at.path or "", at.row or 0) for at in finding.related]
    return (-(finding.severity or 0), -(finding.score or 0.0), related, *finding.order())
