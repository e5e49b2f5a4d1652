"""Where reports are written: no output takes the place of a file that is read, or of another output; devices, pipes and links are written into.

Devices are nodes of the tests' own: a run as root that went wrong would replace the one of the machine.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import threading

import pytest

from dslint.data.review_sheet import COLUMNS

CONFIG = """
baseline = "accepted.jsonl"
[dataset]
files = "data/*.jsonl"
splits = { train = "data/*.jsonl" }
[rules]
select = ["structure"]
[rules."structure/json-schema"]
schema = "schema.json"
[[suppress]]
rule = "structure/role-order"
review = "sheet.csv"
reason = "looked at"
"""
BASELINE = '{"schema":"dslint.baseline/1","salt":"000102030405060708090a0b0c0d0e0f"}\n'


@pytest.fixture
def project(work):
    work.chat("data/a.jsonl")
    work.chat("data/b.jsonl")
    work.write("data/README.md", "---\n---\n")
    work.write("schema.json", "{}")
    work.write("sheet.csv", ",".join(COLUMNS) + "\n")
    work.write("accepted.jsonl", BASELINE)
    work.write("dslint.toml", CONFIG)
    return work


@pytest.fixture
def node(tmp_path):
    """Return a function that makes a device: the null device, or one that is always full."""

    def made(name, minor):
        path = tmp_path / name
        try:
            os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
            path.write_bytes(b"")
        except PermissionError:
            pytest.skip("only root makes devices, and not everywhere")
        return path

    return made


def content(work):
    return {path: path.read_bytes() for path in sorted(work.root.rglob("*")) if path.is_file()}


READ = [
    "data/a.jsonl",
    "./data/../data/b.jsonl",
    "dslint.toml",
    "accepted.jsonl",
    "schema.json",
    "sheet.csv",
    "data/README.md",
]


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("kind", ["json", "html"])
def test_no_report_takes_the_place_of_a_file_that_is_read(project, call, refused, path, kind):
    before = content(project)
    refused(
        call("check", "-o", f"{kind}={path}"), f"{path} would be overwritten, but this run reads it"
    )
    assert content(project) == before


def test_nor_by_another_name_of_it(project, call, refused):
    os.symlink("data/a.jsonl", project.root / "link.json")
    os.link(project.root / "data/a.jsonl", project.root / "hard.json")
    before = content(project)
    for name in ("link.json", "hard.json", str(project.root / "data" / "a.jsonl")):
        refused(call("check", "-o", f"json={name}"), "this run reads it")
        refused(call("check", "data/a.jsonl", "-o", f"json={name}"), "this run reads it")
    assert content(project) == before


def test_nor_of_a_file_that_cannot_be_read_or_of_the_standard_input(project, refused):
    project.write("broken.parquet", b"PAR1 and no more")
    before = content(project)
    refused(
        project.run("check", "broken.parquet", "-o", "json=broken.parquet"), "this run reads it"
    )
    with open(project.root / "data/a.jsonl", "rb") as stream:
        words = project.command("check", "-", "-o", "json=data/a.jsonl")
        assert (
            subprocess.run(**words, stdin=stream, check=False, capture_output=True).returncode == 2
        )
    refused(
        project.run(
            "check",
            "--option",
            "structure/json-schema.schema=schema.json",
            "-o",
            "json=schema.json",
        ),
        "this run reads it",
    )
    assert content(project) == before


def test_nor_of_staged_data(project, git, call, refused):
    git("add", "--all")
    before = content(project)
    refused(call("check", "--staged", "-o", "json=data/a.jsonl"), "this run reads it")
    assert content(project) == before


@pytest.mark.parametrize(
    "outputs",
    [
        ["json=r.out", "html=r.out"],
        ["json=r.out", "html=sub/../r.out"],
        ["json=r.out", "html=link"],
        ["json=link", "html=r.out"],
    ],
)
def test_two_reports_do_not_share_a_file(project, call, refused, outputs):
    os.symlink("r.out", project.root / "link")
    (project.root / "sub").mkdir()
    refused(
        call("check", *(word for output in outputs for word in ("-o", output))),
        "two outputs for one file",
    )
    assert not (project.root / "r.out").exists()


def test_a_report_does_not_share_the_file_of_the_standard_output(project):
    with open(project.root / "r.out", "wb") as stream:
        done = subprocess.run(
            **project.command("check", "-o", "text", "-o", "json=r.out"),
            stdout=stream,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert b"two outputs for one file: standard output and r.out" in done.stderr


def test_the_same_report_is_written_again(project, call):
    for _ in range(2):
        assert (
            call(
                "check", "-o", "json=report.json", "-o", "jsonl=found.jsonl", "-o", "gitlab=gl.json"
            ).code
            == 0
        )


def test_a_link_stays_and_its_target_is_replaced(project, call):
    project.write("kept/old.json", "old")
    os.symlink("kept/old.json", project.root / "report.json")
    os.symlink("kept/new.json", project.root / "fresh.json")  # which is not there yet
    assert call("check", "-o", "json=report.json", "-o", "html=fresh.json").code == 0
    assert os.readlink(project.root / "report.json") == "kept/old.json"
    assert json.loads((project.root / "kept/old.json").read_text())["verdict"] == "pass"
    assert (project.root / "kept/new.json").read_text().startswith("<!doctype html>")
    assert not list(project.root.rglob(".dslint-*"))


def test_a_device_is_written_into_and_may_take_several_reports(project, call, node):
    null = node("null", 3)
    assert call("check", "-o", f"json={null}", "-o", f"html={null}").code == 0
    assert stat.S_ISCHR(os.lstat(null).st_mode)


def test_a_full_device_is_said(project, call, node):
    full = node("full", 7)
    result = call("check", "-o", f"json={full}")
    assert (result.code, "cannot be written: No space left on device" in result.err) == (2, True)
    assert stat.S_ISCHR(os.lstat(full).st_mode)


@pytest.mark.parametrize(
    "args",
    [
        ["check", "-o", "json={}"],
        ["index", "make", "schema.json", "-o", "{}"],
        ["baseline", "create", "--baseline", "{}"],
    ],
    ids=["check", "index", "baseline"],
)
def test_a_pipe_is_written_into(project, call, args):
    project.write(
        "schema.json",
        '[{"question": "What is the name of the river that flows through the town of Here?"}]',
    )
    project.write("dslint.toml", '[dataset]\nfiles = "data/*.jsonl"\n')
    pipe = project.root / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    result = call(*(word.format("pipe") for word in args))
    reader.join(timeout=60)
    assert result.code == 0, result
    assert got[0]
    assert stat.S_ISFIFO(os.lstat(pipe).st_mode)


def test_what_stands_in_the_standard_output_stays(project):
    log = project.write("log", "before\n")
    with open(log, "ab") as stream:
        done = subprocess.run(
            **project.command("check", "-o", "json=/dev/stdout"),
            stdout=stream,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    before, _, report = log.read_text().partition("\n")
    assert (before, json.loads(report)["verdict"]) == ("before", "pass")


def test_a_baseline_takes_the_place_of_no_data(project, call):
    for name in ("data/a.jsonl", "dslint.toml"):
        os.unlink(project.root / "accepted.jsonl")
        os.link(project.root / name, project.root / "accepted.jsonl")
        before = content(project)
        for command in ("create", "update", "prune"):
            assert call("baseline", command).code == 2
        assert content(project) == before


def test_a_baseline_and_a_configuration_are_written_through_a_link(work, call):
    work.chat("data/data.jsonl")
    (work.root / "kept").mkdir()
    os.symlink("kept/accepted.jsonl", work.root / "dslint-baseline.jsonl")
    assert call("baseline", "create", "data").code == 0
    assert call("baseline", "update", "data").code == 0
    assert (work.root / "kept/accepted.jsonl").is_file()
    work.write("kept/dslint.toml", "")
    os.symlink("kept/dslint.toml", work.root / "dslint.toml")
    assert call("init", "--force", "data").code == 0
    assert "[dataset]" in (work.root / "kept/dslint.toml").read_text()
    assert (work.root / "dslint.toml").is_symlink()
    os.unlink(work.root / "dslint.toml")
    os.symlink("data/data.jsonl", work.root / "dslint.toml")
    assert call("init", "--force", "data").code == 2
    assert "messages" in (work.root / "data/data.jsonl").read_text()


def test_an_index_takes_the_place_of_no_benchmark(work, call, refused):
    text = '[{"question": "What is the name of the river that flows through the town of Here?"}]'
    work.write("tasks.json", text)
    work.write("more/tasks.json", text)
    refused(call("index", "make", "tasks.json", "-o", "tasks.json"), "this run reads it")
    refused(
        call("index", "make", "tasks.json", "more/tasks.json", "-o", "out"),
        "two outputs for one file",
    )
    assert (work.root / "tasks.json").read_text() == text


def redirected(work, where, *args):
    """Run the command with standard streams led elsewhere, as a shell does."""
    words = work.command(*args)
    words["args"] = ["sh", "-c", f'exec "$@" {where}', "sh", *words["args"]]
    done = subprocess.run(
        **words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, done.stdout, done.stderr


COMMANDS = [
    ["check", "data"],
    ["check", "data", "-o", "json"],
    ["rules"],
    ["rules", "-o", "json"],
    ["--version"],
    ["--help"],
]


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_a_closed_standard_output_is_said(work, args):
    work.chat("data/a.jsonl")
    code, _, said = redirected(work, ">&-", *args)
    assert (code, "error: cannot write to standard output: it is closed" in said) == (
        2,
        True,
    ), said
    assert "internal error" not in said


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_a_full_standard_output_is_said(work, args, node):
    work.chat("data/a.jsonl")
    code, _, said = redirected(work, f">{node('full', 7)}", *args)
    assert (code, "No space left on device" in said) == (2, True), said
    assert "internal error" not in said
    assert "Exception ignored" not in said


def test_a_closed_standard_stream_that_is_not_needed_is_no_error(work):
    work.write("data/a.jsonl", '{"text": "a"}\n{"text": \n')
    assert redirected(work, ">&-", "check", "data", "-o", "json=report.json")[0] == 1
    assert json.loads((work.root / "report.json").read_text())["verdict"] == "fail"
    code, out, _ = redirected(work, "2>&-", "check", "data")
    assert (code, out.endswith("\nFAIL\n")) == (1, True)
    assert redirected(work, ">&- 2>&- <&-", "check", "data", "-o", "json=report.json")[0] == 1


def test_a_device_takes_a_report_where_the_standard_output_is_closed(work, node):
    work.chat("data/a.jsonl")
    assert redirected(work, ">&-", "check", "data", "-o", "json=/dev/stderr")[0] == 0
    code, _, said = redirected(
        work, f">&- 3>{node('null', 3)}", "check", "data", "-o", "json=/dev/fd/3"
    )
    assert code == 0, said


def test_a_standard_error_that_takes_nothing_never_makes_a_verdict(work, node):
    work.chat("data/a.jsonl")
    full = node("full", 7)
    assert redirected(work, f"2>{full}", "check", "data", "-o", "json=report.json")[0] == 2
    assert redirected(work, f"2>{full}", "check", "--max-sho", "data")[0] == 2
    assert redirected(work, ">&- 2>&-", "check", "data")[0] == 2


def test_a_closed_standard_input_is_said(work):
    code, _, said = redirected(work, "<&-", "check", "-")
    assert (code, "standard input is closed" in said) == (2, True)
