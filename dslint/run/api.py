"""The whole run in one function: `lint`. The command line, the hooks and the tests all come through here. Prints nothing, exits never."""

from __future__ import annotations

import datetime
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dslint import config, engine, gate, registry
from dslint.config.build import build, for_file, limits_of
from dslint.data import readers, shapes
from dslint.data.datasets import Dataset, open_inputs
from dslint.data.protocols import Reader
from dslint.data.readers.source import FileSource, Opened
from dslint.engine.partial import Partial
from dslint.errors import InputError
from dslint.gate import baseline, suppressions
from dslint.git import changes
from dslint.helpers.globs import matches_any
from dslint.masking.redact import redact, redact_finding, texts_at
from dslint.model import Finding, Problem, Report, Shape, Shard
from dslint.rules.base import Active
from dslint.run.job import Job, Map, fold_shard
from dslint.run.report import Outcome, assemble, unmatched
from dslint.settings import RuleSettings, Settings

_PARTITION = 8
"""Times its size that state may take while it is concluded from."""
_MAX_PARTITIONS = 64
_FETCHED = 100_000
"""Findings whose records are fetched at a time: each time the files are read once more."""


class Environment(Struct, frozen=True):
    """What is installed: plugins and what they bring, together with what the core has."""

    loaded: registry.Loaded
    known: registry.Catalogue
    shapes: tuple[Shape, ...]
    readers: tuple[Reader, ...]

    @property
    def shape_names(self) -> list[str]:
        """The names of all shapes."""
        return [shape.name for shape in self.shapes]


def environment() -> Environment:
    """Return what is installed. Raises PluginError if a plugin is broken."""
    loaded = registry.load(registry.discover())
    registry.require_sound(loaded)
    return Environment(
        loaded,
        registry.catalogue(loaded),
        (*loaded.shapes, *shapes.BUILT_IN),
        (*loaded.readers, *readers.BUILT_IN),
    )


def configure(
    env: Environment, given: str | config.Raw | Mapping[str, Any] | None, profile: str | None = None
) -> Settings:
    """Return the settings of a configuration: a path, what was read from there, a document as it would stand in the file, or None for none."""
    if isinstance(given, str):
        given = config.read(given)
    raw = given if isinstance(given, config.Raw) else config.Raw(None, "", given or {}, os.getcwd())
    return config.parse(raw, env.known, env.loaded, env.shape_names, profile)


class Watch:
    """What is told of a run while it goes on; this one does not listen."""

    def begins(self, total: int) -> None:
        """Hear that a dataset of so many bytes begins to be read."""

    def read(self, records: int, part: float) -> None:
        """Hear that so many more records were read; `part` of the bytes is done."""

    def concludes(self, rule: str) -> None:
        """Hear that a dataset rule begins to conclude."""

    def crashed(self, rule: str, trace: str) -> None:
        """Hear that a rule failed, with the traceback of the first time, which quotes no data."""

    def close(self) -> None:
        """Hear that the run is over."""


def lint(
    paths: Sequence[str] = (),
    config: str | Mapping[str, Any] | Settings | None = None,
    *,
    map: Map = map,  # noqa: A002 - shaped like the builtin
) -> Report:
    """Check datasets and return the report.

    `paths` are files, folders or globs; without any, the configured files, else the working folder. `config` is the path of a
    configuration, its content as a dict, or settings. Raises DslintError where nothing can be checked: a wrong configuration, a broken plugin.
    """
    env = environment()
    settings = config if isinstance(config, Settings) else configure(env, config)
    return run(env, settings, paths, map=map)


