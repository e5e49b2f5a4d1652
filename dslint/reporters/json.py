"""The machine-readable reports.

`json` is one document of the schema dslint.report/1, `jsonl` has one finding per line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dslint.model import Finding, InputResult, LimitResult, Location, Problem, Report, RuleResult
from dslint.reporters.style import Style, json_text

SCHEMA = "dslint.report/1"


def json_report(report: Report, style: Style) -> Iterator[str]:
    """Yield one JSON document; findings and other lists have one entry per line."""
    del style
    head = {
        "schema": SCHEMA,
        "dslint": {"version": report.version},
        "verdict": report.verdict,
        "exit_code": int(report.exit_code),
    }
    yield "{" + ",\n ".join(f"{json_text(key)}: {json_text(value)}" for key, value in head.items())
    yield from _listed("problems", map(problem_fields, report.problems))
    yield from _listed("inputs", map(input_fields, report.inputs))
    yield from _listed("rules", map(rule_fields, report.rules))
    yield f',\n "measures": {json_text(dict(report.measures))}'
    yield from _listed("limits", map(limit_fields, report.limits))
    yield f',\n "counts": {json_text({**report.counts, "removed": report.removed})}'
    yield f',\n "notes": {json_text(list(report.notes))}'
    yield from _listed(
        "skipped", ({"path": item.path, "reason": item.reason} for item in report.skipped)
    )
    yield from _listed("findings", map(finding_fields, report.findings))
    yield "}\n"


def json_lines(report: Report, style: Style) -> Iterator[str]:
    """Yield one finding per line."""
    del style
    for finding in report.findings:
        yield json_text(finding_fields(finding)) + "\n"


def _listed(name: str, items: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield f',\n "{name}": ['
    first = True
    for item in items:
        yield ("\n  " if first else ",\n  ") + json_text(item)
        first = False
    yield "]"


def problem_fields(problem: Problem) -> dict[str, Any]:
    """Return a problem in the form of the reports."""
    return {
        "kind": problem.kind,
        "path": problem.path,
        "rule": problem.rule,
        "plugin": problem.plugin,
        "version": problem.version,
        "message": problem.message,
        "hint": problem.hint,
    }


def input_fields(result: InputResult) -> dict[str, Any]:
    """Return a file in the form of the reports."""
    item = result.input
    return {
        "path": item.path,
        "dataset": item.dataset,
        "format": item.format,
        "shape": item.shape,
        "split": item.split,
        "records": result.records,
        "unchecked": result.unchecked,
        "bytes": item.bytes,
    }


def rule_fields(rule: RuleResult) -> dict[str, Any]:
    """Return the result of a rule in the form of the reports."""
    return {
        "id": rule.id,
        "plugin": rule.plugin,
        "severity": str(rule.severity),
        "state": rule.state,
        "reason": rule.reason,
        "judged": rule.judged,
        "count": rule.count,
        "rate": rule.rate,
        "seconds": rule.seconds,
    }


def limit_fields(judged: LimitResult) -> dict[str, Any]:
    """Return a limit in the form of the reports."""
    limit = judged.limit
    return {
        "measure": limit.measure,
        "value": judged.value,
        "max": limit.max,
        "min": limit.min,
        "passed": judged.passed,
        "from": limit.origin,
    }


def finding_fields(finding: Finding) -> dict[str, Any]:
    """Return a finding in the form of the reports."""
    at = finding.at
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "message": finding.message,
        "dataset": finding.dataset,
        "path": at.path,
        "row": at.row,
        "line": at.line,
        "column": at.column,
        "id": finding.id,
        "field": at.field,
        "start": at.start,
        "end": at.end,
        "role": at.role,
        "score": finding.score,
        "related": [_related(place) for place in finding.related],
        "suggestion": finding.suggestion,
        "fingerprint": finding.fingerprint,
        "suppressed": finding.suppressed,
    }


def _related(at: Location) -> dict[str, Any]:
    return {"path": at.path, "row": at.row, "line": at.line}
