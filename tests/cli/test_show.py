"""`dslint show`: in a terminal only, the record as it is, what is found in reverse video, and nothing that steers the terminal."""

import json
import os
import pty
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslint.cli.show import record_text
from dslint.model import Finding, Location

LEAK = [
    {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Dear {{name}},\nyours \x1b]0;x\x07\t[Your Name]"},
        ]
    },
    {
        "messages": [
            {"role": "user", "content": "Mail ada@example.org"},
            {"role": "assistant", "content": " "},
        ]
    },
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
]


def on_terminal(work, *args, env=None):
    """Run the command with a pseudo-terminal as its standard output; return what it prints there, what it says besides, and its exit code."""
    ours, theirs = pty.openpty()
    command = work.command(*args, env=env)
    process = subprocess.Popen(
        **command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE
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
    said = process.communicate(timeout=300)[1].decode()
    os.close(ours)
    return b"".join(pieces).decode().replace("\r\n", "\n"), said, process.returncode


@pytest.fixture
def leaky(work):
    work.jsonl("data.jsonl", *LEAK)
    work.write("dslint.toml", '[rules]\nselect = ["structure"]\n')
    return work


def test_a_record_with_its_findings(leaky):
    out, said, code = on_terminal(leaky, "show", "data.jsonl:1", "--color", "never")
    assert code == 0, said
    assert "data.jsonl row 0, line 1, shape chat\n" in out
    assert (
        "/messages/1/content\n  Dear \x1b[7m{{name}}\x1b[27m,\n  yours \\x1b]0;x\\x07\\t\x1b[7m[Your Name]\x1b[27m\n"
        in out
    ), out
    assert "\n2 findings\n" in out
    assert out.count("warning structure/unfilled-template") == 2
    assert "checked by itself" in said


def test_the_record_is_shown_unmasked_as_asked(leaky):
    out, _, code = on_terminal(leaky, "show", "data.jsonl:2")
    assert code == 0
    assert "ada@example.org" in out
    assert "structure/nothing-to-learn" in out


def test_a_whole_turn_that_is_found_is_marked_by_its_place(leaky):
    leaky.jsonl(
        "data.jsonl",
        {"messages": [{"role": "user", "content": "a"}, {"role": "bot", "content": "b"}]},
        *LEAK,
    )
    out, _, _ = on_terminal(leaky, "show", "data.jsonl:1", "--shape", "chat")
    assert "\x1b[7m/messages/1/role\x1b[27m\n  bot\n" in out


def test_rules_of_the_dataset_see_all_of_it(work):
    work.jsonl("train.jsonl", LEAK[2])
    work.jsonl("test.jsonl", LEAK[3])
    work.write("dslint.toml", '[dataset]\nfiles = ["*.jsonl"]\n')
    out, said, code = on_terminal(work, "show", "test.jsonl:1")
    assert code == 0
    assert "duplicates/exact" in out
    assert "train.jsonl line 1" in out
    assert said == ""


def test_a_record_by_its_line(leaky):
    leaky.write("data.jsonl", "\n\n" + (leaky.root / "data.jsonl").read_text())
    out, _, code = on_terminal(leaky, "show", "data.jsonl", "--line", "4")
    assert code == 0
    assert "row 1, line 4" in out


def placed(work, name):
    """Write four records, of which the last has a finding, in a format."""
    if name.endswith(".parquet"):
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(LEAK[::-1]), work.root / name)
    elif name.endswith(".json"):
        work.write(name, json.dumps(LEAK[::-1]))
    else:
        work.write(name, "\n\n" + "".join(json.dumps(value) + "\n" for value in LEAK[::-1]))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data.jsonl", "a b.jsonl", "t.parquet", "data.json"])
def test_a_place_is_shown_as_reports_print_it(leaky, name):
    os.unlink(leaky.root / "data.jsonl")
    placed(leaky, name)
    report = leaky.run("check", name, "--select", "structure/unfilled-template").out
    place = report.partition(" warning ")[0]
    for words in ([place], place.split(" ")):  # quoted or not
        out, said, code = on_terminal(leaky, "show", *words)
        assert code == 0, said
        assert f"{name} row 3" in out
        assert "Dear \x1b[7m{{name}}" in out
    out, said, code = on_terminal(leaky, "show", name, "--row", "3")
    assert (code, "Dear \x1b[7m{{name}}" in out) == (0, True)


