"""Compare measures with limits: the policy that decides pass and fail. No input or output."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from dslint.errors import ConfigError, nearest
from dslint.helpers.globs import matches_any
from dslint.model import (
    Confidence,
    ExitCode,
    Finding,
    InputResult,
    Limit,
    LimitResult,
    Severity,
    Verdict,
)

COUNTED = ("count", "rate", "total")
MAX_SLICES = 1000
"""Maximum number of values of a slice column for which there are measures."""


Slice = tuple[str, str, str]
"""A rule (or which records it sees), a slice column, and a value of that column."""


class FilesCount(Struct):
    """The counts of a rule within some files."""

    total: int = 0
    active: int = 0
    flagged: int = 0


class Count:
    """Counts findings in one pass.

    They must be added in reported order, in which the findings of one record are adjacent.
    `limits` tells which files need counts of their own. Findings with at least the severity
    `fail_on` and the confidence `min_confidence` are counted as failing.
    """

    def __init__(
        self,
        limits: Iterable[Limit] = (),
        fail_on: Severity = Severity.ERROR,
        min_confidence: Confidence = Confidence.MEDIUM,
    ) -> None:
        self.total, self.active, self.flagged, self.failing = (
            Counter[str](),
            Counter[str](),
            Counter[str](),
            Counter[str](),
        )
        self.active_by, self.flagged_by = Counter[Slice](), Counter[Slice]()
        self.by_severity = Counter[tuple[Severity, str]]()
        self.within: dict[str, FilesCount] = {}
        """Counts within some files, by rule and the `[files=...]` of a limit."""
        self.suppressed = 0
        self.suppressed_by: set[int] = set()
        self._fail_on, self._min_confidence = fail_on, min_confidence
        self._last: dict[str | Slice | tuple[str, str], tuple[str | None, int]] = {}
        self._globs: defaultdict[str, set[str]] = defaultdict(set)
        for limit in limits:
            name, sign, globs = limit.measure.partition("[files=")
            if sign:
                self._globs[name.rpartition(".")[0]].add(globs.removesuffix("]"))

    def add(self, finding: Finding) -> None:
        """Add a finding, and those that it represents (`more`)."""
        rule, at, number = finding.rule, finding.at, 1 + finding.more
        inside = [
            globs
            for globs in self._globs.get(rule, ())
            if at.path is not None and matches_any(at.path, globs.split(","))
        ]
        areas = [self.within.setdefault(f"{rule}[files={globs}]", FilesCount()) for globs in inside]
        self.total[rule] += number
        for area in areas:
            area.total += number
        if finding.suppressed is not None:
            self.suppressed += number
            self.suppressed_by.add(finding.suppressed_by)
            return
        self.active[rule] += number
        self.by_severity[finding.severity or Severity.INFO, rule] += number
        if (
            not inside
            and (finding.severity or 0) >= self._fail_on
            and finding.confidence >= self._min_confidence
        ):
            self.failing[rule] += number
        new = at.row is not None and self._new(rule, (at.path, at.row))
        self.flagged[rule] += new
        for area, globs in zip(areas, inside, strict=True):
            area.active += number
            area.flagged += at.row is not None and self._new((rule, globs), (at.path, at.row))
        for kind, value in (*finding.slices, *([("role", at.role)] if at.role else [])):
            self.active_by[rule, kind, value] += number
            self.flagged_by[rule, kind, value] += at.row is not None and self._new(
                (rule, kind, value), (at.path, at.row)
            )

    def _new(self, key: str | Slice | tuple[str, str], place: tuple[str | None, int]) -> bool:
        if self._last.get(key) == place:
            return False
        self._last[key] = place
        return True


def measure(
    rules: Mapping[str, int],
    count: Count,
    own: Mapping[str, float],
    sees: Mapping[str, str],
    sliced: Mapping[Slice, int],
) -> dict[str, float]:
    """Return all measures of a run.

    `rules` maps the rules that ran to the number of records that they judged; `own` holds the
    rules' own measures; `sees` maps rules to the records that they judge; `sliced` counts
    records by (sees, column, value), and by (rule, "role", role) for rules that are measured by
    role. A rate is the share of judged records that have an active finding.
    """
    measures: dict[str, float] = {}
    for rule, judged in sorted(rules.items()):
        measures[f"{rule}.count"] = count.active[rule]
        measures[f"{rule}.rate"] = rate(count.flagged[rule], judged)
        measures[f"{rule}.total"] = count.total[rule]
        for scope in (sees.get(rule, "valid"), rule):
            for kind, value in _slices(sliced, scope):
                place = (rule, kind, value)
                measures[f"{rule}.count[{kind}={value}]"] = count.active_by[place]
                measures[f"{rule}.rate[{kind}={value}]"] = rate(
                    count.flagged_by[place], sliced[scope, kind, value]
                )
    return {**measures, **own}


def rate(part: int, whole: int) -> float:
    """Return a share rounded to six digits: 0 if `whole` is 0, and at most 1.

    A part can be larger than the whole: a finding on an old record can be new because of a new
    record that it relates to.
    """
    return min(round(part / whole, 6), 1.0) if whole else 0.0


def is_rate(measure: str) -> bool:
    """Return whether a measure is a share of the judged records."""
    return measure.partition("[")[0].endswith(".rate")


def _slices(sliced: Mapping[tuple[str, str, str], int], sees: str) -> list[tuple[str, str]]:
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for scope, kind, value in sliced:
        if scope == sees:
            by_kind[kind].append(value)
    return [
        (kind, value) for kind in sorted(by_kind) for value in sorted(by_kind[kind])[:MAX_SLICES]
    ]


def in_files(
    limit: Limit, count: Count, inputs: Iterable[InputResult], sees: Mapping[str, str]
) -> float | None:
    """Return the value of a measure within some files, `<rule>.count[files=<globs>]`.

    None if the measure is of another kind.
    """
    name, sign, rest = limit.measure.partition("[files=")
    rule, _, kind = name.rpartition(".")
    if not sign or kind not in COUNTED:
        return None
    found = count.within.get(f"{rule}[files={rest}", FilesCount())
    if kind != "rate":
        return found.total if kind == "total" else found.active
    files = [
        item for item in inputs if matches_any(item.input.path, rest.removesuffix("]").split(","))
    ]
    return rate(
        found.flagged,
        sum(
            item.records - (item.unreadable if sees.get(rule) == "all" else item.unchecked)
            for item in files
        ),
    )


def check_names(limits: Iterable[Limit], declared: Mapping[str, Iterable[str]]) -> None:
    """Raise ConfigError for a limit on an unknown measure.

    `declared` maps rules to their own measures.
    """
    for limit in limits:
        base = limit.measure.partition("[")[0]
        rule, _, name = base.rpartition(".")
        if rule not in declared:
            raise ConfigError(
                f"limit on {limit.measure!r}: unknown rule {rule or base!r}",
                f"write it as {base}.count"
                if base in declared
                else nearest(rule or base, declared) or "write it as RULE.MEASURE",
            )
        known = [*COUNTED, *declared[rule]]
        if name not in known:
            raise ConfigError(
                f"limit on {limit.measure!r}: rule {rule} has no measure {name!r}",
                nearest(name, known) or f"measures: {', '.join(known)}",
            )


def judge(
    limits: Sequence[Limit],
    measures: Mapping[str, float],
    count: Count,
    rules: Mapping[str, Severity],
    fail_on: Severity,
) -> list[LimitResult]:
    """Compare the measures with the limits, which are inclusive.

    A rule without limits of its own passes if it has no active finding of a severity and
    confidence that fail; limits within some files replace that default for these files. `rules`
    maps the rules that ran to their severities; a limit on a measure of a rule that did not run
    is not judged.
    """
    judged: list[LimitResult] = []
    limited = {
        limit.measure.partition("[")[0].rpartition(".")[0]
        for limit in limits
        if "[files=" not in limit.measure
    }
    for rule, severity in rules.items():
        failing = count.failing[rule]
        if rule not in limited and (severity >= fail_on or failing):
            name = (
                f"{rule}.count"
                if failing == count.active[rule]
                else f"{rule}.count[severity={fail_on}]"
            )
            judged.append(_judge_limit(Limit(measure=name, max=0, origin="severity"), failing))
    judged.extend(_judge_limit(limit, measures.get(limit.measure)) for limit in limits)
    return sorted(judged, key=lambda item: item.limit.measure)


def _judge_limit(limit: Limit, value: float | None) -> LimitResult:
    if value is None:
        return LimitResult(limit=limit, value=None, passed=None)
    return LimitResult(
        limit=limit,
        value=value,
        passed=(limit.max is None or value <= limit.max)
        and (limit.min is None or value >= limit.min),
    )


def verdict(
    judged: Iterable[LimitResult], *, incomplete: bool, lenient: bool
) -> tuple[Verdict, ExitCode]:
    """Return the verdict and the exit code.

    An incomplete check takes precedence over a failed limit; `lenient` turns 1 into 0, never 2.
    """
    failed = any(item.passed is False for item in judged)
    if incomplete:
        return Verdict.INCOMPLETE, ExitCode.INCOMPLETE
    if failed:
        return Verdict.FAIL, ExitCode.PASS if lenient else ExitCode.FAIL
    return Verdict.PASS, ExitCode.PASS
