"""The reports for runners, reviews and test views: complete, ranked, within the bounds of their readers, and saying what they leave out."""

from __future__ import annotations

import json
import random
import re
import xml.etree.ElementTree as ET

import pytest

from dslint.model import (
    Confidence,
    ExitCode,
    Limit,
    LimitResult,
    Location,
    Problem,
    RuleResult,
    Severity,
)
from dslint.reporters import BUILT_IN, SUFFIXES, Style
from dslint.reporters.annotations import MAX_PER_LEVEL

PROBLEM = Problem(
    kind="unreadable-file", message="no such file", path="none.jsonl", hint="check the path"
)


def told(text):
    """Read workflow commands back as the runner of GitHub does."""
    found = []
    for level, stated, message in re.findall(r"^::(\w+) ([^:]*)::(.*)$", text, re.MULTILINE):
        properties = dict(pair.split("=", 1) for pair in stated.split(","))
        found.append(
            (
                level,
                {name: unescaped(value) for name, value in properties.items()},
                unescaped(message),
            )
        )
    return found


def unescaped(text):
    for sign, letter in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(sign, letter)
    return text


def test_annotations_are_one_a_rule_and_file_and_say_how_many_they_stand_for(reports):
    found = [reports.finding(row) for row in range(5)] + [
        reports.finding(9, at=Location("b.jsonl", 1, 2))
    ]
    (first, second) = told(reports.text("github", reports.report(found)))
    assert first[1]["file"] == "data.jsonl"
    assert first[2] == "out of order (4 more findings of this rule in this file)"
    assert second[1] == {"file": "b.jsonl", "line": "2", "title": "structure/role-order"}


@pytest.mark.parametrize("name", ["github", "azure"])
def test_there_are_never_more_annotations_of_a_level_than_are_kept(reports, name):
    found = [
        reports.finding(row, f"a/rule-{number}", severity=severity)
        for severity in Severity
        for number in range(30)
        for row in range(3)
    ]
    text = reports.text(name, reports.report(found))
    for level in (
        ("error", "warning", "notice") if name == "github" else ("type=error", "type=warning")
    ):
        lines = [
            line
            for line in text.splitlines()
            if re.match(rf"(::|##vso\[task.logissue ){level}", line)
        ]
        assert len(lines) == MAX_PER_LEVEL
        assert lines[-1].endswith(
            "21 more annotations of this level, for 63 findings: see the other reports of this run"
        )
    if name == "azure":
        assert "; 90 infos not listed here" in text.splitlines()[-1]


def test_the_gravest_stand_first(reports):
    found = [
        reports.finding(1, "a/unsure", severity=Severity.ERROR, confidence=Confidence.LOW),
        *(reports.finding(row, "a/many", severity=Severity.ERROR) for row in range(4)),
        reports.finding(0, "a/one", severity=Severity.ERROR),
        reports.finding(0, "a/warned"),
    ]
    limits = [
        LimitResult(limit=Limit(measure="a/many.rate", max=0.5), value=0.75, passed=False),
        LimitResult(
            limit=Limit(measure="a/one.count", max=0, origin="severity"), value=1, passed=False
        ),
    ]
    said = told(reports.text("github", reports.report(found, limits=limits, problems=[PROBLEM])))
    assert [properties["title"] for _, properties, _ in said] == [
        "dslint: unreadable-file",
        "dslint: limit",
        "a/many",
        "a/one",
        "a/unsure",
        "a/warned",
    ]
    assert said[1][2] == "a/many.rate is 0.75, and must be at most 0.5 (from config)"


@pytest.mark.parametrize("text", ["100%", "a:b,c", "50%25", "%0A", "x;y]z"])
def test_what_is_escaped_comes_back(reports, text):
    ((_, properties, message),) = told(
        reports.text(
            "github",
            reports.report([reports.finding(0, text, message=text, at=Location(text, 0, 1))]),
        )
    )
    assert (properties["file"], properties["title"], message) == (text, text, text)


def test_azure_reads_its_properties_back(reports):
    line = reports.text(
        "azure",
        reports.report(
            [reports.finding(0, message="5% a;b]", at=Location("a;b]%.jsonl", 0, 1, 4))]
        ),
    ).splitlines()[0]
    assert line == (
        "##vso[task.logissue type=warning;sourcepath=a%3Bb%5D%AZP25.jsonl;linenumber=1;columnnumber=4;code=structure/role-order]5%AZP25 a;b]"
    )


