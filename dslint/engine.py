"""Fold, merge, conclude: pure functions from batches of records to findings and measures. Knows no files, prints nothing."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from msgspec.structs import replace

from dslint.batch import Batch, Identify
from dslint.columns import TYPES, Chunk, Columns, is_type, misfit, to_arrow
from dslint.errors import DslintError, InputError, NotApplicableError, PluginError
from dslint.findings import Findings
from dslint.model import Confidence, Finding, Input, Location, Measure, Problem, Severity
from dslint.partial import Crash, Partial, Tally, Whole, note_crash
from dslint.protocols import Source
from dslint.record import Record
from dslint.rules import Active, DatasetRule, Observer, PairRule, RecordRule
from dslint.state import ENGINE_COLUMNS, State, Store

Stamp = Callable[[Finding, Record], Finding]
"""Adds to a finding what only its record tells: id, identity, slices, and whether the owners suppressed it."""

Sink = Callable[[Iterable[Finding]], None]
"""Takes findings as they come."""

PAIRS_AT_ONCE = 10_000
PIECE = 64
"""Batches after which a shard hands over what it has: a file that cannot be cut must not fill the memory."""


def observers_of(rules: Sequence[Active]) -> list[Observer]:
    """Return the observers of the dataset rules, equal ones once."""
    found: list[Observer] = []
    for active in rules:
        if isinstance(active.rule, DatasetRule):
            observer = active.rule.observer()
            if observer not in found:
                _require_state(active, active.rule, observer)
                found.append(observer)
    return found


def _require_state(active: Active, rule: DatasetRule, observer: Observer) -> None:
    """Raise PluginError for columns of state that cannot be: small state would hide it."""
    declared = observer.state
    if not isinstance(declared, Mapping):
        raise _blamed(active, PluginError("its state is no mapping from columns to types"))
    for name, kind in declared.items():
        if not is_type(kind):
            what = f"unknown state type {kind!r} of column {name!r}"
            raise _blamed(active, PluginError(what, TYPES))
    if rule.key is not None and rule.key not in {*declared, *ENGINE_COLUMNS}:
        raise _blamed(active, PluginError(f"its key {rule.key!r} is no column of its state"))


def _blamed(active: Active, error: PluginError) -> PluginError:
    """Return an error that says whose it is."""
    who = f"{active.plugin} {active.version}"
    hint = error.hint or f"tell the authors of {active.plugin}"
    return PluginError(f"rule {active.id} of {who}: {error.message}", hint)


class _BrokenContractError(Exception):
    """What a rule gives is not what it should; the message quotes no data."""


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
    """Read the batches of a shard once, through every record rule and observer, and yield what they come to, piece by piece.

    With `raising` what a rule raises is raised, where else it becomes a crash.
    """
    folding = _Folding(rules, observers, stamp, slices, identify)
    folding.raising = raising
    rest = iter(batches)
    while not folding.ended:
        yield folding.piece(rest)


def merge(parts: Iterable[Partial], observers: Sequence[Observer], sink: Sink, memory: int | None = None) -> Whole:
    """Add partial results up; their order does not matter for what is concluded. Findings go to the `sink`.

    State of more than `memory` bytes goes to disk.
    """
    whole = Whole()
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
                whole.stores[index] = Store(ENGINE_COLUMNS | dict(observer.state), None if memory is None else memory // (2 * len(observers)))
            try:
                _keep(whole.stores[index], chunks, observer)
            except Exception as error:  # what a stranger keeps may be anything
                if isinstance(error, DslintError) and not isinstance(error, PluginError):
                    raise
                whole.spoiled.setdefault(index, _crash("", -1, error))
        whole.spoiled = {**part.spoiled, **whole.spoiled}
        for index in whole.spoiled:
            whole.stores.pop(index, None)
    return whole


def conclude(
    whole: Whole,
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
    """Let the dataset rules have their say over the whole, one after the other: findings go to the `sink`, measures into the whole.

    `partitions` says into how many parts state is dealt out, so that one of them fits into memory; `starting` is told the id of each rule.
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
        with _clock(whole.seconds, active.id):
            try:
                findings, own = _concluded(rule, active, store, observer, inputs, source, parts)
            except PluginError as error:
                raise _blamed(active, error) from error
            except DslintError:
                raise
            except NotApplicableError as reason:
                whole.idle[active.id] = str(reason)
                continue
            except Exception as error:
                if raising:
                    raise
                note_crash(whole, active.id, _crash("", -1, error))  # and the other rules go on
                continue
        sink(findings)
        whole.measures.update({f"{active.id}.{name}": value for name, value in own.items()})


