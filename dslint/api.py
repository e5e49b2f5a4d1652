"""The whole run in one function: `lint`. The command line, the hooks and the tests all come through here. Prints nothing, exits never."""

from __future__ import annotations

import datetime
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dslint import config, engine, gate, readers, registry, shapes, suppress
from dslint.config.build import build, for_file, limits_of
from dslint.errors import InputError
from dslint.globs import matches_any
from dslint.inputs import Dataset, open_inputs
from dslint.model import Finding, InputResult, Problem, Report, RuleResult, Severity, Shape, Shard
from dslint.protocols import Reader
from dslint.readers.source import FileSource
from dslint.redact import redact, redact_finding
from dslint.rules import Active, Observer
from dslint.settings import RuleSettings, Settings
from dslint.version import __version__

Map = Callable[[Callable[["Job"], engine.Partial], Iterable["Job"]], Iterable[engine.Partial]]
"""Anything shaped like `map`: in this process, over a pool of processes, over a cluster."""


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


class Job(Struct, frozen=True):
    """What one worker does: a shard, through rules."""

    shard: Shard
    reader: Reader
    shape: Shape
    rules: tuple[Active, ...]
    observers: tuple[Observer, ...]
    stamper: suppress.Stamper
    slices: tuple[str, ...]
    max_record: int
    max_depth: int


class _Outcome(Struct):
    """What the datasets of a run come to, added up."""

    findings: list[Finding] = field(default_factory=list)
    measures: dict[str, float] = field(default_factory=dict)
    judged: Counter[str] = field(default_factory=Counter)
    sliced: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    tallies: dict[int, engine.Tally] = field(default_factory=dict)
    crashes: dict[str, engine.Crash] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)
    states: dict[str, list[tuple[str, str | None]]] = field(default_factory=lambda: defaultdict(list))
    active: dict[str, Active] = field(default_factory=dict)


def environment() -> Environment:
    """Return what is installed. Raises PluginError if a plugin is broken."""
    loaded = registry.load(registry.discover())
    registry.require_sound(loaded)
    return Environment(loaded, registry.catalogue(loaded), (*loaded.shapes, *shapes.BUILT_IN), (*loaded.readers, *readers.BUILT_IN))


def configure(env: Environment, given: str | Mapping[str, Any] | None, profile: str | None = None) -> Settings:
    """Return the settings of a configuration: a path, a document as it would stand in the file, or None for none."""
    raw = config.read(given) if isinstance(given, str) else config.Raw(None, "", given or {}, os.getcwd())
    return config.parse(raw, env.known, env.loaded, env.shape_names, profile)


def lint(paths: Sequence[str] = (), config: str | Mapping[str, Any] | Settings | None = None, *, map: Map = map) -> Report:  # noqa: A002 - shaped like the builtin
    """Check datasets and return the report.

    `paths` are files, folders or globs; without any, the configured files, else the working folder. `config` is the path of a
    configuration, its content as a dict, or settings. Raises DslintError where nothing can be checked: a wrong configuration, a broken plugin.
    """
    env = environment()
    settings = config if isinstance(config, Settings) else configure(env, config)
    return run(env, settings, paths, map=map)


def run(env: Environment, settings: Settings, paths: Sequence[str] = (), *, map: Map = map) -> Report:  # noqa: A002 - shaped like the builtin
    """Check datasets with what is installed and set, and return the report."""
    validate(env, settings)
    limits = limits_of(settings)
    today = settings.today or datetime.datetime.now(tz=datetime.UTC).date()
    datasets, problems, notes = open_inputs(paths, settings, env.readers, env.shapes)
    outcome = _Outcome(problems=problems)
    for dataset in datasets:
        _check(env, settings, dataset, outcome, map, today, several=len(datasets) > 1)
    inputs = [
        InputResult(input=opened.input, records=tally.records, unreadable=tally.unreadable, misfits=tally.misfits)
        for dataset in datasets
        for opened in dataset.files
        for tally in [outcome.tallies.get(opened.input.index, engine.Tally())]
    ]
    if not settings.allow_empty and not outcome.problems and not any(item.records for item in inputs):
        outcome.problems.append(
            Problem(
                kind="empty-input",
                message="there is no record to check",
                hint="name the files, or pass --allow-empty if that is meant",
            )
        )
    findings = _finished(env, settings, outcome, today)
    rules = _results(env, outcome, findings, timings=settings.timings)
    outcome.problems.extend(_never_applicable(outcome))
    ran = {rule.id: rule for rule in rules if rule.state == "ran"}
    sees = {name: known.rule.sees for name, known in env.known.items()}
    measures = gate.measure({name: rule.judged for name, rule in ran.items()}, findings, outcome.measures, sees, outcome.sliced)
    scoped = {limit.measure: gate.in_files(limit, findings, inputs, sees) for limit in limits}
    measures.update({name: value for name, value in scoped.items() if value is not None and name.partition("[")[0].rpartition(".")[0] in ran})
    judged = gate.judge(
        limits,
        measures,
        findings,
        {name: rule.severity for name, rule in ran.items()},
        settings.fail_on or Severity.ERROR,
        settings.min_confidence,
    )
    for item in judged:
        rule = item.limit.measure.partition("[")[0].rpartition(".")[0]
        if item.passed is None and rule in ran:
            outcome.problems.append(
                Problem(
                    kind="unmeasured",
                    rule=rule,
                    message=f"a limit on {item.limit.measure!r}, which was not measured in this data",
                )
            )
    lenient = settings.exit_zero or settings.fail_on is None
    word, code = gate.verdict(judged, incomplete=bool(outcome.problems), lenient=lenient)
    active = [finding for finding in findings if finding.suppressed is None]
    counts = {"records": sum(item.records for item in inputs)}
    counts |= {str(severity): sum(finding.severity == severity for finding in active) for severity in reversed(Severity)}
    counts["suppressed"] = len(findings) - len(active)
    return Report(
        version=__version__,
        verdict=word,
        exit_code=code,
        problems=tuple(sorted(outcome.problems, key=Problem.order)),
        inputs=tuple(sorted(inputs, key=lambda item: item.input.index)),
        rules=tuple(rules),
        measures=measures,
        limits=tuple(judged),
        counts=counts,
        findings=findings,
        notes=(*settings.notes, *notes),
    )