def run(
    env: Environment,
    settings: Settings,
    paths: Sequence[str] = (),
    *,
    map: Map = map,  # noqa: A002 - shaped like the builtin
    watch: Watch | None = None,
) -> Report:
    """Check datasets with what is installed and set, and return the report."""
    settings = baseline.loaded(settings)
    validate(env, settings)
    today = settings.today or datetime.datetime.now(tz=datetime.UTC).date()
    inputs = open_inputs(paths, settings, env.readers, env.shapes)
    outcome = Outcome(problems=inputs.problems)
    changed = frozenset[str]() if settings.revision is None else settings.revision.changed
    if settings.since is not None or settings.staged:
        outcome.changes = changes.compare(inputs.datasets, settings, env.readers)
        outcome.problems.extend(outcome.changes.problems)
        inputs.notes.extend(outcome.changes.notes)
        changed |= outcome.changes.altered
        settings = replace(
            settings, allow_empty=settings.allow_empty or bool(inputs.datasets), narrowed=True
        )
    if changed:
        from dslint.git.unchecked import unchecked

        tried = {problem.path for problem in inputs.problems if problem.path}
        checked = {opened.input.path for opened in inputs.files} | tried
        outcome.problems.extend(unchecked(changed, checked, paths, settings, env.readers))
    for dataset in inputs.datasets:
        _check(
            env,
            settings,
            dataset,
            outcome,
            map,
            today,
            watch or Watch(),
            several=len(inputs.datasets) > 1,
        )
    files = inputs.files
    if not settings.staged:
        outcome.problems.extend(
            unmatched(settings, outcome, [opened.input.path for opened in files], named=bool(paths))
        )
    report = assemble(env.known, settings, outcome, inputs, today)
    if not settings.excerpts:
        return report
    from dslint.run.excerpts import excerpts

    sensitive = {name for name, known in env.known.items() if known.rule.sensitive}
    return replace(report, excerpts=excerpts(report.findings, files, sensitive, settings))


