"""The run of one dataset: select rules, fold, conclude, and add to the outcome."""

from __future__ import annotations

import datetime
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from dslint import engine, registry
from dslint.data.datasets import Dataset
from dslint.data.readers.source import DataFile, FileSource
from dslint.engine.partial import Partial, Totals
from dslint.errors import InputError
from dslint.gate import suppressions
from dslint.masking.redact import redact, redact_finding
from dslint.model import Finding, Problem, RuleState, Shard
from dslint.rules.base import Active
from dslint.run.job import Job, Map, fold_shard, folded
from dslint.run.plan import Plan
from dslint.run.report import Outcome, Standing
from dslint.storage.state import Store

_PARTITION = 8
"""Memory that state may take while rules conclude from it, as a multiple of its size."""
_MAX_PARTITIONS = 64
_FETCHED = 100_000
"""Findings whose records are fetched at once: each fetch reads the files again."""


class Watch:
    """Receives the progress of a run; this base class ignores it."""

    def begins(self, total: int) -> None:
        """Handle that a dataset of `total` bytes starts to be read."""

    def read(self, records: int, part: float) -> None:
        """Handle that more records were read; `part` is the share of bytes that is done."""

    def concludes(self, rule: str) -> None:
        """Handle that a dataset rule starts to conclude."""

    def crashed(self, rule: str, trace: str) -> None:
        """Handle that a rule has crashed; its first traceback `trace` does not quote the data."""

    def close(self) -> None:
        """Handle the end of the run."""


