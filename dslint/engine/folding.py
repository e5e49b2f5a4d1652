"""Fold the batches of a shard: run all rules on each of them in one pass."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dslint.data.batch import Batch, Identify
from dslint.data.record import Record
from dslint.engine.contract import (
    BrokenContractError,
    blamed,
    bounded,
    clocked,
    crash_of,
    describe,
    named,
    traced,
)
from dslint.engine.partial import Crash, Partial, Tally, note_crash
from dslint.errors import InputError, PluginError
from dslint.model import Finding, Location, Problem
from dslint.rules.base import Active, CoreRule, DatasetRule, Observer, RecordRule
from dslint.storage.arrow import Columns, misfit, to_arrow
from dslint.storage.state import ENGINE_COLUMNS, require_state

Stamp = Callable[[Finding, Record], Finding]
"""Adds to a finding what depends on its record: id, identity, slices, matching suppressions."""
PIECE = 64
"""Batches per partial result: the results of a file that cannot be cut must not fill the memory."""


def observers_of(rules: Sequence[Active]) -> list[Observer]:
    """Return the distinct observers of the dataset rules."""
    found: list[Observer] = []
    for active in rules:
        if isinstance(active.rule, DatasetRule):
            observer = active.rule.observer()
            if observer not in found:
                try:  # at once, for small state would hide it
                    require_state(observer.state, active.rule.key)
                except PluginError as error:
                    raise blamed(active, error) from None
                found.append(observer)
    return found


def fold(
    batches: Iterable[Batch],
    rules: Sequence[Active],
    observers: Sequence[Observer],
    stamp: Stamp,
    slices: Sequence[str] = (),
    identify: Identify | None = None,
    *,
    raising: bool = False,
) -> Iterator[Partial]:
    """Run every record rule and observer on the batches of a shard, and yield partial results.

    With `raising`, exceptions of rules are raised instead of noted as crashes.
    """
    folding = _Folding(rules, observers, stamp, slices, identify)
    folding.raising = raising
    rest = iter(batches)
    while not folding.ended:
        yield folding.piece(rest)


def packed(part: Partial, observers: Sequence[Observer]) -> Partial:
    """Return a partial result with its state as Arrow, which is cheap to send between processes."""
    for index, chunks in list(part.states.items()):
        try:
            part.states[index] = [to_arrow(ENGINE_COLUMNS | dict(observers[index].state), chunks)]
        except Exception as error:  # noqa: BLE001 - the state of a plugin may be anything
            part.spoiled[index] = crash_of("", -1, error)
            del part.states[index]
    return part


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the cyclic garbage collector.

    It would traverse the many new dicts of each batch, which reference counting frees anyway.
    """
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


class _Folding:
    """The state of folding one shard."""

    def __init__(
        self,
        rules: Sequence[Active],
        observers: Sequence[Observer],
        stamp: Stamp,
        slices: Sequence[str],
        identify: Identify | None,
    ) -> None:
        self.record_rules = [
            (active, active.rule) for active in rules if isinstance(active.rule, RecordRule)
        ]
        self.dataset_rules = [
            (active, active.rule) for active in rules if isinstance(active.rule, DatasetRule)
        ]
        self.core_rules = {
            active.id: active for active in rules if isinstance(active.rule, CoreRule)
        }
        self.observers = observers
        self.stamp = stamp
        self.slices = slices
        self.identify = identify
        self.broken: set[int] = set()
        self.ended = False
        self.raising = False

    def piece(self, batches: Iterator[Batch]) -> Partial:
        """Run the rules on the next `PIECE` batches and return their result."""
        part = Partial()
        with _collector_paused():
            for _ in range(PIECE):
                try:
                    batch = next(batches)
                except StopIteration:
                    self.ended = True
                    break
                except InputError as error:  # what was read before stays checked
                    part.problems.append(
                        Problem(
                            kind=error.kind,
                            message=error.message,
                            path=error.path,
                            hint=error.hint or None,
                        )
                    )
                    self.ended = True
                    break
                self._take(part, batch)
                batch.release()
        for index in self.broken:
            part.states.pop(index, None)
        return part

    def _take(self, part: Partial, batch: Batch) -> None:
        batch.identify = self.identify
        _count(part, batch, self.slices)
        part.findings.extend(self._defects(batch))
        for active, rule in self.record_rules:
            judged = batch if rule.sees == "all" else batch.valid
            if judged.values:
                with clocked(part.seconds, active.id):
                    part.judged[active.id] += len(judged)
                    part.findings.extend(
                        _checked(
                            part,
                            active,
                            rule,
                            judged.within(rule.languages),
                            self.stamp,
                            raising=self.raising,
                        )
                    )
                    if rule.by_role:
                        part.sliced.update(
                            (active.id, "role", role) for role in _roles(rule, judged)
                        )
        for active, dataset_rule in self.dataset_rules:
            part.judged[active.id] += len(batch if dataset_rule.sees == "all" else batch.valid)
        for index, observer in enumerate(self.observers):
            if index not in self.broken and not _observed(
                part, index, observer, batch, self.dataset_rules, raising=self.raising
            ):
                self.broken.add(index)

    def _defects(self, batch: Batch) -> Iterator[Finding]:
        """Yield findings of the core rules for the defects that readers report."""
        for defect in batch.defects:
            at = Location(
                batch.path,
                defect.row,
                defect.line,
                defect.column,
                defect.field,
                byte=defect.byte,
                inline=batch.input.inline,
            )
            finding = Finding(at=at, message=defect.message, identity=defect.identity)
            if (active := self.core_rules.get(defect.rule)) is not None:  # else off
                yield named(finding, active, batch.dataset)


