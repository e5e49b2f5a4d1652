"""The report for the test view of a CI system: JUnit XML.

It has a test case for each limit, and for each rule without a limit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from xml.sax.saxutils import escape

from dslint.model import Finding, LimitResult, Report, RuleState
from dslint.reporters.sampling import gravest
from dslint.reporters.style import Style, shortened, visible
from dslint.reporters.wording import (
    limit_text,
    message_of,
    number_of,
    place,
    totals,
    trouble,
    verdict,
)

MAX_TEXT = 1000
_IDLE = (RuleState.UNAVAILABLE, RuleState.NOT_APPLICABLE, RuleState.CRASHED)


def junit_report(report: Report, style: Style) -> Iterator[str]:
    """Yield a test suite: failures are broken limits, errors are problems."""
    findings = _Findings(report, style)
    limited = {_rule_of(item) for item in report.limits}
    free = [rule for rule in report.rules if rule.state == RuleState.RAN and rule.id not in limited]
    idle = [rule for rule in report.rules if rule.state in _IDLE]
    failed = sum(item.passed is False for item in report.limits)
    unjudged = sum(item.passed is None for item in report.limits)
    total = len(report.problems) + len(report.limits) + len(free) + len(idle)
    counts = _attributes(tests=total, failures=failed, errors=len(report.problems))
    skipped = _attributes(
        skipped=unjudged + len(idle)
    )  # an attribute that the schema of Jenkins allows for a suite only
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield (
        f"<testsuites{_attributes(name='dslint')}{counts}>\n"
        f"<testsuite{_attributes(name='dslint')}{counts}{skipped}>\n<properties>\n"
    )
    yield (
        f"<property{_attributes(name='verdict', value=verdict(report))}/>\n"
        f"<property{_attributes(name='totals', value=totals(report))}/>\n"
    )
    listed = f"at most {style.max_show:,} findings per rule, without suppressed ones"
    yield f"<property{_attributes(name='listed', value=listed)}/>\n"
    yield from (f"<property{_attributes(name='note', value=note)}/>\n" for note in report.notes)
    yield "</properties>\n"
    for problem in report.problems:
        inner = f"<error{_attributes(type=problem.kind, message=trouble(problem))}/>"
        yield _case(
            problem.rule or "dslint",
            f"could not check {problem.path}" if problem.path else problem.kind,
            inner,
        )
    for item in report.limits:
        rule = _rule_of(item)
        name = f"{item.limit.measure} {_bounds(item)}"
        if item.passed:
            yield _case(rule, name, findings.output(rule))
        elif item.passed is None:
            yield _case(
                rule, name, f"<skipped{_attributes(message='not judged: the rule did not run')}/>"
            )
        else:
            failure = _attributes(type="limit", message=limit_text(item))
            yield _case(rule, name, f"<failure{failure}>{findings.text(rule)}</failure>")
    for result in free:
        yield _case(result.id, "findings", findings.output(result.id))
    for result in idle:
        yield _case(
            result.id,
            "findings",
            f"<skipped{_attributes(message=f'{result.state}: {result.reason}')}/>",
        )
    yield "</testsuite>\n</testsuites>\n"


class _Findings:
    """The most severe findings of each rule, as text."""

    def __init__(self, report: Report, style: Style) -> None:
        self.count = Counter[str]()
        self.first = defaultdict[str, list[Finding]](list)
        for (_, rule), count in report.by_rule.items():
            self.count[rule] += count
        active = (finding for finding in report.findings if finding.suppressed is None)
        for finding in gravest(active, report.by_rule, style.max_show):
            self.first[finding.rule].append(finding)

    def text(self, rule: str) -> str:
        lines = [
            f"{visible(place(finding))} {finding.severity}: "
            f"{shortened(message_of(finding), MAX_TEXT)}"
            for finding in self.first[rule]
        ]
        more = self.count[rule] - len(lines)
        return _text(
            "\n".join(
                [
                    *lines,
                    *([f"... and {more:,} more (all: dslint check -o json=FILE)"] if more else []),
                ]
            )
        )

    def output(self, rule: str) -> str:
        return f"<system-out>{self.text(rule)}</system-out>" if self.count[rule] else ""


def _rule_of(item: LimitResult) -> str:
    return item.limit.measure.partition("[")[0].rpartition(".")[0]


def _bounds(item: LimitResult) -> str:
    bounds = ((">=", item.limit.min), ("<=", item.limit.max))
    return " ".join(f"{sign} {number_of(bound)}" for sign, bound in bounds if bound is not None)


def _case(rule: str, name: str, inner: str) -> str:
    opening = f"<testcase{_attributes(classname=rule, name=name)}"
    return f"{opening}>{inner}</testcase>\n" if inner else f"{opening}/>\n"


def _attributes(**values: object) -> str:
    return "".join(
        f' {name}="{_text(visible(shortened(str(value), MAX_TEXT)))}"'
        for name, value in values.items()
    )


def _text(text: str) -> str:
    """Escape text for content and attributes; `visible` has removed what XML 1.0 forbids."""
    return escape(text, {'"': "&quot;"})