def validate(env: Environment, settings: Settings) -> None:
    """Raise ConfigError if the settings could not be run: a wrong option, a rule that is not available, a limit on what nobody measures."""
    gate.check_names(limits_of(settings), {name: known.rule.measures for name, known in env.known.items()})
    for own in [dataset.rules for dataset in settings.datasets] or [{}]:
        _choice(env, settings, own)


def fold_shard(job: Job) -> engine.Partial:
    """Read one shard through its rules: what a worker runs."""
    batches = job.reader.read(job.shard, job.shape, job.max_record, job.max_depth)
    return engine.fold(batches, job.rules, job.observers, job.stamper, job.slices)


def _choice(env: Environment, settings: Settings, own: Mapping[str, RuleSettings]) -> registry.Choice:
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
    outcome: _Outcome,
    run_all: Map,
    today: datetime.date,
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
            outcome.states[item.id].append(("asked" if item.id in choice.explicit else "not-applicable", reason))
    for name, (state, reason) in choice.idle.items():
        outcome.states[name].append((state, reason))
    observers = engine.observers_of(active)
    inputs = [opened.input for opened in dataset.files]
    sensitive = {name for name, known in env.known.items() if known.rule.sensitive}
    has_id = "id" in dataset.settings.columns
    stamper = suppress.Stamper(
        settings.suppress,
        dataset.settings.slices,
        () if settings.key else sensitive,
        identity_by_id=has_id,
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
        )
        for opened in dataset.files
        for rules in [for_file(active, env.known, tables, settings.overrides, opened.input.path)]
        for shard in opened.reader.split(opened.input, opened.location, settings.shard_size)
    ]
    whole = engine.merge(run_all(fold_shard, jobs), observers)
    source = FileSource(
        {opened.input.path: opened for opened in dataset.files},
        whole.marks,
        settings.max_record_bytes,
        settings.max_depth,
    )
    try:
        for opened in dataset.files:
            source.unchanged(opened)
        done = engine.conclude(whole, active, observers, inputs, source)
        stamped = _stamped(done.findings, stamper, source, has_id=any("id" in opened.input.columns for opened in dataset.files))
    except InputError as error:
        outcome.problems.append(Problem(kind=error.kind, message=error.message, path=error.path, hint=error.hint or None))
        return
    outcome.findings.extend(_overridden(finding, settings) for finding in stamped if not _off(finding, settings))
    outcome.judged.update(done.judged)
    for (sees, kind, value), number in done.sliced.items():  # masked as in the findings, or their slices would not meet
        outcome.sliced[sees, kind, redact(value)] += number
    outcome.tallies.update(done.tallies)
    outcome.crashes.update(done.crashes)
    outcome.problems.extend(done.problems)
    outcome.seconds.update(done.seconds)
    outcome.measures.update({f"{name}[dataset={dataset.name}]" if several else name: value for name, value in done.measures.items()})


def _not_applicable(item: Active, dataset: Dataset) -> str | None:
    rule = item.rule
    if rule.needs_roles and not any(set(rule.needs_roles) & shape.roles for shape in dataset.shapes):
        return f"no {' or '.join(str(role) for role in rule.needs_roles)} texts in shape {', '.join(shape.name for shape in dataset.shapes)}"
    for kind in rule.needs_columns:
        if any(kind in opened.input.columns for opened in dataset.files):
            continue
        if kind != "split":
            return f"no {kind} column is known; name it with --column {kind}=FIELD"
        if len({opened.input.split for opened in dataset.files} - {None}) < 2:
            return "fewer than two splits are known; name them with --split NAME=GLOB"
    return None


