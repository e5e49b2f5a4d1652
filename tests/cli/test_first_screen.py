"""What somebody sees first: on a terminal, in a log, and where a list is cut."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections import Counter

import pytest

from dslint.cli import output
from dslint.model import Severity
from dslint.reporters import Style, html, markdown, sarif
from dslint.reporters.sampling import gravest

EARLY = "import sys; from dslint.cli import main, progress; progress._FIRST = 0; sys.argv = ['dslint', *sys.argv[1:]]; main()"
"""The command, showing its progress from the beginning."""


def on_terminal(work, *words):
    """Run a program with a pseudo-terminal as its output and its error; return what it prints there, and its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        words,
        cwd=work.root,
        env={**work.env, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    pieces = []
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(ours)
    return b"".join(pieces).decode().replace("\r\n", "\n"), process.wait(timeout=300)


def test_the_line_of_progress_is_gone_before_the_report_begins(work):
    work.write("data.jsonl", '{"text": "a"}\n{"text": \n')
    printed, code = on_terminal(
        work, sys.executable, "-c", EARLY, "check", "data.jsonl", "--color", "never"
    )
    assert code == 1
    assert "records" in printed.partition("data.jsonl:2:10 error")[0]
    lines = [line.rpartition("\r\x1b[K")[2] for line in printed.split("\n")]
    assert lines[0] == "data.jsonl:2:10 error dslint/parse-error"
    assert "\x1b[K" not in printed.partition("data.jsonl:2:10 error")[2]


def test_problems_are_said_where_the_report_is_a_file(work, call):
    work.chat()
    result = call("check", "data.jsonl", "nowhere.jsonl", "-o", "json=report.json")
    assert (result.code, result.out) == (2, "")
    assert "dslint: could not check nowhere.jsonl: no such file; check the path" in result.err
    assert result.err.endswith("dslint: INCOMPLETE; reports: report.json\n")
    many = [f"no{number:02}.jsonl" for number in range(25)]
    result = call("check", *many, "-o", "json=report.json")
    assert result.err.count("could not check no") == 20
    assert "dslint: and 5 more problems\n" in result.err


def test_problems_are_said_once(work, call):
    work.chat()
    for name in ("text", "json", "markdown", "github"):
        result = call("check", "data.jsonl", "nowhere.jsonl", "-o", name, "-o", "html=report.html")
        assert (result.code, result.err) == (2, "")
        assert "nowhere.jsonl" in result.out
    result = call("check", "data.jsonl", "nowhere.jsonl", "-o", "jsonl")  # which has findings only
    assert (result.code, result.out) == (2, "")
    assert "could not check nowhere.jsonl" in result.err


MIXED = """
[rules]
select = ["structure/unfilled-template"]
[[overrides]]
files = "data/a*"
[overrides.rules."structure/unfilled-template"]
severity = "info"
[[overrides]]
files = "data/z*"
[overrides.rules."structure/unfilled-template"]
severity = "error"
[[suppress]]
rule = "structure/unfilled-template"
files = "data/b*"
reason = "as they are"
"""


@pytest.fixture
def mixed(work):
    """30 infos, then 30 suppressed findings, then 30 warnings, and 5 errors last."""
    for name, rows in (("a", 30), ("b", 30), ("m", 30), ("z", 5)):
        work.jsonl(
            f"data/{name}.jsonl",
            *(
                {
                    "messages": [
                        {"role": "user", "content": "Hi"},
                        {"role": "assistant", "content": f"Dear {{{{name}}}}, {name}{row}"},
                    ]
                }
                for row in range(rows)
            ),
        )
    work.write("dslint.toml", MIXED)
    return work


WANTED = [
    *(f"data/m.jsonl:{line}" for line in range(1, 16)),
    *(f"data/z.jsonl:{line}" for line in range(1, 6)),
]


@pytest.mark.parametrize("kind", ["text", "markdown", "junit"])
@pytest.mark.parametrize("flags", [[], ["-v"]], ids=["plain", "verbose"])
def test_where_a_list_is_cut_the_gravest_stay_in_their_order(mixed, call, kind, flags):
    result = call("check", "-o", kind, *flags)
    assert re.findall(r"data/[abmz]\.jsonl:\d+\b", result.out) == WANTED
    assert f"{75 if flags and kind != 'junit' else 45} more" in result.out
    most = call("check", "-o", kind, *flags, "--max-show", "40")
    assert re.findall(r"data/([abmz])\.jsonl:\d+\b", most.out) == [*"a" * 5, *"m" * 30, *"z" * 5]


def test_suppressed_findings_come_last(mixed, call):
    result = call("check", "-v", "--max-show", "70")
    assert Counter(re.findall(r"data/([abmz])\.jsonl:\d+\b", result.out)) == {
        "a": 30,
        "b": 5,
        "m": 30,
        "z": 5,
    }


def test_the_annotations_of_a_log_are_the_gravest(mixed, call):
    out = call("check", "-o", "github").out
    assert [line.partition(" ")[0] for line in out.splitlines()[:3]] == [
        "::error",
        "::warning",
        "::notice",
    ]


def test_reports_for_machines_keep_the_gravest_too(mixed, call, monkeypatch):
    monkeypatch.setattr(sarif, "MAX_RESULTS", 21)
    log = json.loads(call("check", "-o", "sarif").out)
    results = log["runs"][0]["results"]
    assert Counter(result["level"] for result in results if "occurrenceCount" not in result) == {
        "error": 5,
        "warning": 15,
    }
    monkeypatch.setattr(html, "MAX_FINDINGS", 20)
    monkeypatch.setattr(output, "EXCERPTS", 5)
    page = call("check", "-o", "html").out
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert Counter(row[1] for row in data["findings"]) == {2: 5, 1: 15}
    assert [data["findings"][int(number)][1] for number in data["excerpts"]] == [2] * 5


def test_a_page_that_is_cut_at_its_size_keeps_the_gravest(reports, monkeypatch):
    monkeypatch.setattr(markdown, "MAX_BYTES", 4500)
    order = [Severity.INFO] * 40 + [Severity.ERROR] * 20 + [Severity.WARNING] * 40
    found = [reports.finding(row, severity=severity) for row, severity in enumerate(order)]
    text = reports.text("markdown", reports.report(found), Style(max_show=1000))
    assert len(text.encode()) <= 4500
    rows = [int(row) for row in re.findall(r"`data\.jsonl:(\d+)`", text)]
    assert rows == sorted(rows)
    assert set(range(41, 61)) <= set(rows)
    assert not set(range(1, 41)) & set(rows)
    assert f"{100 - len(rows)} more lines" in text


def test_choosing_keeps_no_finding(reports):
    """Findings may be millions, on disk: they are gone through once, and what is shown is shown at once."""
    read = []

    def findings():
        for row in range(100):
            read.append(row)
            yield reports.finding(row, severity=Severity.INFO if row % 2 else Severity.ERROR)

    report = reports.report([*findings()])
    read.clear()
    chosen = gravest(findings(), report.by_rule, 60)
    assert next(chosen).at.row == 0
    assert read == [0]
    assert [finding.at.row for finding in chosen][-1] == 98
    assert len(read) == 100


TWICE = {
    "messages": [
        {"role": "user", "content": "Hi {{name}}"},
        {"role": "assistant", "content": "Hello."},
    ]
}
REPORTS = ["text", "markdown", "github", "azure", "gitlab", "rdjson", "sarif", "junit"]


def saved_as(work, name):
    """Write the same record twice, and others between, in formats in which no line leads to a record."""
    rows = [
        TWICE,
        *(
            {
                "messages": [
                    {"role": "user", "content": f"Why {row}?"},
                    {"role": "assistant", "content": f"So {row}."},
                ]
            }
            for row in range(4)
        ),
        TWICE,
    ]
    if name.endswith(".parquet"):
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(rows), work.root / name)
    else:
        work.write(name, "\n\n" + json.dumps(rows))