def matched(
    env: Environment, settings: Settings, paths: Sequence[str], findings: Iterable[Finding]
) -> dict[str, str]:
    """Return the matched texts of findings that have a span, by fingerprint. No report holds them: their records are read once more."""
    inputs = open_inputs(paths, settings, env.readers, env.shapes)
    files = {opened.input.path: opened for opened in inputs.files}
    by_place: defaultdict[tuple[str | None, int | None], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.at.start is not None and finding.at.path in files:
            by_place[finding.at.path, finding.at.row].append(finding)
    source = FileSource(files, {}, settings.max_record_bytes, settings.max_depth)
    values = {}
    for record in source.records({finding.at for found in by_place.values() for finding in found}):
        for finding in by_place[record.path, record.row]:
            texts = list(texts_at(record.value, finding.at.field).values())
            if len(texts) == 1:  # a masked field may be any of several
                values[finding.fingerprint] = texts[0][finding.at.start : finding.at.end]
    return values


def validate(env: Environment, settings: Settings) -> None:
    """Raise ConfigError if the settings could not be run: a wrong option, a rule that is not available, a limit on what nobody measures."""
    gate.check_names(
        limits_of(baseline.loaded(settings)),
        {name: known.rule.measures for name, known in env.known.items()},
    )
    for own in [dataset.rules for dataset in settings.datasets] or [{}]:
        _choice(env, settings, own)


def _choice(
    env: Environment, settings: Settings, own: Mapping[str, RuleSettings]
) -> registry.Choice:
    tables = [settings.rules, own]
    configured = [name for table in tables for name in table if "/" in name]
    return registry.choose(
        env.known,
        settings.select,
        settings.extend_select,
        settings.ignore,
        configured,
        lambda entry: build(entry, tables),
        settings.scope,
        pre_commit=settings.pre_commit,
    )


def _check(
    env: Environment,
    settings: Settings,
    dataset: Dataset,
    outcome: Outcome,
    run_all: Map,
    today: datetime.date,
    watch: Watch,
    *,
    several: bool,
) -> None:
    """Check one dataset and add what it comes to."""
    choice = _choice(env, settings, dataset.settings.rules)
    active: list[Active] = []
    for item in choice.active:
        reason = _not_applicable(item, dataset)
        if reason is None:
            active.append(item)
            outcome.states[item.id].append(("ran", None))
            outcome.active.setdefault(item.id, item)
        else:
            outcome.states[item.id].append(
                ("asked" if item.id in choice.explicit else "not-applicable", reason)
            )
    for name, (state, reason) in choice.idle.items():
        outcome.states[name].append((state, reason))
    observers = engine.observers_of(active)
    inputs = [opened.input for opened in dataset.files]
    sensitive = {name for name, known in env.known.items() if known.rule.sensitive}
    has_id = "id" in dataset.settings.columns
    stamper = suppressions.Stamper(
        settings.suppress,
        dataset.settings.slices,
        sensitive,
        identity_by_id=has_id,
        keyed=bool(settings.key)
        and settings.baseline is None,  # the salt of a baseline is no secret
        today=today,
    )
    tables = [settings.rules, dataset.settings.rules]
    jobs = [
        Job(
            shard,
            opened.reader,
            opened.shape,
            tuple(rules),
            tuple(observers),
            stamper,
            dataset.settings.slices,
            settings.max_record_bytes,
            settings.max_depth,
            env.loaded.identify,
            None if outcome.changes is None else outcome.changes.new.get(opened.input.path, b""),
            settings.staged,
        )
        for opened in dataset.files
        for rules in [for_file(active, env.known, tables, settings.overrides, opened.input.path)]
        for shard in _shards(opened, settings, outcome)
    ]

    def take(findings: Iterable[Finding]) -> None:
        outcome.findings.extend(
            _overridden(redact_finding(finding), settings)
            for finding in findings
            if not _off(finding, settings)
        )

    with _stage(outcome, "read and judge"):
        whole = engine.merge(
            _watched(run_all(fold_shard, jobs), jobs, watch), observers, take, settings.memory
        )
    source = FileSource(
        {opened.input.path: opened for opened in dataset.files},
        whole.marks,
        settings.max_record_bytes,
        settings.max_depth,
    )
    columns = any("id" in opened.input.columns for opened in dataset.files)
    try:
        for opened in dataset.files:
            source.unchanged(opened)
        with _stage(outcome, "conclude"):
            engine.conclude(
                whole,
                active,
                observers,
                inputs,
                source,
                lambda findings: take(_stamped(findings, stamper, source, has_id=columns)),
                lambda store: min(1 + _PARTITION * store.bytes // settings.memory, _MAX_PARTITIONS),
                watch.concludes,
            )
    except InputError as error:
        outcome.problems.append(
            Problem(
                kind=error.kind, message=error.message, path=error.path, hint=error.hint or None
            )
        )
    for name, reason in whole.idle.items():
        outcome.states[name][-1] = (
            "asked" if name in choice.explicit else "not-applicable",
            reason,
        )
    outcome.judged.update(
        {name: count for name, count in whole.judged.items() if name not in whole.idle}
    )
    for (
        sees,
        kind,
        value,
    ), number in whole.sliced.items():  # masked as in the findings, or their slices would not meet
        outcome.sliced[sees, kind, redact(value)] += number
    outcome.columns.update(whole.columns)
    outcome.tallies.update(whole.tallies)
    outcome.crashes.update(whole.crashes)
    for name, crash in whole.crashes.items():
        watch.crashed(name, crash.trace)
    outcome.problems.extend(whole.problems)
    outcome.seconds.update(whole.seconds)
    for (
        name,
        measured,
    ) in (
        whole.measures.items()
    ):  # a rule may name a measure by labels, or by splits as in `overlap[train>test]`
        safe = redact(">".join(map(redact, name.split(">"))))
        named = f"{safe}[dataset={dataset.name}]" if several else safe
        outcome.measures[named] = max(measured, outcome.measures.get(named, measured))


def _shards(opened: Opened, settings: Settings, outcome: Outcome) -> list[Shard]:
    """Return the shards of a file; none, and a problem, if it cannot be cut."""
    try:
        return opened.reader.split(opened.input, opened.location, settings.shard_size)
    except InputError as error:
        problem = Problem(kind=error.kind, message=error.message, path=opened.input.path)
        outcome.problems.append(replace(problem, hint=error.hint or None))
        return []


def _watched(
    results: Iterable[Iterable[Partial]], jobs: Sequence[Job], watch: Watch
) -> Iterator[Partial]:
    """Yield what the shards come to, and tell how far reading has come."""
    sizes = [
        (job.shard.input.bytes if job.shard.stop is None else job.shard.stop) - job.shard.start
        for job in jobs
    ]
    watch.begins(sum(sizes))
    done = 0
    for parts, size in zip(results, sizes, strict=True):
        for part in parts:
            watch.read(sum(tally.records for tally in part.tallies.values()), 0)
            yield part
        done += size
        watch.read(0, done / (sum(sizes) or 1))


@contextmanager
def _stage(outcome: Outcome, name: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        outcome.stages[name] = outcome.stages.get(name, 0.0) + time.perf_counter() - start


def _not_applicable(item: Active, dataset: Dataset) -> str | None:
    rule = item.rule
    if rule.needs_roles and not any(
        set(rule.needs_roles) & shape.roles for shape in dataset.shapes
    ):
        return f"no {' or '.join(str(role) for role in rule.needs_roles)} texts in shape {', '.join(shape.name for shape in dataset.shapes)}"
    if (
        rule.languages
        and (declared := dataset.settings.languages)
        and not set(rule.languages) & set(declared)
    ):
        return f"the rule is for {', '.join(rule.languages)}, and the dataset is declared to be in {', '.join(declared)}"
    for kind in rule.needs_columns:
        if any(kind in opened.input.columns for opened in dataset.files):
            continue
        if kind != "split":
            return f"no {kind} column is known; name it with --column {kind}=FIELD"
        if len({opened.input.split for opened in dataset.files} - {None}) < 2:
            return "fewer than two splits are known; name them with --split NAME=GLOB"
    return None


def _stamped(
    findings: Iterable[Finding], stamper: suppressions.Stamper, source: FileSource, *, has_id: bool
) -> Iterator[Finding]:
    """Complete the findings of dataset rules, fetching their records again only where something of them is needed."""
    open_ones: list[Finding] = []
    for finding in findings:
        if finding.at.path is None or finding.rule.startswith(f"{registry.ALWAYS}/"):
            yield finding
        elif stamper.needs_record(finding, has_id=has_id):
            open_ones.append(finding)
            if len(open_ones) >= _FETCHED:
                yield from _fetched(open_ones, stamper, source)
                open_ones = []
        else:
            yield stamper.told(finding)
    if open_ones:
        yield from _fetched(open_ones, stamper, source)


def _fetched(
    findings: Iterable[Finding], stamper: suppressions.Stamper, source: FileSource
) -> Iterator[Finding]:
    by_place: defaultdict[tuple[str | None, int | None], list[Finding]] = defaultdict(list)
    for finding in findings:
        by_place[finding.at.path, finding.at.row].append(finding)
    for record in source.records({found[0].at for found in by_place.values()}):
        yield from (
            stamper(finding, record) for finding in by_place.pop((record.path, record.row), ())
        )
    for rest in by_place.values():
        yield from rest


def _matching(finding: Finding, settings: Settings) -> list[RuleSettings]:
    if finding.at.path is None or not settings.overrides:
        return []
    names = (finding.rule.partition("/")[0], finding.rule)
    tables = [
        override.rules
        for override in settings.overrides
        if matches_any(finding.at.path, override.files)
    ]
    return [table[name] for table in tables for name in names if name in table]


def _off(finding: Finding, settings: Settings) -> bool:
    return any(found.off for found in _matching(finding, settings))


def _overridden(finding: Finding, settings: Settings) -> Finding:
    severities = [
        found.severity for found in _matching(finding, settings) if found.severity is not None
    ]
    return replace(finding, severity=severities[-1]) if severities else finding