@pytest.mark.parametrize("name", ["github", "azure"])
def test_the_last_line_has_the_verdict(reports, name):
    report = reports.report(
        [reports.finding(suppressed="known")], verdict="fail", exit_code=ExitCode.FAIL
    )
    last = reports.text(name, report).splitlines()[-1]
    assert (
        last
        == "dslint: FAIL; 5 records in 1 file: 0 errors, 0 warnings, 0 infos, 1 suppressed; suppressed findings are not listed here"
    )


def test_issues_of_gitlab_have_fingerprints_that_are_unique_and_stable(work, call):
    rows = [
        {
            "messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": f"{{{{a}}}} {n % 5}"},
            ]
        }
        for n in range(40)
    ]
    work.jsonl("a.jsonl", *rows)
    first = json.loads(call("check", "-o", "gitlab", "nowhere.jsonl", "a.jsonl").out)
    random.Random(3).shuffle(rows)
    work.jsonl("a.jsonl", *rows)
    second = json.loads(call("check", "-o", "gitlab", "nowhere.jsonl", "a.jsonl").out)
    made = [issue["fingerprint"] for issue in first]
    assert len(made) > 60
    assert len(set(made)) == len(made)
    assert set(made) == {issue["fingerprint"] for issue in second}
    for issue in first:
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith(("./", "/"))
    assert first[0]["severity"] == "blocker"


@pytest.mark.parametrize("name", ["gitlab", "rdjson"])
def test_reviews_leave_out_what_is_suppressed_and_say_so(reports, name):
    data = json.loads(
        reports.text(
            name, reports.report([reports.finding(0, suppressed="known"), reports.finding(1)])
        )
    )
    items = data if name == "gitlab" else data["diagnostics"]
    texts = [item["description"] if name == "gitlab" else item["message"] for item in items]
    assert texts == [
        "1 suppressed finding not listed here (all: dslint check -o json=FILE)",
        "out of order",
    ]


def test_diagnostics_have_what_reviewdog_reads(reports):
    report = reports.report(
        [
            reports.finding(4, at=Location("a.jsonl", 4, 5, 7), severity=Severity.ERROR),
            reports.finding(1),
        ],
        problems=[PROBLEM],
    )
    data = json.loads(reports.text("rdjson", report))
    assert data["source"] == {"name": "dslint"}
    assert data["diagnostics"][0]["severity"] == "ERROR"
    assert data["diagnostics"][1] == {
        "message": "out of order",
        "severity": "ERROR",
        "code": {"value": "structure/role-order"},
        "location": {"path": "a.jsonl", "range": {"start": {"line": 5, "column": 7}}},
    }


def test_empty_reports_are_whole(reports):
    report = reports.report()
    assert json.loads(reports.text("gitlab", report)) == []
    assert json.loads(reports.text("rdjson", report))["diagnostics"] == []
    assert json.loads(reports.text("sarif", report))["runs"][0]["results"] == []
    assert len(ET.fromstring(reports.text("junit", report)).findall(".//testcase")) == 0
    assert reports.text("github", report).startswith("dslint: PASS")


def test_each_limit_and_each_rule_without_one_is_a_test_case(reports):
    rules = [
        RuleResult(id=f"a/{name}", plugin="p 1", severity=Severity.INFO, state=state, reason="why")
        for name, state in (
            ("limited", "ran"),
            ("free", "ran"),
            ("missing", "unavailable"),
            ("unasked", "skipped"),
        )
    ]
    limits = [
        LimitResult(
            limit=Limit(measure="a/limited.count[split=a<b]", max=2), value=7, passed=False
        ),
        LimitResult(
            limit=Limit(measure="a/limited.rate", min=0.1, max=0.5), value=0.25, passed=True
        ),
        LimitResult(limit=Limit(measure="a/missing.count", max=0), value=None, passed=None),
    ]
    found = [reports.finding(row, "a/limited") for row in range(7)] + [reports.finding(1, "a/free")]
    text = reports.text(
        "junit",
        reports.report(found, rules=rules, limits=limits, problems=[PROBLEM]),
        Style(max_show=3),
    )
    suite = ET.fromstring(text).find("testsuite")
    cases = [
        (case.get("classname"), case.get("name"), [part.tag for part in case])
        for case in suite.findall("testcase")
    ]
    assert cases == [
        ("dslint", "could not check none.jsonl", ["error"]),
        ("a/limited", "a/limited.count[split=a<b] <= 2", ["failure"]),
        ("a/limited", "a/limited.rate >= 0.1 <= 0.5", ["system-out"]),
        ("a/missing", "a/missing.count <= 0", ["skipped"]),
        ("a/free", "findings", ["system-out"]),
        ("a/missing", "findings", ["skipped"]),
    ]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6",
        "failures": "1",
        "errors": "1",
        "skipped": "2",
    }
    failure = suite.find(".//failure")
    assert (
        failure.get("message")
        == "a/limited.count[split=a<b] is 7, and must be at most 2 (from config)"
    )
    assert failure.text.splitlines()[-1] == "... and 4 more (all: dslint check -o json=FILE)"


