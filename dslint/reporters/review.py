"""Reports for code review: GitLab Code Quality, and reviewdog diagnostics."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from dslint.model import Finding, Problem, Report, Severity
from dslint.reporters.style import Style, json_text, visible
from dslint.reporters.wording import Files, message_with_row, plural, trouble

_GITLAB = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}
_RDJSON = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}


def gitlab_report(report: Report, style: Style) -> Iterator[str]:
    """Yield a Code Quality report, with one issue per active finding and per problem."""
    files = Files(report, style.base)

    def issue(
        description: str, name: str, fingerprint: str, severity: str, path: str, line: int
    ) -> dict[str, Any]:
        location = {"path": path, "lines": {"begin": line}}
        return {
            "description": description,
            "check_name": name,
            "fingerprint": fingerprint,
            "severity": severity,
            "location": location,
        }

    def issues() -> Iterator[dict[str, Any]]:
        for problem in report.problems:
            name = f"dslint/{problem.kind}"
            yield issue(
                trouble(problem), name, _hash(problem), "blocker", files.name(problem.path), 1
            )
        if hidden := _hidden(report):
            yield issue(
                hidden,
                "dslint/not-listed",
                _hash(Problem(kind="not-listed", message="")),
                "info",
                files.name(None),
                1,
            )
        for finding in _active(report):
            path, line = files.place(finding)
            severity = _GITLAB[finding.severity or Severity.INFO]
            yield issue(
                message_with_row(finding), finding.rule, finding.fingerprint, severity, path, line
            )

    yield from _listed("[", issues(), "]\n")


def rdjson_report(report: Report, style: Style) -> Iterator[str]:
    """Yield reviewdog diagnostics, one per active finding and per problem."""
    del style
    files = Files(report, "")  # reviewdog starts in the working directory

    def diagnostic(
        message: str, severity: str, code: str, path: str, start: dict[str, int] | None = None
    ) -> dict[str, Any]:
        location: dict[str, Any] = {"path": path, **({"range": {"start": start}} if start else {})}
        return {
            "message": message,
            "severity": severity,
            "code": {"value": code},
            "location": location,
        }

    def diagnostics() -> Iterator[dict[str, Any]]:
        for problem in report.problems:
            yield diagnostic(
                trouble(problem), "ERROR", f"dslint/{problem.kind}", files.name(problem.path)
            )
        if hidden := _hidden(report):
            yield diagnostic(hidden, "INFO", "dslint/not-listed", files.name(None))
        for finding in _active(report):
            path, line = files.place(finding)
            column = finding.at.byte or finding.at.column  # reviewdog counts bytes
            start = {"line": line, **({"column": column} if column else {})}
            yield diagnostic(
                message_with_row(finding),
                _RDJSON[finding.severity or Severity.INFO],
                finding.rule,
                path,
                start,
            )

    yield from _listed('{"source": {"name": "dslint"}, "diagnostics": [', diagnostics(), "]}\n")


def _active(report: Report) -> Iterator[Finding]:
    return (finding for finding in report.findings if finding.suppressed is None)


def _hidden(report: Report) -> str:
    count = report.counts["suppressed"]
    return (
        f"{plural(count, 'suppressed finding')} not listed here (all: dslint check -o json=FILE)"
        if count
        else ""
    )


def _hash(problem: Problem) -> str:
    parts = (problem.kind, problem.path, problem.rule, problem.message)
    return blake2b(
        "\0".join(visible(part or "") for part in parts).encode(),
        digest_size=16,
        person=b"dslint problem",
    ).hexdigest()


def _listed(head: str, items: Iterator[dict[str, Any]], tail: str) -> Iterator[str]:
    yield head
    for number, item in enumerate(items):
        yield (",\n" if number else "\n") + json_text(item)
    yield "\n" + tail