class DatasetRun:
    """The run of one dataset; `check` performs all steps."""

    def __init__(
        self, plan: Plan, dataset: Dataset, outcome: Outcome, today: datetime.date, watch: Watch
    ) -> None:
        self._plan = plan
        self._dataset = dataset
        self._outcome = outcome
        self._watch = watch
        settings = plan.settings
        self._stamper = suppressions.Stamper(
            settings.suppress,
            dataset.settings.slices,
            {name for name, known in plan.env.known.items() if known.rule.sensitive},
            identity_by_id="id" in dataset.settings.columns,
            # The salt of a baseline is no secret.
            keyed=bool(settings.key) and settings.baseline is None,
            today=today,
        )
        choice = plan.choice(dataset.settings.rules)
        self._explicit = choice.explicit
        self._active = [item for item in choice.active if self._applies(item)]
        self._observers = engine.observers_of(self._active)
        for name, (state, reason) in choice.idle.items():
            outcome.standings[name].append(Standing(state, reason))

    def check(self, run_all: Map, *, several: bool) -> None:
        """Run the rules on the dataset. `several`: the run has several datasets."""
        whole = self.fold(run_all)
        try:
            self.conclude(whole)
        except InputError as error:
            self._outcome.problems.append(_problem(error, error.path))
        self.add(whole, several=several)

    def fold(self, run_all: Map) -> Totals:
        """Fold all shards, and merge their results."""
        jobs = list(self._jobs())
        # In this process, results are merged as they come; a worker returns a whole shard at once.
        results = map(fold_shard, jobs) if run_all is map else run_all(folded, jobs)
        with self._stage("read and judge"):
            return engine.merge(
                self._watched(results, jobs),
                self._observers,
                self._add_findings,
                self._plan.settings.memory,
            )

    def conclude(self, whole: Totals) -> None:
        """Run the dataset rules. Raises InputError for a file that has changed in between."""
        files, settings = self._dataset.files, self._plan.settings
        source = FileSource(
            {opened.input.path: opened for opened in files},
            whole.marks,
            settings.max_record_bytes,
            settings.max_depth,
        )
        has_id = any("id" in opened.input.columns for opened in files)

        def take(findings: Iterable[Finding]) -> None:
            self._add_findings(self._stamped(findings, source, has_id=has_id))

        def partitions(store: Store) -> int:
            return min(1 + _PARTITION * store.bytes // settings.memory, _MAX_PARTITIONS)

        for opened in files:
            source.unchanged(opened)
        with self._stage("conclude"):
            engine.conclude(
                whole,
                self._active,
                self._observers,
                [opened.input for opened in files],
                source,
                take,
                partitions,
                self._watch.concludes,
            )

    def add(self, whole: Totals, *, several: bool) -> None:
        """Add the totals of the dataset to the outcome of the run."""
        outcome = self._outcome
        for name, reason in whole.idle.items():
            outcome.standings[name][-1] = self._not_applicable(name, reason)
        outcome.judged.update(
            {name: count for name, count in whole.judged.items() if name not in whole.idle}
        )
        for (sees, kind, value), number in whole.sliced.items():
            # Masked like the slices of findings, so that they match.
            outcome.sliced[sees, kind, redact(value)] += number
        outcome.columns.update(whole.columns)
        outcome.tallies.update(whole.tallies)
        outcome.crashes.update(whole.crashes)
        for name, crash in whole.crashes.items():
            self._watch.crashed(name, crash.trace)
        outcome.problems.extend(whole.problems)
        outcome.seconds.update(whole.seconds)
        for name, measured in whole.measures.items():
            # The name of a measure may contain labels, or splits as in `overlap[train>test]`.
            safe = redact(">".join(map(redact, name.split(">"))))
            named = f"{safe}[dataset={self._dataset.name}]" if several else safe
            outcome.measures[named] = max(measured, outcome.measures.get(named, measured))

    def _applies(self, item: Active) -> bool:
        """Return whether a rule applies to the dataset, and record its state."""
        reason = _why_not(item, self._dataset)
        if reason is not None:
            self._outcome.standings[item.id].append(self._not_applicable(item.id, reason))
            return False
        self._outcome.standings[item.id].append(Standing(RuleState.RAN))
        self._outcome.active.setdefault(item.id, item)
        return True

    def _not_applicable(self, rule: str, reason: str) -> Standing:
        return Standing(RuleState.NOT_APPLICABLE, reason, asked=rule in self._explicit)

    def _jobs(self) -> Iterator[Job]:
        settings, changes = self._plan.settings, self._outcome.changes
        own = self._dataset.settings.rules
        for opened in self._dataset.files:
            path = opened.input.path
            rules = self._plan.for_file(self._active, own, path)
            for shard in self._shards(opened):
                yield Job(
                    shard,
                    opened.reader,
                    opened.shape,
                    rules,
                    tuple(self._observers),
                    self._stamper,
                    self._dataset.settings.slices,
                    settings.max_record_bytes,
                    settings.max_depth,
                    self._plan.env.loaded.identify,
                    None if changes is None else changes.new.get(path, b""),
                    settings.staged,
                )

    def _shards(self, opened: DataFile) -> list[Shard]:
        """Return the shards of a file. If it cannot be cut, return none and record a problem."""
        try:
            return opened.reader.split(
                opened.input, opened.location, self._plan.settings.shard_size
            )
        except InputError as error:
            self._outcome.problems.append(_problem(error, opened.input.path))
            return []

    def _watched(
        self, results: Iterable[Iterable[Partial]], jobs: Sequence[Job]
    ) -> Iterator[Partial]:
        """Yield the results of the shards, and report progress."""
        sizes = [job.bytes for job in jobs]
        self._watch.begins(sum(sizes))
        done = 0
        for parts, size in zip(results, sizes, strict=True):
            for part in parts:
                self._watch.read(sum(tally.records for tally in part.tallies.values()), 0)
                yield part
            done += size
            self._watch.read(0, done / (sum(sizes) or 1))

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            stages = self._outcome.stages
            stages[name] = stages.get(name, 0.0) + time.perf_counter() - start

    def _add_findings(self, findings: Iterable[Finding]) -> None:
        self._outcome.findings.extend(
            redact_finding(finding) for finding in findings if not self._plan.off(finding)
        )

    def _stamped(
        self, findings: Iterable[Finding], source: FileSource, *, has_id: bool
    ) -> Iterator[Finding]:
        """Complete the findings of dataset rules, fetching records only if needed."""
        waiting: list[Finding] = []
        for finding in findings:
            if finding.at.path is None or finding.rule.startswith(f"{registry.ALWAYS}/"):
                yield finding
            elif self._stamper.needs_record(finding, has_id=has_id):
                waiting.append(finding)
                if len(waiting) >= _FETCHED:
                    yield from self._fetched(waiting, source)
                    waiting = []
            else:
                yield self._stamper.told(finding)
        if waiting:
            yield from self._fetched(waiting, source)

    def _fetched(self, findings: Iterable[Finding], source: FileSource) -> Iterator[Finding]:
        by_place: defaultdict[tuple[str | None, int | None], list[Finding]] = defaultdict(list)
        for finding in findings:
            by_place[finding.at.path, finding.at.row].append(finding)
        for record in source.records({found[0].at for found in by_place.values()}):
            for finding in by_place.pop((record.path, record.row), ()):
                yield self._stamper(finding, record)
        for rest in by_place.values():
            yield from rest


def _problem(error: InputError, path: str | None) -> Problem:
    return Problem(kind=error.kind, message=error.message, path=path, hint=error.hint or None)


def _why_not(item: Active, dataset: Dataset) -> str | None:
    """Return why a rule does not apply to a dataset, or None if it does."""
    rule = item.rule
    roles = set(rule.needs_roles)
    if roles and not any(roles & shape.roles for shape in dataset.shapes):
        shapes = ", ".join(shape.name for shape in dataset.shapes)
        return f"no {' or '.join(map(str, rule.needs_roles))} texts in shape {shapes}"
    declared = dataset.settings.languages
    if rule.languages and declared and not set(rule.languages) & set(declared):
        return (
            f"the rule is for {', '.join(rule.languages)}, "
            f"and the dataset is declared to be in {', '.join(declared)}"
        )
    for kind in rule.needs_columns:
        if any(kind in opened.input.columns for opened in dataset.files):
            continue
        if kind != "split":
            return f"no {kind} column is known; name it with --column {kind}=FIELD"
        if len({opened.input.split for opened in dataset.files} - {None}) < 2:
            return "fewer than two splits are known; name them with --split NAME=GLOB"
    return None
