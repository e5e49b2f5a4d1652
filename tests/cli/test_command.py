"""The command as a process: exit codes, what goes where, and how little it loads."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys

import pytest

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"


def kinds(result):
    return [problem["kind"] for problem in result.report["problems"]]


def test_a_clean_file_passes(work):
    work.chat()
    result = work.run("check", "data.jsonl")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("\nPASS\n")


def test_a_broken_line_fails_and_the_rest_is_checked(work):
    work.write("data.jsonl", '{"text": "a"}\n{"text": \n{"text": "b"}\n')
    result = work.check("data.jsonl")
    assert result.code == 1
    (found,) = result.findings("dslint/parse-error")
    assert (found["row"], found["line"], found["column"]) == (1, 2, 10)
    (read,) = result.report["inputs"]
    assert (read["records"], read["unchecked"]) == (3, 1)


@pytest.mark.parametrize(
    ("name", "content", "kind", "hint"),
    [
        ("no.jsonl", None, "unreadable-file", "path"),
        ("x.jsonl", LFS, "data-pointer", "git lfs pull"),
        ("x.jsonl", "[1]\n".encode("utf-16"), "unreadable-file", "iconv"),
        ("x.jsonl", b"", "empty-input", "--allow-empty"),
        ("x.jsonl", b"\n \n", "empty-input", "--allow-empty"),
        (
            "x.jsonl.gz",
            gzip.compress(b'{"text": "a"}\n' * 9, mtime=0)[:-6],
            "unreadable-file",
            "file again",
        ),
        ("x.doc", b"a", "unreadable-file", "reads"),
        ("*.jsonl", None, "empty-input", "path"),
    ],
)
def test_what_cannot_be_checked_is_said_with_its_cure(work, call, name, content, kind, hint):
    work.chat("good/good.jsonl")
    if content is not None:
        work.write(name, content)
    for flags in ([], ["--exit-zero"], ["--fail-on", "never"]):
        result = call("check", "-o", "json", name, *flags)
        assert result.code == 2, result
        assert kinds(result) == [kind]
        assert hint in result.report["problems"][0]["hint"]
        assert result.report["verdict"] == "incomplete"
    assert "INCOMPLETE" in call("check", name).out


def test_the_other_files_are_checked_and_two_beats_one(work, call):
    work.write("a.jsonl", "{\n")
    result = call("check", "-o", "json", "a.jsonl", "none.jsonl")
    assert (result.code, result.report["verdict"]) == (2, "incomplete")
    assert len(result.findings("dslint/parse-error")) == 1
    assert any(limit["passed"] is False for limit in result.report["limits"])


def test_an_empty_folder_is_no_pass_unless_asked(work, call):
    assert call("check").code == 2
    assert call("check", "--allow-empty").code == 2  # the folder holds no data file at all
    work.write("x.jsonl", "")
    assert call("check", "--allow-empty").code == 0


def test_a_truncated_file_is_checked_as_far_as_it_goes(work, call):
    noise = random.Random(1)
    lines = b"".join(b'{"text": "%d"}\n' % noise.randrange(10**30) for _ in range(3000))
    work.write("x.jsonl.gz", gzip.compress(b"{\n" + lines)[:-100])
    result = call("check", "-o", "json", "x.jsonl.gz")
    assert (result.code, kinds(result)) == (2, ["unreadable-file"])
    assert result.report["counts"]["records"] > 1000
    assert len(result.findings("dslint/parse-error")) == 1


def test_exit_zero_and_fail_on(work, call):
    work.write("data.jsonl", "{\n")
    assert call("check", "data.jsonl").code == 1
    assert call("check", "data.jsonl", "--exit-zero").code == 0
    assert call("check", "data.jsonl", "--fail-on", "never").code == 0
    lenient = call("check", "-o", "json", "data.jsonl", "--exit-zero").report
    assert (lenient["verdict"], lenient["exit_code"]) == ("fail", 0)


@pytest.mark.parametrize("content", ['{"text": "a"}\n', "{\n", None])
def test_the_format_never_changes_the_code(work, call, content):
    if content is not None:
        work.write("data.jsonl", content)
    codes = {
        call("check", "data.jsonl", *flags).code
        for flags in (
            [],
            ["-o", "json"],
            ["-o", "jsonl"],
            ["-o", "x.txt"],
            ["-q"],
            ["-v"],
            ["--max-show", "0"],
        )
    }
    assert len(codes) == 1


def test_several_reports_of_one_run(work, call):
    work.write("data.jsonl", "{\n")
    result = call(
        "check", "data.jsonl", "-o", "jsonl", "-o", "json=out/deep/r.data", "-o", "text.txt"
    )
    assert [json.loads(line)["rule"] for line in result.out.splitlines()] == ["dslint/parse-error"]
    report = json.loads((work.root / "out/deep/r.data").read_text())
    assert report["findings"] == [json.loads(result.out)]
    assert (work.root / "text.txt").read_text().endswith("FAIL\n")
    assert not list(work.root.glob("**/.dslint-*"))
    quiet = call("check", "data.jsonl", "-o", "json=r.data")
    assert quiet.out == ""
    assert "FAIL" in quiet.err


def test_a_report_replaces_the_old_one_in_one_step(work, call):
    work.chat()
    old = work.write("r.json", "old")
    with old.open() as held:
        assert call("check", "data.jsonl", "-o", "json=r.json").code == 0
        assert held.read() == "old"
    assert json.loads(old.read_text())["verdict"] == "pass"
    assert old.stat().st_mode & 0o777 == 0o666 & ~os.umask(os.umask(0o022))


def test_colours(work, call, monkeypatch):
    work.chat()

    def coloured(*flags):
        return "\x1b[" in call("check", "data.jsonl", *flags).out

    assert not coloured()
    assert coloured("--color", "always")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert coloured()
    assert not coloured("--color", "never")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured()
    assert coloured("--color", "always")
    assert "\x1b" not in call("check", "data.jsonl", "-o", "json", "--color", "always").out
    call("check", "data.jsonl", "-o", "x.txt", "--color", "always")
    assert "\x1b" not in (work.root / "x.txt").read_text()


def test_control_characters_of_the_data_do_not_reach_the_terminal(work, call):
    key = "\x1b[2J\x07\u202e\x9b"
    work.write(
        "data.jsonl",
        json.dumps({"text": "a"}) + "\n" + '{"text":"a",%s:1,%s:2}\n' % ((json.dumps(key),) * 2),
    )
    out = call("check", "data.jsonl").out
    assert "dslint/duplicate-key" in out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)


def test_a_file_name_that_is_no_text(work):
    name = os.fsencode(work.root) + b"/caf\xe9.jsonl"
    try:
        with open(name, "wb") as stream:
            stream.write(b'{"text": "a"}\n{\n')
    except OSError:
        pytest.skip("the file system takes Unicode names only")
    result = work.run("check", ".", "-o", "json", "-o", "text=report.txt")
    assert (result.code, result.err) == (1, "")
    assert sorted(item["path"] for item in result.report["inputs"]) == [r"caf\xe9.jsonl"]


def test_an_output_that_takes_ascii_only(work):
    work.write("données.jsonl", "{\n")
    result = work.run("check", "données.jsonl", env={"PYTHONIOENCODING": "ascii"})
    assert result.code == 1, result
    assert "donn" in result.out


def test_version_and_help(work, call):
    assert re.fullmatch(r"dslint \d+\.\d+\.\d+\S*\n", work.run("--version").out)
    listed = call("check", "--help")
    assert listed.code == 0
    assert "--fail-on" in listed.out


def loaded(work, *args):
    """Return the modules that a run has loaded."""
    program = f"import sys; sys.argv = ['dslint', *{args!r}]\ntry:\n    from dslint.cli import main; main()\nexcept SystemExit as end:\n    assert not end.code, end.code\nprint('MODULES', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=work.root,
        env=work.env,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.rpartition("MODULES ")[2].split())


def test_a_check_of_ten_rows_loads_neither_arrow_nor_numpy(work):
    work.chat(rows=10)
    modules = loaded(work, "check", "data.jsonl", "-o", "json=r.json")
    assert not modules & {
        "pyarrow",
        "numpy",
        "pandas",
        "rich",
        "pydantic",
        "jsonschema",
        "multiprocessing",
    }
    assert "dslint_packs.duplicates" in modules


def test_the_version_loads_nothing(work):
    assert not loaded(work, "--version") & {"typer", "click", "msgspec", "pluggy", "pyarrow"}


def test_two_runs_give_equal_bytes(work):
    work.write("data.jsonl", '{"text": "a"}\n{"text": "a"}\n{\n{"text": "A"}\n')
    first, second = (
        work.check("data.jsonl", env={"PYTHONHASHSEED": seed}).out for seed in ("1", "2")
    )
    assert first == second


@pytest.fixture
def many(work):
    """Rows with repeats, broken lines, blank lines and double keys, over several blocks."""
    noise = random.Random(7)
    rows = [
        json.dumps(
            {
                "text": f"row {noise.randrange(900)}",
                "uid": number,
                "pad": "x" * noise.randrange(300),
            }
        )
        for number in range(1500)
    ]
    rows[100:100] = [
        "{",
        "",
        '{"text": "a", "text": "b", "uid": -1}',
        '{"text": "  ", "uid": -2}',
        '{"text": 1, "uid": -3}',
        "x" * 5000,
    ]
    work.write(
        "dslint.toml",
        'max-record-bytes = 4000\n[dataset]\nfiles = "*.jsonl"\nshape = "text"\ncolumns = { id = "uid" }\n[rules."duplicates/exact"]\nby = "text"\n',
    )
    return work, rows


@pytest.mark.slow
def test_the_size_of_shards_changes_nothing(many, call, monkeypatch):
    work, rows = many
    work.write("data.jsonl", "\n".join(rows))
    whole = call("check", "-o", "json")
    assert len(whole.report["findings"]) > 500
    monkeypatch.setattr("dslint.data.readers.files.BLOCK", 4096)
    monkeypatch.setattr("dslint.data.readers.jsonl.BATCH", 64)
    for size in ("1", "5000", "100000"):
        assert call("check", "-o", "json", "--shard-size", size).out == whole.out


def test_shuffling_keeps_the_fingerprints(many, call):
    work, rows = many
    marks = []
    for seed in (1, 2):
        random.Random(seed).shuffle(rows)
        work.write("data.jsonl", "\n".join(rows))
        marks.append(
            sorted(
                (f["rule"], f["fingerprint"])
                for f in call("check", "-o", "json").report["findings"]
            )
        )
    assert marks[0] == marks[1]
    assert len(set(marks[0])) == len(marks[0])


def test_the_order_of_paths_changes_nothing(work, call):
    for name in ("a", "b"):
        work.write(f"{name}.jsonl", '{"text": "a"}\n')
    orders = [
        ["a.jsonl", "b.jsonl"],
        ["b.jsonl", "a.jsonl"],
        ["."],
        ["./b.jsonl", "*.jsonl"],
        [str(work.root / "a.jsonl"), "b.jsonl"],
    ]
    assert len({call("check", "-o", "json", *order).out for order in orders}) == 1


def test_ctrl_c_is_130(work):
    process = subprocess.Popen(
        **work.command("check", "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a shell ignores it for what runs in the background
    )
    process.stdin.write(b" " * (1 << 20))  # more than a pipe holds, so that it is being read
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert out == b""
    assert b"Traceback" not in err


def test_a_reader_that_goes_away_is_no_verdict_of_ours(work):
    work.write("data.jsonl", "{\n" * 3000)
    process = subprocess.Popen(
        **work.command("check", "data.jsonl", "-o", "json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.read(10)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=120) == 2
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err


def test_only_data_is_found_in_a_folder(work, call):
    work.chat("a.jsonl")
    for name in (
        "node_modules/x.jsonl",
        ".hidden/x.jsonl",
        ".x.jsonl",
        "venv/x.jsonl",
        "readme.md",
        "notes.txt",
        "env2/x.jsonl",
    ):
        work.write(name, "{\n")
    work.write("env2/pyvenv.cfg", "")
    result = call("check", "-o", "json")
    assert [item["path"] for item in result.report["inputs"]] == ["a.jsonl"]


def test_what_git_ignores_is_not_found_but_can_be_named(work, call):
    (work.root / ".git").rmdir()
    subprocess.run(["git", "init", "-q"], cwd=work.root, check=True, env=work.env)
    work.write(".gitignore", "raw/\n")
    work.chat("a.jsonl")
    work.chat("raw/b.jsonl")
    assert [item["path"] for item in call("check", "-o", "json").report["inputs"]] == ["a.jsonl"]
    assert call("check", "-o", "json", "raw/b.jsonl").report["counts"]["records"] == 3


def test_rules_and_manual_pages(call):
    listed = json.loads(call("rules", "-o", "json").out)
    assert {"dslint/parse-error", "duplicates/exact", "structure/invalid-record"} <= {
        rule["id"] for rule in listed
    }
    for rule in listed:
        page = call("rule", rule["id"])
        assert page.code == 0
        assert page.out.startswith(rule["id"])
        assert rule["summary"] in page.out
    assert call("explain", "duplicates/exact").out == call("rule", "duplicates/exact").out
    assert call("plugins").code == call("doctor").code == 0


def test_scope(work, call):
    work.chat()

    def states(*flags):
        return {
            rule["id"]: rule["state"]
            for rule in call("check", "data.jsonl", "-o", "json", *flags).report["rules"]
        }

    assert states("--scope", "record")["duplicates/exact"] == "skipped"
    assert states("--scope", "dataset")["structure/role-order"] == "skipped"
    limited = call(
        "check",
        "data.jsonl",
        "-o",
        "json",
        "--scope",
        "record",
        "--max",
        "duplicates/exact.count=0",
    )
    assert limited.code == 0
    assert [
        item["passed"]
        for item in limited.report["limits"]
        if item["measure"] == "duplicates/exact.count"
    ] == [None]


def test_a_rule_by_name_that_applies_to_nothing_is_no_pass(work, call):
    work.write("data.jsonl", '{"text": "a"}\n')
    assert call("check", "data.jsonl").code == 0
    result = call("check", "-o", "json", "data.jsonl", "--select", "structure/role-order")
    assert (result.code, kinds(result)) == (2, ["not-applicable"])


def test_the_api_gives_the_same_report_without_printing(work, call, capfd):
    from dslint import lint

    work.write("data.jsonl", "{\n")
    report = lint(["data.jsonl"])
    assert (report.verdict, int(report.exit_code), len(report.findings)) == ("fail", 1, 1)
    assert capfd.readouterr() == ("", "")
    assert [
        f["fingerprint"] for f in call("check", "-o", "json", "data.jsonl").report["findings"]
    ] == [f.fingerprint for f in report.findings]