def packed(part: Partial, observers: Sequence[Observer]) -> Partial:
    """Return a partial result with its state as Arrow, to cross a process: packing and unpacking it costs next to nothing."""
    for index, chunks in list(part.states.items()):
        try:
            part.states[index] = [to_arrow(ENGINE_COLUMNS | dict(observers[index].state), chunks)]
        except Exception as error:  # noqa: BLE001 - what a stranger keeps may be anything
            part.spoiled[index] = _crash("", -1, error)
            del part.states[index]
    return part


def describe(error: BaseException) -> str:
    """Name an exception and the line that raised it. Its message is left out: it may quote the data."""
    import traceback

    if isinstance(error, (PluginError, _BrokenContractError)):  # these are ours
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    return f"{type(error).__name__} in {frames[-1].name}, {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"


def traced(error: BaseException) -> str:
    """Return the traceback, without the messages of exceptions, which may quote the data."""
    from traceback import format_tb

    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [traced(cause), "\nwhich led to:\n"] if cause is not None else []
    last = f"{type(error).__name__} (message left out)"
    frames = format_tb(error.__traceback__)
    return "\n".join([*before, "Traceback (most recent call last):", *frames, last])


def _crash(path: str, row: int, error: Exception) -> Crash:
    return Crash(path, row, describe(error), trace=traced(error))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the cyclic collector from walking the many young dicts of each batch; batches are freed by reference count."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


