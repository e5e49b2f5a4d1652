"""The text report for the terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator

from dslint.model import Finding, LimitResult, Report, RuleState, Severity, Verdict
from dslint.reporters.sampling import gravest
from dslint.reporters.style import Style, visible
from dslint.reporters.wording import bounds_of, message_of, number_of, place, verdict

_LOOKS = {Severity.ERROR: ("bold", "red"), Severity.WARNING: ("yellow",), Severity.INFO: ("blue",)}
_LABEL = 10
_GROUPS = 3


def text_report(report: Report, style: Style) -> Iterator[str]:
    """Yield the findings, then what was read and judged, then the verdict."""
    if not style.quiet:
        yield from _findings(report, style)
    yield from _problems(report, style)
    yield from _summary(report, style)
    yield from _limits(report, style)
    yield _verdict(report, style) + "\n"


def shown(report: Report, style: Style, total: Counter[str]) -> Iterator[Finding]:
    """Yield the findings to show, the most severe of each rule.

    `total` counts what would be shown without a cap, by rule.
    """

    def counted() -> Iterator[Finding]:
        for finding in report.findings:
            if not style.quiet and (finding.suppressed is None or style.verbose):
                total[finding.rule] += 1
                yield finding

    return gravest(counted(), report.by_rule, style.max_show)


def _findings(report: Report, style: Style) -> Iterator[str]:
    total: Counter[str] = Counter()
    for finding in shown(report, style, total):
        yield from finding_text(finding, style)
    for rule, count in sorted(total.items()):
        if count > style.max_show:
            yield (
                style.paint(
                    f"... and {count - style.max_show:,} more of {visible(rule)} "
                    f"(all: --max-show {count}, or -o json=FILE)",
                    "dim",
                )
                + "\n"
            )
    if total:
        yield "\n"


def finding_text(finding: Finding, style: Style) -> Iterator[str]:
    """Yield a finding: its place, severity and rule, then its message."""
    severity = finding.severity or Severity.INFO
    where, rule = visible(place(finding)), visible(finding.rule)
    yield (
        f"{style.paint(where, 'bold')} {style.paint(str(severity), *_LOOKS[severity])} "
        f"{style.paint(rule, 'cyan')}\n"
    )
    yield _wrapped(message_of(finding), style, "  ")
    if finding.fingerprint in style.values:
        yield f"  value: {visible(style.values[finding.fingerprint])}\n"


def _problems(report: Report, style: Style) -> Iterator[str]:
    for problem in report.problems:
        lead, subject = (
            ("could not check ", f"{problem.path}: ") if problem.path else ("could not check: ", "")
        )
        yield (
            style.paint(lead, "bold", "red")
            + _wrapped(f"{subject}{problem.message}", style, "  ").lstrip()
        )
        if problem.hint:
            yield _wrapped(problem.hint, style, "  ")
    if report.problems:
        yield "\n"


def _summary(report: Report, style: Style) -> Iterator[str]:
    for note in report.notes:
        yield _labeled("Data", note, style)
    formats = Counter(item.input.format for item in report.inputs)
    yield _labeled(
        "Files",
        f"{len(report.inputs):,} "
        f"({', '.join(f'{name} {count:,}' for name, count in sorted(formats.items()))})"
        if formats
        else "0",
        style,
    )
    unreadable = sum(item.unreadable for item in report.inputs)
    misfits = sum(item.misfits for item in report.inputs)
    why = [
        text
        for count, text in (
            (unreadable, f"{unreadable:,} unreadable"),
            (misfits, f"{misfits:,} do not fit their shape"),
        )
        if count
    ]
    more = [f"; not fully checked: {', '.join(why)}"] if why else []
    more += [f"; {report.removed:,} removed or edited"] if report.removed else []
    yield _labeled("Records", f"{report.counts['records']:,}{''.join(more)}", style)
    counted = ", ".join(
        f"{report.counts[name]:,} {name}{'s' if report.counts[name] != 1 else ''}"
        for name in reversed(Severity.names())
    )
    yield _labeled("Findings", f"{counted}, {report.counts['suppressed']:,} suppressed", style)
    for (severity, rule), count in report.by_rule.items():
        yield (
            f"{'':{_LABEL}}{count:>7,}  "
            f"{style.paint(f'{severity!s:<8}', *_LOOKS[severity])} {visible(rule)}\n"
        )
    idle: dict[str, list[str]] = {}
    for item in report.rules:
        if item.state == RuleState.CRASHED or (style.verbose and item.state != RuleState.RAN):
            idle.setdefault(f"{item.state}; {item.reason}", []).append(item.id)
    for reason, rules in idle.items():
        yield _labeled("Not run", f"{', '.join(rules)}: {reason}", style)
    if report.lacking:
        yield _labeled(
            "Not run", report.lacking + ("" if style.verbose else " (-v lists them)"), style
        )
    inapplicable = sum(item.state == RuleState.NOT_APPLICABLE for item in report.rules)
    if inapplicable and not style.verbose:
        yield _labeled(
            "Not run",
            f"{inapplicable} rule{'s' if inapplicable > 1 else ''} not applicable to this data "
            "(-v lists them, with reasons)",
            style,
        )
    if style.statistics:
        for item in report.rules:
            if item.state == RuleState.RAN:
                yield _labeled(
                    "Rule",
                    f"{item.id}: {item.judged:,} judged, "
                    f"{item.count:,} finding{'s' if item.count != 1 else ''}, rate {item.rate:.4%}",
                    style,
                )
        yield from _groups(report, style)
    if style.timings:
        for stage, seconds in (report.stages or {}).items():
            yield _labeled("Time", f"{seconds:8.3f} s  to {stage}", style)
        for item in sorted(report.rules, key=lambda rule: -(rule.seconds or 0)):
            if item.seconds is not None:
                yield _labeled("Time", f"{item.seconds:8.3f} s  {item.id}", style)


def _groups(report: Report, style: Style) -> Iterator[str]:
    """Yield the largest groups of related records, for each rule that relates records."""
    named = Counter(
        (finding.rule, finding.related[-1])
        for finding in report.findings
        if finding.related and finding.suppressed is None
    )
    largest: dict[str, list[str]] = {}
    for (rule, first), others in sorted(
        named.items(),
        key=lambda item: (-item[1], item[0][0], item[0][1].path or "", item[0][1].row or 0),
    ):
        if len(groups := largest.setdefault(rule, [])) < _GROUPS:
            groups.append(f"{others + 1:,} records, the first at {first.place}")
    for rule, groups in sorted(largest.items()):
        yield _labeled("Groups", f"{rule}: {'; '.join(groups)}", style)


def _limits(report: Report, style: Style) -> Iterator[str]:
    shown = [
        item
        for item in report.limits
        if item.passed is not True or item.limit.origin != "severity" or style.verbose
    ]
    passed = len(report.limits) - len(shown)
    if not report.limits:
        return
    yield "\n"
    width = max([len(item.limit.measure) for item in shown], default=0)
    for item in shown:
        word, look = {
            True: ("ok", "green"),
            False: ("FAIL", "red"),
            None: ("not judged", "yellow"),
        }[item.passed]
        yield (
            f"{style.paint(f'{word:<10} ', 'bold', look)}"
            f"{visible(item.limit.measure):<{width}}  {_bounds(item)}\n"
        )
    if passed:
        yield (
            f"{style.paint('ok         ', 'bold', 'green')}"
            f"{passed} rule{'s' if passed > 1 else ''} without findings that fail\n"
        )


def _bounds(item: LimitResult) -> str:
    value = "-" if item.value is None else number_of(item.value)
    return f"{value}, {bounds_of(item.limit)} (from {visible(item.limit.origin)})"


def _verdict(report: Report, style: Style) -> str:
    return style.paint(
        verdict(report), "bold", "green" if report.verdict == Verdict.PASS else "red"
    )


def _labeled(label: str, text: str, style: Style) -> str:
    lines = _wrapped(text, style, " " * _LABEL).lstrip()
    return style.paint(f"{label:<{_LABEL}}", "bold") + lines


def _wrapped(text: str, style: Style, indent: str) -> str:
    return (
        textwrap.fill(
            visible(text),
            style.width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        + "\n"
    )
