"""The report of a run: fingerprints, suppressions, measures, limits, verdict."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from dslint import gate
from dslint.config.build import limits_of
from dslint.data.datasets import Inputs
from dslint.data.record import digest
from dslint.engine.partial import Crash, Tally
from dslint.gate import baseline, suppressions
from dslint.git.changes import Changes
from dslint.helpers.globs import matches_any
from dslint.model import (
    DATASET,
    Finding,
    InputResult,
    Problem,
    Report,
    RuleResult,
    RuleState,
    Severity,
)
from dslint.registry.selection import Catalogue, install_line
from dslint.rules.base import Active, DatasetRule
from dslint.settings import Settings
from dslint.storage.findings import Findings
from dslint.version import __version__

SHOWN = 10
"""Maximum number of files that a note names."""


class Standing(NamedTuple):
    """The state of a rule for one dataset. `asked`: the rule was selected by its id."""

    state: RuleState
    reason: str | None = None
    asked: bool = False


_NOTHING = Standing(RuleState.SKIPPED, "nothing to check")


class Outcome(Struct):
    """The results of all datasets of a run, added up."""

    findings: Findings = field(default_factory=Findings)
    measures: dict[str, float] = field(default_factory=dict)
    judged: Counter[str] = field(default_factory=Counter)
    sliced: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    columns: set[tuple[str, str]] = field(default_factory=set)
    tallies: dict[int, Tally] = field(default_factory=dict)
    crashes: dict[str, Crash] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)
    stages: dict[str, float] = field(default_factory=dict)
    standings: dict[str, list[Standing]] = field(default_factory=lambda: defaultdict(list))
    active: dict[str, Active] = field(default_factory=dict)
    changes: Changes | None = None


def assemble(
    catalogue: Catalogue, settings: Settings, outcome: Outcome, given: Inputs, today: datetime.date
) -> Report:
    """Return the report of a run."""
    limits = limits_of(settings)
    inputs = [
        InputResult(
            input=item, records=tally.records, unreadable=tally.unreadable, misfits=tally.misfits
        )
        for item in (opened.input for opened in given.files)
        for tally in [outcome.tallies.get(item.index, Tally())]
    ]
    if (
        not settings.allow_empty
        and not outcome.problems
        and not any(item.records for item in inputs)
    ):
        outcome.problems.append(
            Problem(
                kind="empty-input",
                message="there are no records to check",
                hint="name the files, or pass --allow-empty if this is intended",
            )
        )
    fail_on = settings.fail_on or Severity.ERROR
    count = gate.Count(limits, fail_on, settings.min_confidence)
    findings = _final_findings(
        catalogue, settings, outcome, count, today, [opened.input.path for opened in given.files]
    )
    rules = _results(catalogue, outcome, count, timings=settings.timings)
    outcome.problems.extend(_never_applicable(outcome))
    ran = {rule.id: rule for rule in rules if rule.state == RuleState.RAN}
    sees = {name: known.rule.sees for name, known in catalogue.items()}
    measures = gate.measure(
        {name: rule.judged for name, rule in ran.items()},
        count,
        outcome.measures,
        sees,
        outcome.sliced,
    )
    scoped = {limit.measure: gate.in_files(limit, count, inputs, sees) for limit in limits}
    measures.update(
        {
            name: value
            for name, value in scoped.items()
            if value is not None and name.partition("[")[0].rpartition(".")[0] in ran
        }
    )
    if settings.staged:  # the records of a commit are too few for a rate to mean something
        measures = {name: value for name, value in measures.items() if not gate.is_rate(name)}
    judged = gate.judge(
        limits, measures, count, {name: rule.severity for name, rule in ran.items()}, fail_on
    )
    for item in judged:
        rule = item.limit.measure.partition("[")[0].rpartition(".")[0]
        if (
            item.passed is None
            and rule in ran
            and not (settings.staged and gate.is_rate(item.limit.measure))
        ):
            outcome.problems.append(
                Problem(
                    kind="unmeasured",
                    rule=rule,
                    message=f"limit on {item.limit.measure!r}, "
                    "which was not measured for this data",
                )
            )
    lenient = settings.exit_zero or settings.fail_on is None
    word, code = gate.verdict(judged, incomplete=bool(outcome.problems), lenient=lenient)
    counts = {"records": sum(item.records for item in inputs)}
    counts |= {
        str(severity): sum(n for (own, _), n in count.by_severity.items() if own == severity)
        for severity in reversed(Severity)
    }
    counts["suppressed"] = count.suppressed
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
        by_rule={
            key: count.by_severity[key]
            for key in sorted(count.by_severity, key=lambda key: (-key[0], key[1]))
        },
        findings=findings,
        notes=(*settings.notes, *given.notes, *_note_empty_files(inputs, outcome)),
        skipped=tuple(given.skipped),
        removed=None if outcome.changes is None else outcome.changes.removed,
        lacking=_missing_extras(catalogue, settings, rules),
        stages=outcome.stages if settings.timings else None,
    )


def unmatched(
    settings: Settings, outcome: Outcome, paths: Sequence[str], *, named: bool
) -> list[Problem]:
    """Return a problem for each split whose glob matches no file, and each column no record has.

    Rules that need them would judge nothing. If the user `named` the files, only splits and
    columns given on the command line must match.
    """
    wanted = {
        *(("column", *pair) for dataset in settings.datasets for pair in dataset.columns.items()),
        *(
            ("split", name, glob)
            for dataset in settings.datasets
            for name, globs in dataset.splits.items()
            for glob in globs
        ),
    }
    some = any(tally.records > tally.unreadable for tally in outcome.tallies.values())
    problems = []
    for what, name, value in sorted(wanted & settings.asked if named else wanted):
        if what == "split" and paths and not any(matches_any(path, [value]) for path in paths):
            message, hint = (
                f"split {name!r}: no file matches {value!r}",
                "correct the glob: it must match paths as reports show them",
            )
        elif what == "column" and some and (name, value) not in outcome.columns:
            message, hint = (
                f"column {name!r}: no record has a field {value!r}",
                "correct the name of the field, or remove the column",
            )
        else:
            continue
        problems.append(Problem(kind="unmatched", message=message, hint=hint))
    return problems


def _unused_settings(settings: Settings, paths: Sequence[str]) -> list[Finding]:
    """Return a finding for each override, and each limit for files, that matches no file."""
    wanted = [
        (f"[[overrides]] entry {number}", override.files)
        for number, override in enumerate(settings.overrides, start=1)
    ]
    wanted += [
        (
            f"the limit on {limit.measure}",
            tuple(limit.measure.partition("[files=")[2].removesuffix("]").split(",")),
        )
        for limit in settings.limits
        if "[files=" in limit.measure
    ]
    return [
        Finding(
            at=DATASET,
            rule="dslint/unused-setting",
            message=f"{where} matches no file of the run",
            identity=digest([where]),
        )
        for where, globs in wanted
        if not any(matches_any(path, globs) for path in paths)
    ]


def _final_findings(
    catalogue: Catalogue,
    settings: Settings,
    outcome: Outcome,
    count: gate.Count,
    today: datetime.date,
    paths: Sequence[str],
) -> Findings:
    """Return all findings, with fingerprints, suppressions and the baseline applied.

    Adds each finding to `count`.
    """
    defaults = {name: known.rule.severity for name, known in catalogue.items()}
    formerly = {name: known.formerly for name, known in catalogue.items()}
    accepted = settings.baseline
    used: set[str] = set()
    reviewed = {entry.number for entry in settings.suppress if entry.review}

    def counted(findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            count.add(finding)
            if finding.suppressed_by == baseline.NUMBER or finding.suppressed_by in reviewed:
                used.update(finding.fingerprints)
            yield finding

    judged = suppressions.suppressed(
        suppressions.fingerprinted(outcome.findings, settings.key, formerly),
        settings.suppress,
        today,
    )
    if accepted is not None:
        judged = baseline.applied(judged, accepted, today, whole=outcome.changes is None)
    findings = Findings(
        counted(judged if outcome.changes is None else filter(outcome.changes.concern, judged))
    )
    if (
        settings.scope == "all"
        and not outcome.problems
        and not outcome.crashes
        and not settings.narrowed
    ):
        idle = _unused_settings(settings, paths) + suppressions.unused(
            count.suppressed_by, settings.suppress, today, used
        )
        if accepted is not None:
            unavailable = {
                name
                for name, standings in outcome.standings.items()
                if any(item.state == RuleState.UNAVAILABLE for item in standings)
            }
            idle += baseline.stale(used, accepted, today, unavailable)
        # No rule reported them, so their severity is not set yet.
        idle = [replace(found, severity=_severity(found.rule, outcome, defaults)) for found in idle]
        findings.extend(counted(suppressions.fingerprinted(idle, settings.key)))
    return findings


def _missing_extras(catalogue: Catalogue, settings: Settings, results: Iterable[RuleResult]) -> str:
    """Return how many rules did not run because of missing extras, and the command to install them.

    Rules that also need an option are not counted: nobody asked for them.
    """
    rules = [catalogue[item.id] for item in results if item.state == RuleState.UNAVAILABLE]
    rules = [entry for entry in rules if not entry.rule.needs_options]
    if not rules:
        return ""
    which = "default rule" if settings.select is None and not settings.extend_select else "rule"
    number = f"{len(rules)} {which}{'s' if len(rules) > 1 else ''}"
    return f"{number} for lack of extras; {install_line(rules, pre_commit=settings.pre_commit)}"


def _severity(rule: str, outcome: Outcome, defaults: Mapping[str, Severity]) -> Severity:
    return outcome.active[rule].severity_or_default if rule in outcome.active else defaults[rule]


def _results(
    catalogue: Catalogue, outcome: Outcome, count: gate.Count, *, timings: bool
) -> list[RuleResult]:
    """Return the result of every known rule, and turn crashes into problems."""
    results = []
    for name, known in catalogue.items():
        standings = outcome.standings.get(name) or [_NOTHING]
        state, reason, _ = next(
            (item for item in standings if item.state == RuleState.RAN), standings[0]
        )
        if name in outcome.crashes:
            crash = outcome.crashes[name]
            state, reason = RuleState.CRASHED, crash.error
            where = f" at row {crash.row}" if crash.row >= 0 else " while concluding"
            times = f", {crash.times} times in total" if crash.times > 1 else ""
            outcome.problems.append(
                Problem(
                    kind="rule-crashed",
                    message=f"rule {name} failed{where}: {crash.error}{times}",
                    path=crash.path or None,
                    rule=name,
                    plugin=known.distribution,
                    version=known.version,
                    hint=f"report it to the authors of {known.distribution}, "
                    f"or disable the rule with --ignore {name}",
                )
            )
        judged = outcome.judged[name]
        results.append(
            RuleResult(
                id=name,
                plugin=known.plugin,
                severity=_severity(name, outcome, {name: known.rule.severity}),
                state=state,
                reason=reason,
                judged=judged,
                count=count.active[name],
                rate=gate.rate(count.flagged[name], judged),
                seconds=round(outcome.seconds[name], 4)
                if timings and name in outcome.seconds
                else None,
                manual=known.rule.__doc__ or "",
                whole=issubclass(known.rule, DatasetRule),
                sensitive=known.rule.sensitive,
            )
        )
    return results


def _never_applicable(outcome: Outcome) -> list[Problem]:
    """Return a problem for each rule that was selected by id and applies to no dataset."""
    return [
        Problem(
            kind="not-applicable",
            rule=name,
            message=f"rule {name} applies to no dataset: {standings[0].reason}",
            hint="do not select it, or describe the data in the configuration",
        )
        for name, standings in sorted(outcome.standings.items())
        if all(item.asked and item.state == RuleState.NOT_APPLICABLE for item in standings)
    ]


def _note_empty_files(inputs: Sequence[InputResult], outcome: Outcome) -> list[str]:
    """Return a note on the files without records; none if all are, or if records are compared."""
    empty = (
        []
        if outcome.changes is not None
        else [item.input.path for item in inputs if not item.records]
    )
    if not empty or len(empty) == len(inputs):
        return []
    more = f" and {len(empty) - SHOWN:,} more" if len(empty) > SHOWN else ""
    return [f"files without records: {', '.join(empty[:SHOWN])}{more}"]
