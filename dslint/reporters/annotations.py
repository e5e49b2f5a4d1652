"""Reports to a CI runner through its log: GitHub annotations and Azure Pipelines issues.

Both systems keep ten per level and silently drop the rest. So no more are written, most severe
first, and the last one sums up the others. Data, file names and rule names are escaped: they
can neither end nor start a command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from dslint.model import Finding, Report, Severity
from dslint.reporters.style import Style, shortened, visible
from dslint.reporters.wording import (
    Files,
    limit_text,
    message_with_row,
    plural,
    totals,
    trouble,
    verdict,
)

MAX_PER_LEVEL = 10
MAX_TEXT = 500


class Annotation(Struct, frozen=True):
    """A message to the runner.

    `path` is None for a message about the run; `findings` is the number of findings it covers.
    """

    severity: Severity
    title: str
    message: str
    path: str | None = None
    line: int | None = None
    column: int | None = None
    findings: int = 0


def github_report(report: Report, style: Style) -> Iterator[str]:
    """Yield GitHub Actions workflow commands, at most ten per level, and the verdict."""
    names = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
    for item in ranked(report, style, names):
        properties = {"file": item.path, "line": item.line, "col": item.column, "title": item.title}
        fields = ",".join(
            f"{name}={_escape(str(value), _GITHUB)}"
            for name, value in properties.items()
            if value is not None
        )
        yield f"::{names[item.severity]} {fields}::{_escape(item.message, _GITHUB_MESSAGE)}\n"
    yield _closing(report)


def azure_report(report: Report, style: Style) -> Iterator[str]:
    """Yield Azure Pipelines logging commands, at most ten per level, and the verdict.

    Azure has no info level.
    """
    names = {Severity.ERROR: "error", Severity.WARNING: "warning"}
    for item in ranked(report, style, names):
        properties = {
            "type": names[item.severity],
            "sourcepath": item.path,
            "linenumber": item.line,
            "columnnumber": item.column,
            "code": item.title,
        }
        fields = ";".join(
            f"{name}={_escape(str(value), _AZURE)}"
            for name, value in properties.items()
            if value is not None
        )
        yield f"##vso[task.logissue {fields}]{_escape(item.message, _AZURE_MESSAGE)}\n"
    infos = report.counts["info"]
    yield _closing(report, f"{plural(infos, 'info')} not listed here" if infos else "")


def ranked(report: Report, style: Style, levels: Iterable[Severity]) -> Iterator[Annotation]:
    """Yield the annotations, most important first.

    These are problems, broken limits of the configuration, and findings by rule and file.
    """
    files = Files(report, style.base)
    first = [
        Annotation(
            Severity.ERROR,
            f"dslint: {problem.kind}",
            trouble(problem),
            files.name(problem.path) if problem.path else None,
        )
        for problem in report.problems
    ]
    first += [
        Annotation(Severity.ERROR, "dslint: limit", limit_text(item))
        for item in report.limits
        if item.passed is False and item.limit.origin != "severity"
    ]
    groups = sorted(
        _groups(report).values(),
        key=lambda group: (-group.first.confidence, -group.count, group.first.order()),
    )
    for level in levels:
        items = [item for item in first if item.severity == level]
        items += [group.annotation(files) for group in groups if group.severity == level]
        yield from items if len(items) <= MAX_PER_LEVEL else _cut(items, level)


def _cut(items: list[Annotation], level: Severity) -> list[Annotation]:
    shown, hidden = items[: MAX_PER_LEVEL - 1], items[MAX_PER_LEVEL - 1 :]
    findings = sum(item.findings for item in hidden)
    message = (
        f"{plural(len(hidden), 'more annotation')} of this level, "
        f"for {plural(findings, 'finding')}: see the other reports of this run"
    )
    return [*shown, Annotation(level, "dslint: not shown", message)]


class _Group(Struct):
    """The findings of a rule and severity in a file: their number, and the most confident one."""

    severity: Severity
    first: Finding
    count: int = 0

    def annotation(self, files: Files) -> Annotation:
        more = (
            f" ({plural(self.count - 1, 'more finding')} of this rule in this file)"
            if self.count > 1
            else ""
        )
        path, line = files.place(self.first)
        return Annotation(
            self.severity,
            self.first.rule,
            message_with_row(self.first) + more,
            path,
            line,
            self.first.at.column,
            self.count,
        )


def _groups(report: Report) -> dict[tuple[Severity, str, str | None], _Group]:
    groups: dict[tuple[Severity, str, str | None], _Group] = {}
    for finding in report.findings:
        if finding.suppressed is None:
            severity = finding.severity or Severity.INFO
            group = groups.setdefault(
                (severity, finding.rule, finding.at.path), _Group(severity, finding)
            )
            group.count += 1
            if finding.confidence > group.first.confidence:
                group.first = finding
    return groups


def _closing(report: Report, left: str = "") -> str:
    suppressed = report.counts["suppressed"]
    parts = [
        f"dslint: {verdict(report)}",
        totals(report),
        left,
        "suppressed findings are not listed here" if suppressed else "",
    ]
    return "; ".join(filter(None, parts)) + "\n"


_LINES = {"\r": "%0D", "\n": "%0A"}
_GITHUB_MESSAGE = str.maketrans({"%": "%25", **_LINES})
_GITHUB = {**_GITHUB_MESSAGE, **str.maketrans({":": "%3A", ",": "%2C"})}
_AZURE_MESSAGE = str.maketrans({"%": "%AZP25", **_LINES})
_AZURE = {**_AZURE_MESSAGE, **str.maketrans({";": "%3B", "]": "%5D"})}


def _escape(text: str, signs: Mapping[int, str]) -> str:
    """Escape text for a message or a property of a command, so that the runner reads it back."""
    return visible(shortened(text, MAX_TEXT)).translate(signs)