@pytest.mark.parametrize("kind", REPORTS)
@pytest.mark.parametrize("name", ["t.parquet", "t.json"])
def test_every_report_says_which_row(work, call, kind, name):
    saved_as(work, name)
    out = call("check", "-o", kind, "--select", "duplicates/exact,structure/unfilled-template").out
    place = "t.json line 3 row 0" if name == "t.json" else "t.parquet row 0"
    if kind in ("text", "junit", "markdown"):
        assert f"repeats {place}" in out
        assert set(re.findall(rf"{name}(?::3)? row (\d)", out)) == {"0", "5"}
    else:  # which have a place for file and line only
        assert "row 0: /messages/0/content 3-11: a template variable" in out
        assert f"row 5: repeats {place}" in out
    assert "None" not in out


@pytest.mark.parametrize("name", ["t.parquet", "t.json"])
def test_the_page_says_which_row(work, call, name):
    saved_as(work, name)
    out = call("check", "-o", "html", "--select", "duplicates/exact").out
    (row,) = json.loads(out.partition('id="data">')[2].partition("</script>")[0])["findings"]
    assert row[4] == (":3 row 5" if name == "t.json" else " row 5")
    assert row[11] == [f"{name}{':3' if name == 't.json' else ''} row 0"]


def test_rows_of_one_line_each_are_told_by_their_line(work, call):
    work.jsonl("t.jsonl", TWICE, TWICE)
    work.write("u.csv", "text,label\nHi {{name}},a\n")
    out = call("check", "--select", "duplicates/exact,structure/unfilled-template").out
    assert "t.jsonl:2 warning duplicates/exact\n  repeats t.jsonl line 1\n" in out
    assert "u.csv:2 warning" in out
    assert "row" not in out


