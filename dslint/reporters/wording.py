"""What several reports say in the same words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dslint.model import Finding, Judged, Limit, Location, Problem, Report, Severity
from dslint.reporters.style import visible

UNKNOWN = "dslint.toml"
"""Where a report points if there is no file at all, in formats in which every entry needs one."""


def place(finding: Finding) -> str:
    """Return where a finding is: file and place within it, or the dataset."""
    return (finding.at.path or f"dataset {finding.dataset}".rstrip()) + within(finding.at)


def within(at: Location) -> str:
    """Return the place within a file.

    It is the line, with the column if that is known, and the row where no line leads to the record.
    """
    if at.line is not None and at.column is not None:
        return f":{at.line}:{at.column}"
    line = "" if at.line is None else f":{at.line}"
    return line if at.told or at.row is None else f"{line} row {at.row}"


def said(finding: Finding) -> str:
    """Return what a finding says: field and span, message, suggestion, and why it is suppressed."""
    at = finding.at
    where = at.field + (f" {at.start}-{at.end}" if at.start is not None else "")
    text = f"{where}: {finding.message}" if where else finding.message
    if finding.suggestion:
        text += f" (suggestion: {finding.suggestion})"
    if finding.suppressed is not None:
        text += f" (suppressed: {finding.suppressed})"
    return visible(text)


def said_of_place(finding: Finding) -> str:
    """Return what a finding says, where the report has a place for file and line only: with what else is known of the place."""
    at = finding.at
    if at.path is None:
        return f"{visible(place(finding))}: {said(finding)}"
    return (
        said(finding)
        if at.told or at.row is None or at.column is not None
        else f"row {at.row}: {said(finding)}"
    )


class Files:
    """Files as the readers of a report name them: from `base` on. Each entry of such a report must have a file and a line."""

    def __init__(self, report: Report, base: str) -> None:
        self._base = base
        self._homes: dict[str, str] = {}
        for item in report.inputs:
            self._homes.setdefault(item.input.dataset, item.input.path)
        self._first = next(iter(self._homes.values()), UNKNOWN)

    def name(self, path: str | None) -> str:
        """Return the name of a file; of the first one where there is none to name."""
        path = self._first if path is None else path
        return path if re.match(r"/|[A-Za-z]:/", path) else self._base + path

    def place(self, finding: Finding) -> tuple[str, int]:
        """Return file and line of a finding.

        One on a dataset as a whole is put on the first line of its first file, a record of a format without lines on the first line of its own.
        """
        at = finding.at
        return self.name(
            self._homes.get(finding.dataset) if at.path is None else at.path
        ), at.line or 1


def trouble(problem: Problem) -> str:
    """Return what a problem says, and what to do about it."""
    text = f"could not check{f' {problem.path}' if problem.path else ''}: {problem.message}"
    return visible(f"{text}; {problem.hint}" if problem.hint else text)


def verdict(report: Report) -> str:
    """Return the verdict in words."""
    if report.verdict == "pass":
        warnings = report.counts["warning"]
        return "PASS" + (f" with {plural(warnings, 'warning')}" if warnings else "")
    if report.verdict == "fail":
        return "FAIL" + (" (exit code 0, as asked)" if report.exit_code == 0 else "")
    return "INCOMPLETE" + (
        ": a limit is broken too" if any(item.passed is False for item in report.limits) else ""
    )


def totals(report: Report) -> str:
    """Return the numbers of records, files and findings."""
    found = [plural(report.counts[name], name) for name in reversed(Severity.names())]
    read = f"{plural(report.counts['records'], 'record')} in {plural(len(report.inputs), 'file')}"
    gone = f" ({report.removed:,} gone or edited)" if report.removed else ""
    return f"{read}{gone}: {', '.join(found)}, {report.counts['suppressed']:,} suppressed"


def broken(judged: Judged) -> str:
    """Return a limit beside its value, in words."""
    value = "not judged" if judged.value is None else number_of(judged.value)
    return visible(
        f"{judged.limit.measure} is {value}, and may be {bounds_of(judged.limit)} (from {judged.limit.origin})"
    )


def bounds_of(limit: Limit) -> str:
    """Return the bounds of a limit in words."""
    return " and ".join(
        f"at {word} {number_of(bound)}"
        for word, bound in (("least", limit.min), ("most", limit.max))
        if bound is not None
    )


def number_of(value: float) -> str:
    """Return a number as people read it."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:.6g}"


def unlisted(counts: Mapping[str, int], most: int = 10) -> str:
    """Return how many findings of which rules are not listed; empty if all are."""
    left = sorted(
        ((count, rule) for rule, count in counts.items() if count > 0),
        key=lambda item: (-item[0], item[1]),
    )
    if not left:
        return ""
    named = ", ".join(f"{count:,} of {visible(rule)}" for count, rule in left[:most])
    others = (
        f" and {sum(count for count, _ in left[most:]):,} of {plural(len(left) - most, 'other rule')}"
        if len(left) > most
        else ""
    )
    return f"{plural(sum(counts.values()), 'finding')} not listed here: {named}{others} (all: dslint check -o json=FILE)"


def plural(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