def test_the_place_of_what_is_no_json_is_shown_too(leaky):
    leaky.write("data.jsonl", '\n{"text": "a"}\n{"text": \n')
    assert "data.jsonl:3:10 error" in leaky.run("check", "data.jsonl").out
    out, _, _ = on_terminal(leaky, "show", "data.jsonl:3:10")
    assert "data.jsonl row 1, line 3" in out


def test_where_there_are_no_lines_the_number_is_the_row(leaky):
    placed(leaky, "t.parquet")
    out, _, code = on_terminal(leaky, "show", "t.parquet:3")
    assert (code, "t.parquet row 3" in out) == (0, True)


def test_a_record_that_cannot_be_read(work):
    work.write("data.jsonl", '{"text": "a"}\n{"text": \n{"text": "b"}\n')
    out, _, code = on_terminal(work, "show", "data.jsonl:2")
    assert code == 0
    assert "(cannot be read)" in out
    assert "dslint/parse-error" in out


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["data.jsonl:9"], "no record begins on line 9; it has 4 records"),
        (["data.jsonl row 9"], "there is no row 9; it has 4 records"),
        (["data.jsonl", "--row", "9"], "there is no row 9; it has 4 records"),
        (["data.jsonl:0"], "lines are counted from 1"),
        (["data.jsonl", "--row", "0", "--line", "1"], "cannot be combined"),
        (["data.jsonl", "--line", "99"], "no record begins on line 99"),
        (["nowhere.jsonl:1"], "no such"),
        (["data.jsonl"], "expected PATH:LINE"),
        (["data.jsonl:x"], "expected PATH:LINE"),
        (["data.jsonl:1", "--isolated", "--config", "x.toml"], "cannot be combined"),
    ],
)
def test_what_is_not_there_is_refused(args, part, leaky):
    out, said, code = on_terminal(leaky, "show", *args)
    assert (out, code) == ("", 2), said
    assert part in said
    assert "internal error" not in said


@pytest.mark.parametrize("value", ["true", "1"])
def test_never_in_ci(value, leaky):
    out, said, code = on_terminal(leaky, "show", "data.jsonl:1", env={"CI": value})
    assert (out, code) == ("", 2)
    assert "only in a terminal" in said


def test_never_into_a_pipe(leaky, refused):
    refused(leaky.run("show", "data.jsonl:1"), "only in a terminal", "dslint check")


def test_a_problem_is_said_and_returned(work):
    work.write("data.jsonl", "".join(json.dumps(value) + "\n" for value in LEAK))
    work.write("dslint.toml", '[dataset]\nfiles = ["data.jsonl", "gone.jsonl"]\n')
    _, said, code = on_terminal(work, "show", "data.jsonl:1")
    assert code == 2
    assert "gone.jsonl: no such file" in said


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
)


@given(json_values)
def test_nothing_of_a_record_steers_the_terminal(value):
    text = "".join(record_text(value, []))
    assert all(
        line.isprintable() or all(letter.isprintable() or not letter.isascii() for letter in line)
        for line in text.split("\n")
    )
    for steering in "\x1b\x07\x9b\r\u202e\u2066\x7f":
        assert steering not in text


@given(
    st.text(alphabet="ab\n\x1b", max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=3),
)
def test_marks_change_nothing_but_the_look(text, spans):
    findings = [
        Finding(at=Location("f", 0, 1, None, "/t", min(span), max(span)), message="m")
        for span in spans
        if span[0] != span[1]
    ]
    marked = "".join(record_text({"t": text}, findings))
    assert marked.replace("\x1b[7m", "").replace("\x1b[27m", "") == "".join(
        record_text({"t": text}, [])
    )
    assert marked.count("\x1b[7m") == marked.count("\x1b[27m")
