"""Copies of data that a run makes: nothing of them is left behind, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dslint.system import scratch

CANARY = "zanzibar-quokka"
LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="elsewhere the copies have names"
)
KILLED = """
    import os, signal
    from dataclasses import dataclass
    from dslint.plugin import RecordRule, hookimpl

    @dataclass(frozen=True)
    class Kill(RecordRule):
        '''Ends the process. Why: to see what is left. Cure: none.'''
        name = "process"
        sees = "all"
        def check(self, record):
            os.kill(os.getpid(), signal.SIGKILL)

    @hookimpl
    def dslint_rules():
        return [Kill]
"""


@pytest.fixture
def folder(work, tmp_path):
    """Return the folder for temporary files of the runs to come."""
    place = tmp_path / "tmp"
    place.mkdir()
    work.env["TMPDIR"] = str(place)
    return place


def left(folder: Path) -> list[str]:
    """Return what the files hold that are left in a folder, links to nowhere aside."""
    return [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]


@LINUX
@pytest.mark.parametrize("how", ["stdin", "half of stdin", "staged", "changed"])
def test_a_run_that_is_killed_leaves_no_copy(how, work, git, folder):
    work.plugin("kill", KILLED)
    command = ["check", "--select", "kill", "--jobs", "1"]
    if how in ("staged", "changed"):
        work.jsonl("data.jsonl", *({"text": f"{CANARY} {n}"} for n in range(3)))
        git("commit")
        work.jsonl("data.jsonl", *({"text": f"{CANARY} staged {n}"} for n in range(3)))
        git("add", "--all")
        work.write("data.jsonl", '{"text": "edited"}\n')
        command += ["--staged"] if how == "staged" else ["--changed-since", "HEAD", "data.jsonl"]
    else:
        command += ["-"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(**work.command(*command), stdin=subprocess.PIPE, **quiet) as process:
        line = b'{"text": "%s"}\n' % CANARY.encode()
        if how == "half of stdin":
            process.stdin.write(line * 100_000)  # more than a pipe holds: most of it was copied
            process.stdin.flush()
            os.kill(process.pid, signal.SIGKILL)
        elif how == "stdin":
            process.stdin.write(line)
        process.stdin.close()
        assert process.wait(timeout=120) == -signal.SIGKILL
    assert left(folder) == []


def test_a_run_that_ends_leaves_nothing(work, git, folder):
    work.jsonl("data.jsonl", {"text": "one"})
    git("commit")
    work.jsonl("data.jsonl", *({"text": f"{CANARY} {n}"} for n in range(300)))
    git("add", "--all")
    work.write("data.jsonl", '{"text": "edited"}\n')
    result = work.check("--staged", "--jobs", "2", "--shard-size", "1KB", "--select", "structure")
    assert (result.code, result.report["counts"]["records"]) == (0, 300)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("most", [0, 1, 200])
def test_copies_are_written_read_and_gone(most, monkeypatch, tmp_path):
    monkeypatch.setattr(scratch, "MOST", most)
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    with scratch.scratch() as copies:
        paths = [copies.place(f"{number}.jsonl") for number in range(3)]
        for path in paths:
            Path(path).write_text(CANARY * 9)
            Path(path).write_text(path)
        assert [Path(path).read_text() for path in paths] == paths
        assert copies.place("0.jsonl") == paths[0]
        read = [sys.executable, "-c", f"print(open({paths[0]!r}).read())"]
        assert (
            subprocess.run(read, capture_output=True, text=True, check=True).stdout.strip()
            == paths[0]
        )
    assert list(tmp_path.iterdir()) == []