@pytest.mark.parametrize("letter", ["\x00", "\x0b", "\x1f", "\ufffe", "\uffff", "\x85"])
def test_letters_that_xml_forbids_are_written_out(reports, letter):
    text = reports.text(
        "junit", reports.report([reports.finding(0, message=f"a{letter}b")], limits=[])
    )
    assert letter not in text
    ET.fromstring(text)


class OnePass:
    """Findings that can be walked and counted, but neither indexed nor copied by accident."""

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        return iter(self.items)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("count", [3, 6000])
def test_reporters_only_walk_the_findings(reports, name, count):
    found = [reports.finding(row, f"a/{row % 3}") for row in range(count)]
    plain = reports.report(found)
    streamed = reports.report(OnePass(found))
    assert reports.text(name, streamed) == reports.text(name, plain)


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [
        (".sarif", '{"$schema"'),
        (".html", "<!doctype html>"),
        (".xml", "<?xml"),
        (".rdjson", '{"source"'),
    ],
)
def test_reports_are_told_by_their_suffix(work, call, suffix, begins):
    assert suffix in SUFFIXES
    work.chat()
    assert call("check", "-o", f"report{suffix}", "-o", "text").code == 0
    assert (work.root / f"report{suffix}").read_text().startswith(begins)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("github", "file=sub/dir/a b.jsonl,"),
        ("azure", "sourcepath=sub/dir/a b.jsonl;"),
        ("gitlab", '"path":"sub/dir/a b.jsonl"'),
        ("sarif", '"uri":"sub/dir/a%20b.jsonl"'),
        ("rdjson", '"path":"a b.jsonl"'),
    ],
)
def test_files_are_named_from_where_their_readers_start(work, call, monkeypatch, name, expected):
    work.jsonl(
        "sub/dir/a b.jsonl",
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": " "}]},
    )
    monkeypatch.chdir(work.root / "sub" / "dir")
    assert expected in call("check", "-o", name).out
    (work.root / ".git").rmdir()
    assert expected.replace("sub/dir/", "") in call("check", "-o", name).out


JENKINS = {  # what Jenkins lets an element hold: required attributes, others, and elements
    "testsuites": ("", "name time tests failures errors", "testsuite"),
    "testsuite": (
        "name tests failures errors",
        "group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
    ),
    "properties": ("", "", "property"),
    "property": ("name value", "", ""),
    "testcase": ("name", "time classname group", "skipped error failure system-out system-err"),
    **dict.fromkeys(("skipped", "error", "failure"), ("", "type message", "")),
    **dict.fromkeys(("system-out", "system-err"), ("", "", "")),
}


def test_the_test_view_of_jenkins_takes_all_of_the_report(reports):
    rules = [
        RuleResult(id=f"a/{name}", plugin="p 1", severity=Severity.INFO, state=state, reason="why")
        for name, state in (
            ("limited", "ran"),
            ("free", "ran"),
            ("missing", "unavailable"),
            ("idle", "not-applicable"),
            ("bad", "crashed"),
        )
    ]
    limits = [
        LimitResult(limit=Limit(measure=f"a/limited.{name}", max=2), value=value, passed=passed)
        for name, value, passed in (("count", 7, False), ("rate", 0.5, True), ("total", None, None))
    ]
    found = [reports.finding(row, "a/limited") for row in range(7)] + [reports.finding(1, "a/free")]
    text = reports.text(
        "junit",
        reports.report(found, rules=rules, limits=limits, problems=[PROBLEM], notes=("one",)),
    )
    seen = set()
    for node in ET.fromstring(text).iter():
        required, others, children = (set(names.split()) for names in JENKINS[node.tag])
        assert required <= set(node.attrib) <= required | others, node.tag
        assert {child.tag for child in node} <= children, node.tag
        assert (
            node.tag in ("testcase", "failure", "error", "skipped", "system-out", "system-err")
            or not (node.text or "").strip()
        )
        seen.add(node.tag)
    assert seen >= {
        "testsuites",
        "testsuite",
        "property",
        "testcase",
        "failure",
        "error",
        "skipped",
        "system-out",
    }
