"""Numbers against limits: the whole policy of pass and fail is here. No input, no output, no rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from dslint.errors import ConfigError, nearest
from dslint.globs import matches_any
from dslint.model import Confidence, ExitCode, Finding, InputResult, Judged, Limit, Severity

COUNTED = ("count", "rate", "total")
MAX_SLICES = 1000
"""Values of one slice column for which measures are given."""


def measure(
    rules: Mapping[str, int],
    findings: Iterable[Finding],
    own: Mapping[str, float],
    sees: Mapping[str, str],
    sliced: Mapping[tuple[str, str, str], int],
) -> dict[str, float]:
    """Return all measures of a run.

    `rules` maps the rules that ran to the records that they judged; `own` holds the rules' own measures; `sees` says which records each rule judges;
    `sliced` counts records by (sees, column, value). A rate is the share of judged records that have an active finding.
    """
    count, total = Counter[str](), Counter[str]()
    flagged: defaultdict[str, set[tuple[str | None, int]]] = defaultdict(set)
    counts_by, flagged_by = (
        Counter[tuple[str, str, str]](),
        defaultdict[tuple[str, str, str], set[tuple[str | None, int]]](set),
    )
    for finding in findings:
        total[finding.rule] += 1
        if finding.suppressed is not None:
            continue
        count[finding.rule] += 1
        place = None if finding.at.row is None else (finding.at.path, finding.at.row)
        if place:
            flagged[finding.rule].add(place)
        for kind, value in finding.slices:
            counts_by[finding.rule, kind, value] += 1
            if place:
                flagged_by[finding.rule, kind, value].add(place)
    measures: dict[str, float] = {}
    for rule, judged in sorted(rules.items()):
        measures[f"{rule}.count"] = count[rule]
        measures[f"{rule}.rate"] = rate(len(flagged[rule]), judged)
        measures[f"{rule}.total"] = total[rule]
        for kind, value in _slices(sliced, sees.get(rule, "valid")):
            place_of = (rule, kind, value)
            measures[f"{rule}.count[{kind}={value}]"] = counts_by[place_of]
            measures[f"{rule}.rate[{kind}={value}]"] = rate(len(flagged_by[place_of]), sliced[sees.get(rule, "valid"), kind, value])
    return {**measures, **own}


def rate(part: int, whole: int) -> float:
    """Return a share rounded to six digits, 0 of nothing."""
    return round(part / whole, 6) if whole else 0.0


def _slices(sliced: Mapping[tuple[str, str, str], int], sees: str) -> list[tuple[str, str]]:
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for scope, kind, value in sliced:
        if scope == sees:
            by_kind[kind].append(value)
    return [(kind, value) for kind in sorted(by_kind) for value in sorted(by_kind[kind])[:MAX_SLICES]]


def in_files(limit: Limit, findings: Iterable[Finding], inputs: Iterable[InputResult], sees: Mapping[str, str]) -> float | None:
    """Return the value of a measure within some files, `<rule>.count[files=<globs>]`; None if the measure is of another kind."""
    name, sign, rest = limit.measure.partition("[files=")
    rule, _, kind = name.rpartition(".")
    if not sign or kind not in COUNTED:
        return None
    patterns = rest.removesuffix("]").split(",")
    inside = [f for f in findings if f.rule == rule and f.at.path is not None and matches_any(f.at.path, patterns)]
    if kind == "total":
        return len(inside)
    active = [f for f in inside if f.suppressed is None]
    if kind == "count":
        return len(active)
    files = [item for item in inputs if matches_any(item.input.path, patterns)]
    judged = sum(item.records - (item.unreadable if sees.get(rule) == "all" else item.unchecked) for item in files)
    return rate(len({(f.at.path, f.at.row) for f in active}), judged)


def check_names(limits: Iterable[Limit], declared: Mapping[str, Iterable[str]]) -> None:
    """Raise ConfigError for a limit on something that no rule measures; `declared` maps rules to their own measures."""
    for limit in limits:
        base = limit.measure.partition("[")[0]
        rule, _, name = base.rpartition(".")
        if rule not in declared:
            raise ConfigError(
                f"a limit on {limit.measure!r}: no rule {rule or base!r}",
                nearest(rule or base, declared) or "write it as RULE.MEASURE",
            )
        known = [*COUNTED, *declared[rule]]
        if name not in known:
            raise ConfigError(
                f"a limit on {limit.measure!r}: rule {rule} does not measure {name!r}",
                nearest(name, known) or f"it measures {', '.join(known)}",
            )


def judge(
    limits: Sequence[Limit],
    measures: Mapping[str, float],
    findings: Iterable[Finding],
    rules: Mapping[str, Severity],
    fail_on: Severity,
    min_confidence: Confidence,
) -> list[Judged]:
    """Hold the measures against the limits, bounds included.

    A rule without limits of its own passes if it has no active finding of severity `fail_on` and confidence `min_confidence` or more; limits
    within some files replace that default within these files.
    `rules` maps the rules that ran to their severities; a limit on a measure of a rule that did not run is not judged.
    """
    judged: list[Judged] = []
    limited: set[str] = set()
    within: defaultdict[str, list[str]] = defaultdict(list)
    for limit in limits:
        name, scope, globs = limit.measure.partition("[files=")
        rule_limited = name.partition("[")[0].rpartition(".")[0]
        if scope:
            within[rule_limited].extend(globs.removesuffix("]").split(","))
        else:
            limited.add(rule_limited)
    failing, active = Counter[str](), Counter[str]()
    for finding in findings:
        if finding.suppressed is None:
            active[finding.rule] += 1
            elsewhere = not (finding.rule in within and matches_any(finding.at.path or "", within[finding.rule]))
            fails = (finding.severity or 0) >= fail_on and finding.confidence >= min_confidence
            failing[finding.rule] += elsewhere and fails
    for rule, severity in rules.items():
        if rule not in limited and (severity >= fail_on or failing[rule]):
            name = f"{rule}.count" if failing[rule] == active[rule] else f"{rule}.count[severity={fail_on}]"
            judged.append(_held(Limit(measure=name, max=0, origin="severity"), failing[rule]))
    judged.extend(_held(limit, measures.get(limit.measure)) for limit in limits)
    return sorted(judged, key=lambda item: item.limit.measure)


def _held(limit: Limit, value: float | None) -> Judged:
    if value is None:
        return Judged(limit=limit, value=None, passed=None)
    return Judged(
        limit=limit,
        value=value,
        passed=(limit.max is None or value <= limit.max) and (limit.min is None or value >= limit.min),
    )


def verdict(judged: Iterable[Judged], *, incomplete: bool, lenient: bool) -> tuple[str, ExitCode]:
    """Return the verdict and the exit code. What could not be checked beats a failed limit; `lenient` turns 1 into 0, never 2."""
    failed = any(item.passed is False for item in judged)
    if incomplete:
        return "incomplete", ExitCode.INCOMPLETE
    if failed:
        return "fail", ExitCode.PASS if lenient else ExitCode.FAIL
    return "pass", ExitCode.PASS
