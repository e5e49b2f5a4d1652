"""The report for code scanning: SARIF 2.1.0, within GitHub's limits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from dslint.model import Finding, Location, Problem, Report, RuleResult, RuleState, Severity
from dslint.reporters import manual
from dslint.reporters.sampling import shares, smallest_of_each
from dslint.reporters.style import Style, json_text, shortened, visible
from dslint.reporters.wording import Files, limit_text, message_with_row, trouble, unlisted, verdict

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 5000
"""GitHub refuses a run with more than 25,000 results, and keeps the top 5,000."""
MAX_TEXT = 1000
"""GitHub allows 1,024 characters for a description, and ten compressed megabytes in all."""
MAX_RELATED = 10
ROOT = "%SRCROOT%"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.INFO: "2.0"}
_SEMANTIC = re.compile(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?")
_DRIVER = "dslint"


def sarif_report(report: Report, style: Style) -> Iterator[str]:
    """Yield a log of one run: all selected rules, the findings, and the problems.

    If there are more than MAX_RESULTS findings, each rule keeps a fair share, those with the
    smallest fingerprints, and the others are summed up in one result.
    """
    places = _Places(report, style)
    results: Iterable[dict[str, Any]]
    left: Counter[str] = Counter()
    if len(report.findings) <= MAX_RESULTS:
        results = map(places.result, report.findings)
    else:
        counts = Counter(finding.rule for finding in report.findings)
        kept = smallest_of_each(report.findings, shares(counts, MAX_RESULTS - len(counts)))
        left = counts - Counter({rule: len(found) for rule, found in kept.items()})
        chosen = sorted(
            (finding for found in kept.values() for finding in found), key=Finding.order
        )
        rests = (places.rest(kept[rule][-1], count) for rule, count in sorted(left.items()))
        results = [*map(places.result, chosen), *rests]
    yield f'{{"$schema": {json_text(SCHEMA)}, "version": "2.1.0", "runs": [{{\n'
    yield f'"tool": {json_text({"driver": places.driver, "extensions": places.extensions})},\n'
    yield f'"invocations": [{json_text(_invocation(report, left, places.files))}],\n'
    yield (
        '"originalUriBaseIds": '
        f"{json_text({ROOT: {'description': _text('The root of the repository.')}})},\n"
    )
    yield (
        f'"automationDetails": {json_text({"id": "dslint/"})}, "columnKind": "unicodeCodePoints",\n'
    )
    yield '"results": ['
    for number, result in enumerate(results):
        yield (",\n" if number else "\n") + json_text(result)
    yield "\n]}]}\n"


class _Places:
    """Positions of rules and files in the log.

    A plugin is an extension of the driver, which has the rules of the core.
    """

    def __init__(self, report: Report, style: Style) -> None:
        selected = [rule for rule in report.rules if rule.state != RuleState.SKIPPED]
        by_space: dict[str, list[RuleResult]] = {_DRIVER: []}
        for rule in selected:
            by_space.setdefault(rule.id.partition("/")[0], []).append(rule)
        core = by_space.pop(_DRIVER)
        self.driver = {
            "name": _DRIVER,
            **_versions(report.version),
            "rules": list(map(_rule, core)),
        }
        self.extensions = [_extension(space, rules) for space, rules in by_space.items()]
        self.rules: dict[str, dict[str, Any]] = {
            rule.id: {"id": rule.id, "index": number} for number, rule in enumerate(core)
        }
        for place, rules in enumerate(by_space.values()):
            for number, rule in enumerate(rules):
                self.rules[rule.id] = {
                    "id": rule.id,
                    "index": number,
                    "toolComponent": {"index": place},
                }
        self.files = Files(report, style.base)

    def result(self, finding: Finding) -> dict[str, Any]:
        """Return a finding as a result."""
        return self._result(
            finding, message_with_row(finding), finding.fingerprint
        ) | self._details(finding)

    def rest(self, finding: Finding, count: int) -> dict[str, Any]:
        """Return one result for all unlisted findings of a rule, located near one of them."""
        message = (
            f"{count:,} more findings of this rule are not listed individually; "
            "one of them is near here"
        )
        fingerprint = blake2b(
            finding.rule.encode(), digest_size=16, person=b"dslint rest"
        ).hexdigest()
        return self._result(finding, message, fingerprint) | {"occurrenceCount": count}

    def _result(self, finding: Finding, message: str, fingerprint: str) -> dict[str, Any]:
        path, line = self.files.place(finding)
        column = finding.at.column or 1
        region = {
            "startLine": line,
            "startColumn": column,
            "endLine": line,
            "endColumn": column + 1,
        }
        return {
            "ruleId": finding.rule,
            **({"rule": self.rules[finding.rule]} if finding.rule in self.rules else {}),
            "level": _LEVELS[finding.severity or Severity.INFO],
            "message": _text(message),
            "locations": [
                {
                    "physicalLocation": {"artifactLocation": artifact(path), "region": region},
                    **_logical(finding.at),
                }
            ],
            "partialFingerprints": {
                "primaryLocationLineHash": f"{fingerprint[:16]}:1",
                "dslintFingerprint/v1": fingerprint,
            },
        }

    def _details(self, finding: Finding) -> dict[str, Any]:
        """Return the properties of a single finding."""
        known = {
            "confidence": str(finding.confidence),
            "score": finding.score,
            "row": finding.at.row,
            "id": finding.id and shortened(finding.id, 100),
        }
        related = [
            {
                "id": number,
                "message": _text(
                    "related record"
                    if at.told or at.row is None
                    else f"related record, row {at.row}"
                ),
                "physicalLocation": {
                    "artifactLocation": artifact(self.files.name(at.path)),
                    "region": {"startLine": at.line or 1},
                },
            }
            for number, at in enumerate(finding.related[:MAX_RELATED])
            if at.path is not None
        ]
        accepted = (
            [
                {
                    "kind": "external",
                    "status": "accepted",
                    "justification": shortened(finding.suppressed, MAX_TEXT),
                }
            ]
            if finding.suppressed
            else []
        )
        return {
            **({"relatedLocations": related} if related else {}),
            **({"suppressions": accepted} if accepted else {}),
            "properties": {name: value for name, value in known.items() if value is not None},
        }


def _logical(at: Location) -> dict[str, Any]:
    return (
        {"logicalLocations": [{"fullyQualifiedName": shortened(at.field, 200), "kind": "value"}]}
        if at.field
        else {}
    )


def artifact(path: str) -> dict[str, str]:
    """Return the location of a file: relative to the root, or absolute if outside."""
    if path.startswith("/"):
        return {"uri": f"file://{quote(path)}"}
    if re.match(r"[A-Za-z]:/", path):
        return {"uri": f"file:///{quote(path, safe='/:')}"}
    return {"uri": quote(path), "uriBaseId": ROOT}


def _rule(rule: RuleResult) -> dict[str, Any]:
    text = manual.page(rule.manual) or rule.id
    grave = {"security-severity": _SECURITY_SEVERITY[rule.severity]} if rule.sensitive else {}
    tags = [
        rule.id.partition("/")[0],
        "dataset" if rule.whole else "record",
        *(["security"] if rule.sensitive else []),
    ]
    return {
        "id": rule.id,
        "shortDescription": _text(text.partition("\n")[0]),
        "fullDescription": _text(manual.purpose(text)),
        "help": {"text": text, "markdown": manual.markdown(text)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": tags, "problem.severity": _PROBLEMS[rule.severity], **grave},
    }


def _extension(space: str, rules: list[RuleResult]) -> dict[str, Any]:
    distribution, _, version = rules[0].plugin.rpartition(" ")
    return {
        "name": space,
        "product": distribution or rules[0].plugin,
        **_versions(version),
        "rules": list(map(_rule, rules)),
    }


def _versions(version: str) -> dict[str, str]:
    return {
        "version": version,
        **({"semanticVersion": version} if _SEMANTIC.fullmatch(version) else {}),
    }


def _invocation(report: Report, left: Mapping[str, int], files: Files) -> dict[str, Any]:
    notes = [
        _notification("error", trouble(problem), problem, files) for problem in report.problems
    ]
    notes += [
        _notification("error", limit_text(item)) for item in report.limits if item.passed is False
    ]
    if left:
        notes.append(_notification("note", unlisted(left)))
    notes += [_notification("note", visible(note)) for note in report.notes]
    idle = [rule for rule in report.rules if rule.state == RuleState.UNAVAILABLE]
    return {
        "executionSuccessful": not report.problems,
        "exitCode": int(report.exit_code),
        "exitCodeDescription": verdict(report),
        "toolExecutionNotifications": notes,
        "toolConfigurationNotifications": [
            _notification("warning", f"rule {rule.id} is unavailable: {rule.reason}")
            for rule in idle
        ],
    }


def _notification(
    level: str, message: str, problem: Problem | None = None, files: Files | None = None
) -> dict[str, Any]:
    note: dict[str, Any] = {"level": level, "message": _text(message)}
    if problem is not None and files is not None:
        note["descriptor"] = {"id": problem.kind}
        if problem.rule:
            note["associatedRule"] = {"id": problem.rule}
        if problem.path:
            note["locations"] = [
                {"physicalLocation": {"artifactLocation": artifact(files.name(problem.path))}}
            ]
    return note


def _text(text: str) -> dict[str, str]:
    """Return a message. It would show `[a](b)` as a link, so that is broken up."""
    return {"text": shortened(text.replace("](", "] ("), MAX_TEXT)}
