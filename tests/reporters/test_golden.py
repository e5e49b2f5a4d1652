"""The reports, to the letter. Renew with `pytest tests/reporters/test_golden.py --renew-golden`, and read the difference before committing it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dslint.reporters import BUILT_IN
from dslint.version import __version__

GOLDEN = Path(__file__).parents[1] / "golden"

CHAT = r"""
{"id": "a-1", "messages": [{"role": "user", "content": "Where is my order?"}, {"role": "assistant", "content": "It is on its way."}]}
{"id": "a-2", "messages": [{"role": "user", "content": "Where is my order?"}, {"role": "assistant", "content": "It is on its way."}]}
{"id": "a-3", "messages": [{"role": "user", "content": "where is my order"}, {"role": "assistant", "content": "It is on its way!"}]}
{"id": "a-4", "messages": [{"role": "user", "content": "Who are you?"}, {"role": "bot", "content": "A bot."}]}

{"id": "a-5", "messages": [{"role": "user", "content": "Hi"},
{"id": "a-6", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " "}]}
{"id": "a-7", "messages": [{"role": "user", "content": "Write."}, {"role": "assistant", "content": "Dear {{name}}, yours, [Your Name]"}]}
{"id": "a-8", "messages": [{"role": "user", "content": "Hi"}, {"role": "user", "content": "There?"}, {"role": "assistant", "content": "Yes."}]}
{"id": "ada@example.org", "messages": [{"role": "user", "content": "Bye"}], "id2": 1, "id2": 2}
""".lstrip()

CONFIG = """
[dataset]
name = "support"
files = "data/*.jsonl"
slices = ["split"]

[rules."duplicates/exact"]
max-rate = "10%"

[rules."duplicates/normalized"]
max-count = 0

[[suppress]]
rule = "structure/role-order"
where = { id = "a-8" }
reason = "two questions in one"

[[suppress]]
rule = "structure/json-schema"
reason = "not in use any more"
"""


FEW = ["--select", "duplicates/exact,structure/role-order,structure/unfilled-template"]
"""Rules of reports that hold their manual pages."""


@pytest.fixture
def project(work):
    work.write("data/train.jsonl", CHAT)
    work.write("data/test.jsonl", CHAT.splitlines()[0].replace("a-1", "t-1") + "\n")
    work.write("dslint.toml", CONFIG)
    return work


@pytest.mark.parametrize(
    ("name", "flags", "code"),
    [
        ("report.txt", [], 1),
        ("report.json", ["-o", "json"], 1),
        ("report.jsonl", ["-o", "jsonl"], 1),
        ("report.md", ["-o", "markdown"], 1),
        ("quiet.txt", ["-q", "--fail-on", "never"], 0),
        ("verbose.txt", ["-v", "--max-show", "1", "--statistics"], 1),
        ("color.txt", ["--color", "always", "--select", "duplicates"], 1),
        ("report.sarif", ["-o", "sarif", *FEW], 1),
        ("report.html", ["-o", "html", *FEW], 1),
        ("github.txt", ["-o", "github"], 1),
        ("azure.txt", ["-o", "azure"], 1),
        ("gitlab.json", ["-o", "gitlab"], 1),
        ("rdjson.json", ["-o", "rdjson"], 1),
        ("junit.xml", ["-o", "junit", *FEW], 1),
        (
            "incomplete.sarif",
            ["data/none.jsonl", "data/test.jsonl", "-o", "sarif", "--select", "duplicates/exact"],
            2,
        ),
        ("incomplete.github.txt", ["data/none.jsonl", "data/test.jsonl", "-o", "github"], 2),
        ("incomplete.gitlab.json", ["data/none.jsonl", "data/test.jsonl", "-o", "gitlab"], 2),
        (
            "incomplete.xml",
            ["data/none.jsonl", "data/test.jsonl", "-o", "junit", "--select", "duplicates/exact"],
            2,
        ),
        ("incomplete.txt", ["data/none.jsonl", "data/test.jsonl"], 2),
        ("incomplete.json", ["data/none.jsonl", "data/test.jsonl", "-o", "json"], 2),
    ],
)
def test_reports_are_as_they_were(project, call, pytestconfig, name, flags, code):
    result = call("check", *flags)
    assert result.code == code, result
    text = re.sub(
        rf"(dslint-gate |dslint |ersion\":\"){re.escape(__version__)}", r"\1VERSION", result.out
    )
    text = (
        re.sub(r"(<style>|<script>|'sha256-)[^']*?(?=</style>|</script>|')", r"\1...", text)
        if "html" in name
        else text
    )
    path = GOLDEN / name
    if pytestconfig.getoption("renew_golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_text_report_fits_80_columns(project, call):
    lines = call("check").out.splitlines()
    wide = [line for line in lines if len(line) > 80]
    assert all(" " not in line.strip() for line in wide), wide


def test_no_report_shows_a_value_of_the_data(project, call):
    for flags in (
        *(["-o", name] for name in BUILT_IN if name != "html"),
        ["-v", "--statistics"],
    ):  # html has excerpts: see test_excerpts.py
        out = re.sub(
            '^"tool": .*', "", call("check", *flags).out, flags=re.MULTILINE
        )  # manual pages have examples of their own
        for value in (
            "Where is my",
            "where is my",
            "Who are you",
            "A bot.",
            "ada@example.org",
            "There?",
            "Dear {{name}}",
        ):
            assert value not in out, value


def test_findings_stand_in_their_documented_order(project, call):
    findings = call("check", "-o", "json").report["findings"]
    keys = [
        (
            f["path"] or "",
            -1 if f["row"] is None else f["row"],
            f["field"],
            -1 if f["start"] is None else f["start"],
            f["rule"],
        )
        for f in findings
    ]
    assert len(keys) > 8
    assert keys == sorted(keys)


def test_all_findings_are_in_machine_readable_reports_whatever_is_shown(project, call):
    assert (
        call("check", "-o", "json", "--max-show", "0").report["findings"]
        == call("check", "-o", "json").report["findings"]
    )
    assert len(call("check", "-o", "jsonl").out.splitlines()) == len(
        call("check", "-o", "json").report["findings"]
    )


def test_the_rules_of_a_report_add_up(project, call):
    report = call("check", "-o", "json").report
    for rule in report["rules"]:
        active = [
            f for f in report["findings"] if f["rule"] == rule["id"] and f["suppressed"] is None
        ]
        assert rule["count"] == len(active)
        if rule["state"] == "ran":
            assert report["measures"][f"{rule['id']}.count"] == rule["count"]
            assert report["measures"][f"{rule['id']}.rate"] == rule["rate"]
    for severity in ("error", "warning", "info"):
        assert report["counts"][severity] == sum(
            f["severity"] == severity and f["suppressed"] is None for f in report["findings"]
        )
    assert report["counts"]["records"] == sum(item["records"] for item in report["inputs"])
    assert len({f["fingerprint"] for f in report["findings"]}) == len(report["findings"])