def _stamped(findings: Iterable[Finding], stamper: suppress.Stamper, source: FileSource, *, has_id: bool) -> list[Finding]:
    """Complete the findings of dataset rules, fetching their records again only where something of them is needed."""
    result, open_ones = [], []
    for finding in findings:
        if finding.identity or finding.at.path is None or finding.rule.startswith(f"{registry.ALWAYS}/"):
            result.append(finding)
        elif stamper.needs_record(finding, has_id=has_id):
            open_ones.append(finding)
        else:
            result.append(replace(finding, identity=b"" if finding.rule in stamper.sensitive else finding.at.content))
    if open_ones:
        by_place: defaultdict[tuple[str | None, int | None], list[Finding]] = defaultdict(list)
        for finding in open_ones:
            by_place[finding.at.path, finding.at.row].append(finding)
        for record in source.records({finding.at for finding in open_ones}):
            result.extend(stamper(finding, record) for finding in by_place.pop((record.path, record.row), ()))
        result.extend(finding for rest in by_place.values() for finding in rest)
    return result


def _matching(finding: Finding, settings: Settings) -> list[RuleSettings]:
    if finding.at.path is None or not settings.overrides:
        return []
    names = (finding.rule.partition("/")[0], finding.rule)
    tables = [override.rules for override in settings.overrides if matches_any(finding.at.path, override.files)]
    return [table[name] for table in tables for name in names if name in table]


def _off(finding: Finding, settings: Settings) -> bool:
    return any(found.off for found in _matching(finding, settings))


def _overridden(finding: Finding, settings: Settings) -> Finding:
    severities = [found.severity for found in _matching(finding, settings) if found.severity is not None]
    return replace(finding, severity=severities[-1]) if severities else finding


def _finished(env: Environment, settings: Settings, outcome: _Outcome, today: datetime.date) -> list[Finding]:
    """Return all findings in their reported order, masked, fingerprinted, and with the suppressions applied."""
    masked = sorted(map(redact_finding, outcome.findings), key=Finding.order)
    findings = suppress.suppressed(suppress.fingerprinted(masked, settings.key), settings.suppress, today)
    full = settings.scope == "all" and not outcome.problems and not outcome.crashes
    if full and not settings.narrowed and settings.suppress:
        idle = suppress.unused(findings, settings.suppress, today)
        findings = [*suppress.fingerprinted(idle, settings.key), *findings]
    defaults = {name: known.rule.severity for name, known in env.known.items()}
    return [
        finding if finding.severity is not None else replace(finding, severity=_severity(finding.rule, outcome, defaults)) for finding in findings
    ]


def _severity(rule: str, outcome: _Outcome, defaults: Mapping[str, Severity]) -> Severity:
    return outcome.active[rule].severity_or_default if rule in outcome.active else defaults[rule]


def _results(env: Environment, outcome: _Outcome, findings: Sequence[Finding], *, timings: bool) -> list[RuleResult]:
    """Return what became of every known rule, and turn crashes into problems."""
    counts, places = Counter[str](), defaultdict[str, set[tuple[str | None, int]]](set)
    for finding in findings:
        if finding.suppressed is None:
            counts[finding.rule] += 1
            if finding.at.row is not None:
                places[finding.rule].add((finding.at.path, finding.at.row))
    results = []
    for name, known in env.known.items():
        states = outcome.states.get(name, [])
        state, reason = next((pair for pair in states if pair[0] == "ran"), states[0] if states else ("skipped", "nothing to check"))
        if name in outcome.crashes:
            crash = outcome.crashes[name]
            state, reason = "crashed", crash.error
            where = f" at row {crash.row}" if crash.row >= 0 else " while concluding"
            times = f", {crash.times} times in all" if crash.times > 1 else ""
            outcome.problems.append(
                Problem(
                    kind="rule-crashed",
                    message=f"rule {name} failed{where}: {crash.error}{times}",
                    path=crash.path or None,
                    rule=name,
                    plugin=known.distribution,
                    version=known.version,
                    hint=f"tell the authors of {known.distribution}, or leave the rule out with --ignore {name}",
                )
            )
        judged = outcome.judged[name]
        results.append(
            RuleResult(
                id=name,
                plugin=known.plugin,
                severity=_severity(name, outcome, {name: known.rule.severity}),
                state="not-applicable" if state == "asked" else state,
                reason=reason,
                judged=judged,
                count=counts[name],
                rate=gate.rate(len(places[name]), judged),
                seconds=round(outcome.seconds[name], 4) if timings and name in outcome.seconds else None,
            )
        )
    return results


def _never_applicable(outcome: _Outcome) -> list[Problem]:
    """Return a problem for each rule that was asked for by name and applies to none of the data."""
    return [
        Problem(
            kind="not-applicable",
            rule=name,
            message=f"rule {name} applies to no dataset: {states[0][1]}",
            hint="leave it out, or say what the data is",
        )
        for name, states in sorted(outcome.states.items())
        if states and all(state == "asked" for state, _ in states)
    ]
