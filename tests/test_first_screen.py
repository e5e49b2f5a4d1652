"""What somebody sees first: on a terminal, in a log, and where a list is cut."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

EARLY = "import sys; from dslint.cli import main, progress; progress._FIRST = 0; sys.argv = ['dslint', *sys.argv[1:]]; main()"
"""The command, showing its progress from the beginning."""


def on_terminal(work, *words):
    """Run a program with a pseudo-terminal as its output and its error; return what it prints there, and its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(words, cwd=work.root, env={**work.env, "TERM": "xterm"}, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
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
    printed, code = on_terminal(work, sys.executable, "-c", EARLY, "check", "data.jsonl", "--color", "never")
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
    assert "dslint: and 5 more that could not be checked\n" in result.err


def test_problems_are_said_once(work, call):
    work.chat()
    for name in ("text", "json", "markdown", "github"):
        result = call("check", "data.jsonl", "nowhere.jsonl", "-o", name, "-o", "html=report.html")
        assert (result.code, result.err) == (2, "")
        assert "nowhere.jsonl" in result.out
    result = call("check", "data.jsonl", "nowhere.jsonl", "-o", "jsonl")  # which has findings only
    assert (result.code, result.out) == (2, "")
    assert "could not check nowhere.jsonl" in result.err