def _count(part: Partial, batch: Batch, slices: Sequence[str]) -> None:
    tally = part.tallies.setdefault(batch.input.index, Tally())
    unreadable = [defect for defect in batch.defects if defect.rule == "dslint/parse-error"]
    tally.records += len(batch) + len(unreadable)
    tally.unreadable += len(unreadable)
    tally.misfits += len(batch) - len(batch.valid)
    if batch.mark is not None:
        part.marks.setdefault(batch.input.index, []).append(batch.mark)
    # Readers make the findings of the core rules, so their records are counted here.
    part.judged["dslint/parse-error"] += len(batch) + len(unreadable)
    part.judged["dslint/duplicate-key"] += len(batch)
    part.columns |= batch.present
    for kind in slices:
        for sees, judged in (("all", batch), ("valid", batch.valid)):
            for value in judged.column(kind):
                part.sliced[sees, kind, "" if value is None else str(value)] += 1


def _checked(
    part: Partial,
    active: Active,
    rule: RecordRule,
    batch: Batch,
    stamp: Stamp,
    *,
    raising: bool,
) -> list[Finding]:
    """Run a rule on a batch.

    If it raises, run it again record by record, so that every record that can be judged is, for
    any batch size.
    """
    found: list[Finding] = []
    batch_error: Exception | None = None
    try:
        found = bounded(rule.check_batch(batch))
    except PluginError:  # not caused by this rule
        raise
    except Exception as error:  # becomes a problem, of a record if one of them causes it
        if raising:
            raise
        batch_error = error
    known = part.crashes.get(active.id)
    for record in () if batch_error is None else batch.records:
        try:
            found.extend(bounded(rule.check(record)))
        except Exception as error:  # noqa: BLE001 - becomes a problem with rule, plugin and record
            # Only the first crash gets a traceback: formatting it takes time.
            trace = "" if active.id in part.crashes else traced(error)
            crash = Crash(record.path, record.row, describe(error), trace=trace)
            note_crash(part, active.id, crash)
    # No single record makes it raise:
    if batch_error is not None and part.crashes.get(active.id) == known:
        note_crash(part, active.id, crash_of(batch.path, batch.rows[0], batch_error))
    if not found:
        return found
    positions = {row: position for position, row in enumerate(batch.rows)}
    return [
        stamp(named(finding, active, batch.dataset), batch.records[positions[finding.at.row]])
        if finding.at.row in positions
        else named(finding, active, batch.dataset)
        for finding in found
    ]


def _roles(rule: Any, batch: Batch) -> list[str]:
    """Return the roles of the texts that a rule judged, each once per record."""
    texts = batch.texts(rule.roles)
    return [
        role
        for _, role in {
            (position, item.role)
            for position, item in zip(texts.positions, texts.items, strict=True)
        }
        if role
    ]


def _observed(
    part: Partial,
    index: int,
    observer: Observer,
    batch: Batch,
    rules: Sequence[tuple[Active, DatasetRule]],
    *,
    raising: bool,
) -> bool:
    judged = batch if observer.sees == "all" else batch.valid
    if not judged.values:
        return True
    users = [active for active, rule in rules if rule.observer() == observer]
    with clocked(part.seconds, users[0].id):
        try:
            columns = observer.observe(judged.within(observer.languages))
            part.states.setdefault(index, []).append(_located(observer, judged, columns))
        except PluginError as error:
            raise blamed(users[0], error) from error
        except Exception as error:  # becomes a problem of each rule that needs this observer
            if raising:
                raise
            for active in users:
                note_crash(part, active.id, crash_of(judged.path, judged.rows[0], error))
            return False
    return True


def _located(observer: Observer, batch: Batch, columns: Columns) -> Columns:
    """Return an observer's columns together with those that locate each row."""
    if taken := set(observer.state) & {*ENGINE_COLUMNS, "record"}:
        raise PluginError(
            f"{type(observer).__name__}.state declares {', '.join(sorted(taken))}, "
            "which the engine adds itself",
            "use another name",
        )
    missing = set(observer.state) - set(columns)
    unknown = set(columns) - set(observer.state) - {"record"}
    if missing or unknown:
        raise PluginError(
            f"{type(observer).__name__}.observe() and its `state` disagree on "
            f"{', '.join(sorted(missing | unknown))}"
        )
    positions = columns.get("record")
    size = len(batch) if positions is None else len(positions)
    if any(len(columns[name]) != size for name in observer.state):
        raise PluginError(f"{type(observer).__name__}.observe() returned columns of unequal length")
    for name, kind in observer.state.items():
        if why := misfit(columns[name], kind):
            raise BrokenContractError(f"its column {name!r} of type {kind} {why}")
    contents: Sequence[bytes] = batch.digests
    rows: Sequence[int] = batch.rows
    lines: Sequence[int | None] = batch.lines
    if positions is not None:
        contents, rows, lines = (
            [contents[p] for p in positions],
            [rows[p] for p in positions],
            [lines[p] for p in positions],
        )
    own = {name: columns[name] for name in observer.state}
    origin = {"rank": [batch.input.split_rank] * size, "file": [batch.input.index] * size}
    return {**own, **origin, "content": contents, "row": rows, "line": lines}