@contextmanager
def _clock(seconds: Counter[str], rule: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[rule] += time.perf_counter() - start  # type: ignore[assignment]


class _Folding:
    """One shard on its way through the rules."""

    def __init__(
        self, rules: Sequence[Active], observers: Sequence[Observer], stamp: Stamp, slices: Sequence[str], identify: Identify | None
    ) -> None:
        self.record_rules = [(active, active.rule) for active in rules if isinstance(active.rule, RecordRule)]
        self.dataset_rules = [(active, active.rule) for active in rules if isinstance(active.rule, DatasetRule)]
        self.observers = observers
        self.stamp = stamp
        self.slices = slices
        self.identify = identify
        self.broken: set[int] = set()
        self.ended = False
        self.raising = False

    def piece(self, batches: Iterator[Batch]) -> Partial:
        """Take the next batches, as many as make a piece."""
        part = Partial()
        with _collector_paused():
            for _ in range(PIECE):
                try:
                    batch = next(batches)
                except StopIteration:
                    self.ended = True
                    break
                except InputError as error:  # the rest of the file cannot be read: a problem, and what was read stays checked
                    part.problems.append(Problem(kind=error.kind, message=error.message, path=error.path, hint=error.hint or None))
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
        for active, rule in self.record_rules:
            judged = batch if rule.sees == "all" else batch.valid
            if judged.values:
                with _clock(part.seconds, active.id):
                    part.judged[active.id] += len(judged)
                    part.findings.extend(_checked(part, active, rule, judged.within(rule.languages), self.stamp, raising=self.raising))
                    if rule.by_role:
                        part.sliced.update((active.id, "role", role) for role in _roles(rule, judged))
        for active, dataset_rule in self.dataset_rules:
            part.judged[active.id] += len(batch if dataset_rule.sees == "all" else batch.valid)
        for index, observer in enumerate(self.observers):
            if index not in self.broken and not _observed(part, index, observer, batch, self.dataset_rules, raising=self.raising):
                self.broken.add(index)


def _count(part: Partial, batch: Batch, slices: Sequence[str]) -> None:
    tally = part.tallies.setdefault(batch.input.index, Tally())
    unreadable = [defect for defect in batch.defects if defect.rule == "dslint/parse-error"]
    tally.records += len(batch) + len(unreadable)
    tally.unreadable += len(unreadable)
    tally.misfits += len(batch) - len(batch.valid)
    if batch.mark is not None:
        part.marks.setdefault(batch.input.index, []).append(batch.mark)
    # The core's own rules are counted here: readers make their findings.
    part.judged["dslint/parse-error"] += len(batch) + len(unreadable)
    part.judged["dslint/duplicate-key"] += len(batch)
    for defect in batch.defects:
        at = Location(batch.path, defect.row, defect.line, defect.column, defect.field, byte=defect.byte, inline=batch.input.inline)
        part.findings.append(Finding(at=at, message=defect.message, rule=defect.rule, dataset=batch.dataset, identity=defect.identity))
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
    """Run a rule over a batch. If it raises, go on record by record, so that all that can be judged is, whatever the size of batches."""
    found: list[Finding] = []
    whole: Exception | None = None
    try:
        found = _findings(rule.check_batch(batch))
    except PluginError:  # not of this rule
        raise
    except Exception as error:  # it ends as a problem, of a record if one of them causes it
        if raising:
            raise
        whole = error
    known = part.crashes.get(active.id)
    for record in () if whole is None else batch.records:
        try:
            found.extend(_findings(rule.check(record)))
        except Exception as error:  # noqa: BLE001 - it ends as a problem that names rule, plugin and record
            trace = "" if active.id in part.crashes else traced(error)  # of the first only: it takes time
            crash = Crash(record.path, record.row, describe(error), trace=trace)
            note_crash(part, active.id, crash)
    if whole is not None and part.crashes.get(active.id) == known:  # no record alone makes it raise
        note_crash(part, active.id, _crash(batch.path, batch.rows[0], whole))
    if not found:
        return found
    positions = {row: position for position, row in enumerate(batch.rows)}
    return [
        stamp(_named(finding, active, batch.dataset), batch.records[positions[finding.at.row]])
        if finding.at.row in positions
        else _named(finding, active, batch.dataset)
        for finding in found
    ]


def _roles(rule: Any, batch: Batch) -> list[str]:
    """Return the roles of the texts that a rule judged, once for each record that has such a text."""
    texts = batch.texts(rule.roles)
    return [role for _, role in {(position, item.role) for position, item in zip(texts.positions, texts.items, strict=True)} if role]


def _findings(said: Iterable[Finding]) -> list[Finding]:
    found = list(said)
    for item in found:
        _require_finding(item)
    return found


def _require_finding(item: Finding) -> None:
    """Raise _BrokenContractError for a finding that is none."""
    if not isinstance(item, Finding):
        raise _BrokenContractError(f"yields {type(item).__name__} in place of findings")
    if item.severity is not None and not isinstance(item.severity, Severity):
        raise _BrokenContractError("yields a finding whose severity is none")
    if not isinstance(item.confidence, Confidence):
        raise _BrokenContractError("yields a finding whose confidence is none")
    if not all(isinstance(at, Location) for at in (item.at, *item.related)):
        raise _BrokenContractError("yields a finding without a location")
    if not isinstance(item.message, str) or not isinstance(item.suggestion, str | None):
        raise _BrokenContractError("yields a finding whose message or suggestion is no text")
    if not isinstance(item.score, float | int | None):
        raise _BrokenContractError("yields a finding whose score is no number")


def _named(finding: Finding, active: Active, dataset: str) -> Finding:
    severity = active.severity or finding.severity or active.rule.severity
    return replace(finding, rule=active.id, severity=severity, dataset=dataset)


def _observed(part: Partial, index: int, observer: Observer, batch: Batch, rules: Sequence[tuple[Active, DatasetRule]], *, raising: bool) -> bool:
    judged = batch if observer.sees == "all" else batch.valid
    if not judged.values:
        return True
    users = [active for active, rule in rules if rule.observer() == observer]
    with _clock(part.seconds, users[0].id):
        try:
            said = observer.observe(judged.within(observer.languages))
            part.states.setdefault(index, []).append(_located(observer, judged, said))
        except PluginError as error:
            raise _blamed(users[0], error) from error
        except Exception as error:  # it ends as a problem of each rule that needs this observer
            if raising:
                raise
            for active in users:
                note_crash(part, active.id, _crash(judged.path, judged.rows[0], error))
            return False
    return True


def _located(observer: Observer, batch: Batch, said: Columns) -> Columns:
    """Add to what an observer said where each row comes from."""
    if taken := set(observer.state) & {*ENGINE_COLUMNS, "record"}:
        raise PluginError(f"{type(observer).__name__}.state declares {', '.join(sorted(taken))}, which the engine adds itself", "use another name")
    missing = set(observer.state) - set(said)
    unknown = set(said) - set(observer.state) - {"record"}
    if missing or unknown:
        raise PluginError(f"{type(observer).__name__}.observe() and its `state` disagree on {', '.join(sorted(missing | unknown))}")
    positions = said.get("record")
    size = len(batch) if positions is None else len(positions)
    if any(len(said[name]) != size for name in observer.state):
        raise PluginError(f"{type(observer).__name__}.observe() returned columns of unequal length")
    for name, kind in observer.state.items():
        if why := misfit(said[name], kind):
            raise _BrokenContractError(f"its column {name!r} of type {kind} {why}")
    contents: Sequence[bytes] = batch.digests
    rows: Sequence[int] = batch.rows
    lines: Sequence[int | None] = batch.lines
    if positions is not None:
        contents, rows, lines = (
            [contents[p] for p in positions],
            [rows[p] for p in positions],
            [lines[p] for p in positions],
        )
    own = {name: said[name] for name in observer.state}
    origin = {"rank": [batch.input.split_rank] * size, "file": [batch.input.index] * size}
    return {**own, **origin, "content": contents, "row": rows, "line": lines}


def _keep(store: Store, chunks: Iterable[Chunk], observer: Observer) -> None:
    """Add chunks of state; let the observer compact what is in memory whenever that has doubled, and put on disk what is too much then."""
    for chunk in chunks:
        store.add(chunk)
    if store.grown:
        compacted = observer.compact(State(observer.state, store.held))
        store.hold(store.held if compacted is None else [compacted])
    store.spill()


def _concluded(
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
    for part in [store] if partitions < 2 or rule.key is None else store.dealt(rule.key, partitions):
        state = State(observer.state, part, inputs, rule.key)
        compacted = observer.compact(state)
        if compacted is not None:
            state = State(observer.state, [compacted], inputs, rule.key)
        if isinstance(rule, PairRule):
            pairs.update(_pairs(rule, state))
        for said in rule.conclude(state, source):
            if not isinstance(said, Measure):
                _require_finding(said)
                findings.extend([_named(said, active, datasets.get(said.at.path or "", dataset))])
            elif not (isinstance(said.name, str) and isinstance(said.value, float | int)):
                raise _BrokenContractError("gives a measure that is no name with a number")
            elif rule.key is not None:
                measures[said.name] = measures.get(said.name, 0) + said.value
            elif said.name in measures:
                raise PluginError(f"rule {active.id} gives the measure {said.name!r} twice")
            else:
                measures[said.name] = said.value
    if isinstance(rule, PairRule):
        state = State(observer.state, store, inputs, rule.key)
        ordered = [pairs[key] for key in sorted(pairs)]
        for start in range(0, len(ordered), PAIRS_AT_ONCE):
            findings.extend(
                _named(said, active, datasets.get(said.at.path or "", dataset))
                for said in _findings(rule.verify(ordered[start : start + PAIRS_AT_ONCE], state, source))
            )
    return (findings if rule.key is None else Findings(_one_per_record(findings))), measures


def _pairs(rule: PairRule, state: State) -> dict[tuple[int, ...], tuple[Any, Any]]:
    found: dict[tuple[int, ...], tuple[Any, Any]] = {}
    for _, group in state.groups(rule.key, at_least=2):
        for a, b in rule.pair(sorted(group)):
            if (a.file, a.row) != (b.file, b.row):
                first, second = sorted((a, b))
                found[first.file, first.row, second.file, second.row] = (first, second)
    return found


def _one_per_record(findings: Findings) -> Iterator[Finding]:
    for _, same in groupby(findings, key=lambda finding: (finding.at.path, finding.at.row)):
        found = list(same)
        yield found[0] if len(found) == 1 else min(found, key=_preference)


def _preference(finding: Finding) -> tuple[Any, ...]:
    """Of several findings of a keyed rule on one record keep the gravest, then the highest score, then the nearest in order."""
    related = [(at.path or "", at.row or 0) for at in finding.related]
    return (-(finding.severity or 0), -(finding.score or 0.0), related, *finding.order())