@pytest.mark.parametrize(
    "rule",
    [
        "duplicates/exact",
        "duplicates/normalized",
        "duplicates/near",
        "duplicates/leakage",
        "duplicates/conflicting-answer",
    ],
)
def test_no_message_names_a_line_that_is_none(work, call, rule):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    ask = (
        "What do I need to do so that the parcel that I sent back last week is paid for in the end?"
    )
    texts = [ask, ask, ask, f"{ask} Thanks!"]
    for split in ("train", "test"):
        rows = [
            {
                "messages": [
                    {"role": "user", "content": text},
                    {"role": "assistant", "content": f"{ask} {number % 3} {split}"},
                ]
            }
            for number, text in enumerate(texts)
        ]
        said = {
            "messages": [
                {**turn, "content": turn["content"].upper()} for turn in rows[1]["messages"]
            ]
        }
        parquet.write_table(
            pa.Table.from_pylist([*rows, rows[0], said]), work.root / f"{split}.parquet"
        )
    result = call("check", "--select", rule, "-o", "json")
    messages = [finding["message"] for finding in json.loads(result.out)["findings"]]
    assert messages
    assert all(re.search(r"\.parquet row \d+", message) for message in messages), messages
    assert not any("None" in message for message in messages)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.jsonl", '{"text": "a"}\n{"text": "äöü€", "n": }\n'),
        ("d.json", '[{"text": "a"}, {"text": "äöü€", "n": }, {"text": "b"}]'),
        ("d.json", '[{"text": "a"},\n  "ß", {"text": "äöü€",\n "ö": }, {"text": "b"}]'),
        ("d.json", '[{"text": "ß"} "ä", {"text": "b"}]'),
        ("d.jsonl", b'{"text": "a"}\n{"text": "\xc3\xa4\xc3"}\n'),
    ],
)
def test_columns_are_bytes_for_reviewdog_and_characters_elsewhere(work, call, name, content):
    raw = work.write(name, content).read_bytes().split(b"\n")
    (item,) = json.loads(call("check", "-o", "rdjson", "--select", "structure").out)["diagnostics"]
    start = item["location"]["range"]["start"]
    (found,) = json.loads(call("check", "-o", "json", "--select", "structure").out)["findings"]
    assert start["line"] == found["line"]
    before = raw[found["line"] - 1][: start["column"] - 1]
    assert len(before.decode()) + 1 == found["column"]
    assert start["column"] > found["column"]
