"""The SARIF report: valid for all that may stand in a report, stable under a shuffle, and within the limits that GitHub sets."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import jsonschema_rs
import pytest

from dslint import registry
from dslint.model import (
    DATASET,
    ExitCode,
    Limit,
    LimitResult,
    Location,
    Problem,
    RuleResult,
    Severity,
)
from dslint.reporters.sarif import MAX_RESULTS, artifact
from dslint.run import api

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "sarif-2.1.0.json").read_text())
for part in ("run", "toolComponent"):
    del SCHEMA["definitions"][part]["properties"]["language"][
        "pattern"
    ]  # no regular expression that a strict validator takes
VALIDATOR = jsonschema_rs.Draft4Validator(SCHEMA, validate_formats=True)


def log_of(text):
    log = json.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(log)] == []
    (run,) = log["runs"]
    return run


def all_rules():
    """Every rule that is installed, as it stands in a report."""
    return tuple(
        RuleResult(
            id=name,
            plugin=known.plugin,
            severity=known.rule.severity,
            state="ran",
            manual=known.rule.__doc__ or "",
            whole=registry.selection._scope(known.rule) == "dataset",
            sensitive=known.rule.sensitive,
        )
        for name, known in api.environment().known.items()
    )


def test_the_schema_refuses_what_is_wrong(reports):
    log = json.loads(reports.text("sarif", reports.report([reports.finding()])))
    log["runs"][0]["results"][0]["level"] = "grave"
    assert not VALIDATOR.is_valid(log)


def test_a_report_with_every_rule_that_is_installed_is_valid(reports):
    rules = all_rules()
    findings = [
        reports.finding(row, rule.id, severity=rule.severity) for row, rule in enumerate(rules)
    ]
    run = log_of(reports.text("sarif", reports.report(findings, rules=rules)))
    parts = [run["tool"]["driver"], *run["tool"]["extensions"]]
    described = [rule for part in parts for rule in part["rules"]]
    assert {rule["id"] for rule in described} == {rule.id for rule in rules}
    assert {part["name"] for part in parts} == {rule.id.partition("/")[0] for rule in rules}
    for rule in described:
        for text in (rule["shortDescription"]["text"], rule["fullDescription"]["text"]):
            assert 10 < len(text) <= 1024, rule["id"]
        assert "Why: " in rule["help"]["text"]
        assert "**Why:** " in rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 20
    for result in run["results"]:
        place = result["rule"]
        part = parts[place["toolComponent"]["index"] + 1] if "toolComponent" in place else parts[0]
        assert part["rules"][place["index"]]["id"] == result["ruleId"] == place["id"]


def test_rules_that_were_not_selected_are_left_out(reports):
    rules = tuple(
        RuleResult(id=f"a/{state}", plugin="p 1", severity=Severity.INFO, state=state)
        for state in ("ran", "skipped", "unavailable", "not-applicable")
    )
    run = log_of(reports.text("sarif", reports.report(rules=rules)))
    assert [rule["id"] for rule in run["tool"]["extensions"][0]["rules"]] == [
        "a/ran",
        "a/unavailable",
        "a/not-applicable",
    ]
    assert [
        note["message"]["text"] for note in run["invocations"][0]["toolConfigurationNotifications"]
    ] == ["rule a/unavailable is unavailable: None"]


def test_sensitive_rules_are_a_matter_of_security(reports):
    rules = (
        RuleResult(
            id="pii/x", plugin="p 1.0.0", severity=Severity.ERROR, state="ran", sensitive=True
        ),
    )
    (rule,) = log_of(reports.text("sarif", reports.report(rules=rules)))["tool"]["extensions"][0][
        "rules"
    ]
    assert rule["properties"]["security-severity"] == "8.0"
    assert "security" in rule["properties"]["tags"]


def test_what_could_not_be_checked_is_a_failed_invocation(reports):
    problems = (
        Problem(kind="rule-crashed", message="failed", path="a b.jsonl", rule="a/b", hint="tell"),
        Problem(kind="empty-input", message="none"),
    )
    limits = (LimitResult(limit=Limit(measure="a/b.count", max=0), value=3, passed=False),)
    run = log_of(
        reports.text(
            "sarif",
            reports.report(
                problems=problems,
                limits=limits,
                verdict="incomplete",
                exit_code=ExitCode.INCOMPLETE,
            ),
        )
    )
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 2
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [
        "could not check a b.jsonl: failed; tell",
        "could not check: none",
        "a/b.count is 3, and must be at most 0 (from config)",
    ]
    assert (
        invocation["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"][
            "artifactLocation"
        ]["uri"]
        == "a%20b.jsonl"
    )


def test_suppressed_findings_are_there_with_their_reason(reports):
    (result,) = log_of(
        reports.text("sarif", reports.report([reports.finding(suppressed="known")]))
    )["results"]
    assert result["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "known"}
    ]


@pytest.mark.parametrize(
    "path",
    [
        "data/a.jsonl",
        "a b/ü%20#?.jsonl",
        "javascript:alert(1).jsonl",
        "a\\xff:b.jsonl",
        "[x](http://example.org).jsonl",
        "/outside/of it.jsonl",
    ],
)
def test_paths_become_uris_that_lead_back(path):
    place = artifact(path)
    assert re.fullmatch(r"[A-Za-z0-9._~/%:-]+", place["uri"])
    if path.startswith("/"):
        assert unquote(place["uri"]) == f"file://{path}"
        assert "uriBaseId" not in place
    else:
        assert unquote(place["uri"]) == path
        assert ":" not in place["uri"]
        assert place["uriBaseId"] == "%SRCROOT%"


def test_windows_paths_outside_the_root_are_absolute():
    assert artifact("C:/data/a b.jsonl") == {"uri": "file:///C:/data/a%20b.jsonl"}


def test_each_result_has_one_location_within_a_file(reports):
    places = [DATASET, Location("t.parquet", 4), Location("x.jsonl", 3, 9, 5, "/a")]
    found = [
        reports.finding(number, at=at, related=(Location("x.jsonl", 1, 2),))
        for number, at in enumerate(places)
    ]
    results = log_of(reports.text("sarif", reports.report(found)))["results"]
    regions = []
    for result in results:
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        regions.append(
            (
                physical["artifactLocation"]["uri"],
                physical["region"]["startLine"],
                physical["region"]["startColumn"],
            )
        )
    assert regions == [("data.jsonl", 1, 1), ("t.parquet", 1, 1), ("x.jsonl", 9, 5)]
    assert results[0]["message"]["text"].startswith("dataset d: ")
    assert results[1]["message"]["text"].startswith("row 4: ")
    assert results[2]["locations"][0]["logicalLocations"] == [
        {"fullyQualifiedName": "/a", "kind": "value"}
    ]


def test_no_message_holds_a_link(reports):
    (result,) = log_of(
        reports.text(
            "sarif", reports.report([reports.finding(message="see [this](https://example.org)")])
        )
    )["results"]
    assert "](" not in result["message"]["text"]


def test_a_hundred_thousand_findings_stay_within_the_limits(reports):
    findings = [
        reports.finding(row, rule)
        for row in range(33_000)
        for rule in ("a/one", "a/two", "b/three")
    ]
    findings += [reports.finding(row, "b/rare", severity=Severity.ERROR) for row in range(1000)]
    text = reports.text("sarif", reports.report(findings))
    assert len(gzip.compress(text.encode())) < 10 * 1000 * 1000
    run = log_of(text)
    assert len(run["results"]) <= MAX_RESULTS
    listed = Counter(
        result["ruleId"] for result in run["results"] if "occurrenceCount" not in result
    )
    rest = {
        result["ruleId"]: result["occurrenceCount"]
        for result in run["results"]
        if "occurrenceCount" in result
    }
    assert listed["b/rare"] == 1000  # a rule with few findings keeps them all
    assert {rule: listed[rule] + rest[rule] for rule in rest} == dict.fromkeys(
        ("a/one", "a/two", "b/three"), 33_000
    )
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "findings not listed here: " in note["message"]["text"]
    shuffled = findings.copy()
    random.Random(1).shuffle(shuffled)
    again = log_of(reports.text("sarif", reports.report(shuffled)))
    assert _fingerprints(again) == _fingerprints(run)


def test_shuffled_data_has_the_same_fingerprints(work, call):
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"q {n % 7}"},
                {"role": "assistant", "content": f"{{{{name}}}} {n % 9}"},
            ]
        }
        for n in range(60)
    ]
    work.jsonl("data/a.jsonl", *rows)
    first = log_of(call("check", "-o", "sarif").out)
    (work.root / "data" / "a.jsonl").unlink()
    random.Random(2).shuffle(rows)
    work.jsonl("data/b.jsonl", *rows[:20])
    work.jsonl("data/c.jsonl", *rows[20:])
    second = log_of(call("check", "-o", "sarif").out)
    assert len(first["results"]) > 60
    assert _fingerprints(first) == _fingerprints(second)


def _fingerprints(run):
    made = sorted(
        result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]
    )
    assert all(re.fullmatch(r"[0-9a-f]{16}:1", value) for value in made)
    return made
