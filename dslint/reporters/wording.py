"""Wording shared by several reports."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dslint.model import Finding, Limit, LimitResult, Location, Problem, Report, Severity, Verdict
from dslint.reporters.style import visible

UNKNOWN = "dslint.toml"
"""Path to report if there is no file at all, for formats in which every entry needs one."""


def place(finding: Finding) -> str:
    """Return where a finding is: the file and the place in it, or the dataset."""
    return (finding.at.path or f"dataset {finding.dataset}".rstrip()) + within(finding.at)


def within(at: Location) -> str:
    """Return the place in a file.

    It is the line, with the column if known, and the row if the line does not identify the record.
    """
    if at.line is not None and at.column is not None:
        return f":{at.line}:{at.column}"
    line = "" if at.line is None else f":{at.line}"
    return line if at.told or at.row is None else f"{line} row {at.row}"


def message_of(finding: Finding) -> str:
    """Return the full message of a finding: place in the record, message, and remarks.

    Remarks are a suggestion and the reason of a suppression.
    """
    at = finding.at
    where = at.field + (f" {at.start}-{at.end}" if at.start is not None else "")
    text = f"{where}: {finding.message}" if where else finding.message
    if finding.suggestion:
        text += f" (suggestion: {finding.suggestion})"
    if finding.suppressed is not None:
        text += f" (suppressed: {finding.suppressed})"
    return visible(text)


def message_with_row(finding: Finding) -> str:
    """Return the full message of a finding for reports that only have a file and a line.

    It is preceded by what else is known about the place.
    """
    at = finding.at
    if at.path is None:
        return f"{visible(place(finding))}: {message_of(finding)}"
    return (
        message_of(finding)
        if at.told or at.row is None or at.column is not None
        else f"row {at.row}: {message_of(finding)}"
    )


class Files:
    """Files under the names that a report uses, which start at `base`.

    Every entry of such a report must have a file and a line.
    """

    def __init__(self, report: Report, base: str) -> None:
        self._base = base
        self._homes: dict[str, str] = {}
        for item in report.inputs:
            self._homes.setdefault(item.input.dataset, item.input.path)
        self._first = next(iter(self._homes.values()), UNKNOWN)

    def name(self, path: str | None) -> str:
        """Return the name of a file, or of the first file if there is none."""
        path = self._first if path is None else path
        return path if re.match(r"/|[A-Za-z]:/", path) else self._base + path

    def place(self, finding: Finding) -> tuple[str, int]:
        """Return the file and line of a finding.

        A finding on a dataset gets the first line of its first file. A record of a format without
        lines gets line 1.
        """
        at = finding.at
        return self.name(
            self._homes.get(finding.dataset) if at.path is None else at.path
        ), at.line or 1


def trouble(problem: Problem) -> str:
    """Return the message of a problem, with its hint."""
    text = f"could not check{f' {problem.path}' if problem.path else ''}: {problem.message}"
    return visible(f"{text}; {problem.hint}" if problem.hint else text)


def verdict(report: Report) -> str:
    """Return the verdict in words."""
    if report.verdict == Verdict.PASS:
        warnings = report.counts["warning"]
        return "PASS" + (f" with {plural(warnings, 'warning')}" if warnings else "")
    if report.verdict == Verdict.FAIL:
        return "FAIL" + (" (exit code 0, as requested)" if report.exit_code == 0 else "")
    return "INCOMPLETE" + (
        ": a limit is broken too" if any(item.passed is False for item in report.limits) else ""
    )


def totals(report: Report) -> str:
    """Return the number of records, files and findings."""
    found = [plural(report.counts[name], name) for name in reversed(Severity.names())]
    read = f"{plural(report.counts['records'], 'record')} in {plural(len(report.inputs), 'file')}"
    removed = f" ({report.removed:,} removed or edited)" if report.removed else ""
    return f"{read}{removed}: {', '.join(found)}, {report.counts['suppressed']:,} suppressed"


def limit_text(judged: LimitResult) -> str:
    """Return a limit with its value."""
    value = "not judged" if judged.value is None else number_of(judged.value)
    return visible(
        f"{judged.limit.measure} is {value}, and must be {bounds_of(judged.limit)} "
        f"(from {judged.limit.origin})"
    )


def bounds_of(limit: Limit) -> str:
    """Return the bounds of a limit in words."""
    return " and ".join(
        f"at {word} {number_of(bound)}"
        for word, bound in (("least", limit.min), ("most", limit.max))
        if bound is not None
    )


def number_of(value: float) -> str:
    """Return a number formatted for people."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:.6g}"


def unlisted(counts: Mapping[str, int], most: int = 10) -> str:
    """Return how many findings of which rules are not listed, or an empty string."""
    left = sorted(
        ((count, rule) for rule, count in counts.items() if count > 0),
        key=lambda item: (-item[0], item[1]),
    )
    if not left:
        return ""
    named = ", ".join(f"{count:,} of {visible(rule)}" for count, rule in left[:most])
    others = (
        f" and {sum(count for count, _ in left[most:]):,} "
        f"of {plural(len(left) - most, 'other rule')}"
        if len(left) > most
        else ""
    )
    return (
        f"{plural(sum(counts.values()), 'finding')} not listed here: {named}{others} "
        "(all: dslint check -o json=FILE)"
    )


def plural(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
