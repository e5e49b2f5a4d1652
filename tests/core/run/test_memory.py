"""What does not fit into memory goes to disk: the same answer, and nothing is left behind."""

from __future__ import annotations

import json
import os
import pty
import random
import select
import signal
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dslint.storage.findings
import dslint.storage.state
from dslint.errors import ConfigError
from dslint.gate import suppressions
from dslint.model import Finding, Input, Location, Severity
from dslint.storage.findings import Findings
from dslint.storage.state import State, Store

pytestmark = pytest.mark.slow

SLOW = """
    import time
    from dataclasses import dataclass
    from dslint.plugin import RecordRule, Rule, hookimpl

    @dataclass(frozen=True)
    class Slow(RecordRule):
        \"\"\"Takes its time.\"\"\"
        name = "slow"
        def check(self, record):
            if record.row % 200 == 0:
                open("reading", "w").close()
                time.sleep(0.15)
            return ()

    @hookimpl
    def dslint_rules():
        return [Slow]
"""


def finding(row, *, rule="a/b", message="m", identity=b""):
    return Finding(
        at=Location("x.jsonl", row, row + 1, field="/text"),
        message=message,
        rule=rule,
        severity=Severity.ERROR,
        identity=identity,
    )


@settings(deadline=None)
@given(rows=st.lists(st.integers(0, 30), max_size=40), kept=st.integers(1, 50))
def test_findings_on_disk_are_those_in_memory(rows, kept):
    said = [
        finding(row, message=str(number), identity=bytes([row])) for number, row in enumerate(rows)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dslint.storage.findings, "KEPT", kept)
        patch.setattr(suppressions, "KEPT", kept)
        findings = Findings(said[::2])
        findings.extend(said[1::2])
        ordered = sorted(said, key=Finding.order)
        assert list(findings) == list(findings) == ordered
        assert len(findings) == len(said)
        assert findings[2:5] == ordered[2:5]
        if said:
            assert (findings[0], findings[-1]) == (ordered[0], ordered[-1])
        again = Findings(findings)
        assert list(again) == ordered
        stamped = [item.fingerprint for item in suppressions.fingerprinted(findings)]
    assert stamped == [item.fingerprint for item in suppressions.fingerprinted(ordered)]
    assert len(set(stamped)) == len(said)


def test_there_is_no_finding_beyond_the_last():
    with pytest.raises(IndexError):
        Findings([finding(1)])[1]


SCHEMA = dslint.storage.state.ENGINE_COLUMNS | {"key": "binary[16]", "name": "string"}


def chunk(rows):
    columns = {"rank": 0, "content": 1, "file": 0, "row": 2, "line": 2, "key": 3, "name": 4}
    return {
        name: [0 if place == 0 else row[place - 1] for row in rows]
        if name not in ("rank", "file")
        else [0] * len(rows)
        for name, place in columns.items()
    }


ROWS = st.lists(
    st.tuples(
        st.sampled_from([bytes([n]) * 16 for n in range(4)]),
        st.integers(0, 99),
        st.none() | st.sampled_from([bytes([n]) * 16 for n in range(9)]),
        st.none() | st.text(max_size=3),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(rows=ROWS, key=st.sampled_from(["key", "name"]), at_least=st.integers(1, 3))
def test_state_says_the_same_wherever_it_is(rows, key, at_least):
    inputs = [Input(index=0, path="x", dataset="d", format="jsonl", shape="text")]
    declared = {"key": "binary[16]", "name": "string"}
    halves = [chunk(rows[: len(rows) // 2]), chunk(rows[len(rows) // 2 :])]

    def groups(chunks):
        return [
            (value, list(members), members[0], members[1:][-1:])
            for value, members in State(declared, chunks, inputs).groups(key, at_least)
        ]

    plain = groups(halves)
    assert all(value is not None and len(members) >= at_least for value, members, *_ in plain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dslint.storage.state, "_CHUNK", 2)
        assert [
            (value, members, first)
            for value, members, first, _ in groups([dslint.storage.state.to_arrow(SCHEMA, halves)])
        ] == [(value, members, first) for value, members, first, _ in plain]
        for budget in (None, 0):
            store = Store(SCHEMA, budget)
            for half in halves:
                store.add(half)
                store.spill()
            assert len(store) == len(rows)
            dealt = [found for part in store.dealt(key, 3) for found in groups(part)]
            assert sorted(value for value, *_ in dealt) == [value for value, *_ in plain]
            assert sorted((value, members) for value, members, *_ in dealt) == [
                (value, members) for value, members, *_ in plain
            ]


def dataset(path, rows, chance):
    with path.open("w") as stream:
        for number in range(rows):
            text = f"question {chance.randrange(rows // 2)} of the day, please"
            stream.write(
                json.dumps(
                    {
                        "id": number,
                        "text": text.upper() if chance.random() < 0.2 else text,
                        "label": str(number % 3),
                    }
                )
                + "\n"
            )


def test_memory_changes_nothing(work):
    dataset(work.root / "train.jsonl", 3000, random.Random(1))
    dataset(work.root / "test.jsonl", 300, random.Random(2))
    once = work.check(".")
    assert once.report["counts"]["error"] > 10
    assert len(once.findings("duplicates/normalized")) > 100
    folder = work.root.parent / "tmp"
    folder.mkdir()
    for flags in (["--memory", "1"], ["--memory", "64KiB", "--shard-size", "16kB", "-j", "2"]):
        assert work.check(".", *flags, env={"TMPDIR": str(folder)}).out == once.out
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("size", ["0", "64XB", "-1", "lots", ""])
def test_what_is_no_size_is_refused(work, call, refused, size):
    work.chat()
    refused(call("check", "data.jsonl", "--memory", size), "--memory", "64MiB")
    refused(call("check", "data.jsonl", "--shard-size", size), "--shard-size")


def test_sizes_are_read_as_people_write_them():
    from dslint.config.flags import bytes_in

    assert [bytes_in("--memory", text) for text in ("1", "64MB", "64 MiB", "2g", "3kb")] == [
        1,
        64_000_000,
        64 << 20,
        2 << 30,
        3000,
    ]
    with pytest.raises(ConfigError):
        bytes_in("--memory", "1.5GB")


def begun(work, process):
    for _ in range(300):
        if (work.root / "reading").exists():
            return
        assert process.poll() is None
        time.sleep(0.05)
    raise AssertionError("the run never began")


@pytest.fixture
def slow(work):
    """A run that takes its time, in two processes and with its state on disk."""
    dataset(work.root / "data.jsonl", 3000, random.Random(1))
    work.plugin("dslint-slow", SLOW, namespace="slow")
    (work.root.parent / "tmp").mkdir()
    return work.command(
        "check",
        "data.jsonl",
        "-o",
        "json=report.json",
        "-j",
        "2",
        "--shard-size",
        "16kB",
        "--memory",
        "1",
        env={"TMPDIR": str(work.root.parent / "tmp")},
    )


def left(work):
    return sorted(
        path.name
        for path in [*work.root.iterdir(), *(work.root.parent / "tmp").iterdir()]
        if path.name not in (".git", "reading")
    )


def gone(process):
    """Wait until no process of the group is left."""
    for _ in range(600):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("some process goes on")


def test_a_killed_run_leaves_nothing_torn_and_the_next_one_is_right(work, slow):
    process = subprocess.Popen(
        **slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    begun(work, process)
    process.kill()
    process.wait(timeout=120)
    assert left(work) == ["data.jsonl"]
    gone(process)
    done = subprocess.run(**slow, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert json.loads((work.root / "report.json").read_text())["counts"]["records"] == 3000


def test_an_interrupted_run_stops_its_workers(work, slow):
    process = subprocess.Popen(
        **slow,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - a shell ignores it for what runs in the background
    )
    begun(work, process)
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, b""), err
    assert b"Traceback" not in err
    gone(process)
    assert left(work) == ["data.jsonl"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_run_that_is_ended_takes_its_workers_along(work, slow, how):
    """Only the parent is told. Its workers have its pipes, on which the caller waits."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(**slow, stdout=pipe, stderr=pipe, start_new_session=True)
    begun(work, process)
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    gone(process)
    tidy = how != signal.SIGKILL
    assert (process.returncode, out) == (128 + how if tidy else -how, b"")
    assert err == f"terminated by {how.name}\n".encode() or not tidy
    assert left(work) == ["data.jsonl"]


def test_what_is_kept_of_the_standard_input_goes_with_a_run_that_is_ended(work, slow):
    args = [arg for arg in slow["args"] if arg != "data.jsonl"]
    with open(work.root / "data.jsonl", "rb") as stream:
        process = subprocess.Popen(**{**slow, "args": [*args, "-"]}, stdin=stream)
        begun(work, process)
        assert len(left(work)) == 2
        process.terminate()
        assert process.wait(timeout=60) == 143
    assert left(work) == ["data.jsonl"]


def test_a_signal_that_is_ignored_stays_so(work, slow):
    """As nohup does."""
    ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    process = subprocess.Popen(**slow, preexec_fn=ignore)  # noqa: PLW1509
    begun(work, process)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=120) == 0


def terminal(command):
    """Run a command whose standard error is a terminal, and return what it prints there."""
    parent, child = pty.openpty()
    process = subprocess.Popen(**command, stdout=subprocess.DEVNULL, stderr=child)
    os.close(child)
    said = b""
    while process.poll() is None or select.select([parent], [], [], 0)[0]:
        if select.select([parent], [], [], 0.1)[0]:
            try:
                said += os.read(parent, 4096)
            except OSError:
                break
    os.close(parent)
    process.wait(timeout=120)
    return said.decode()


def test_progress_is_shown_on_a_terminal_and_goes_away(work):
    dataset(work.root / "data.jsonl", 3000, random.Random(1))
    work.plugin("dslint-slow", SLOW, namespace="slow")
    command = work.command(
        "check", "data.jsonl", "-j", "1", "--shard-size", "16kB", env={"TERM": "xterm"}
    )
    said = terminal(command)
    assert "records" in said
    assert "per second" in said
    assert "left" in said
    assert "finishing" in said
    assert said.endswith("\r\x1b[K")
    assert terminal({**command, "args": [*command["args"], "--no-progress"]}) == ""
    assert subprocess.run(**command, capture_output=True, check=False).stderr == b""


def test_timings_name_the_stages_and_the_rules(work, call):
    work.chat()
    out = call("check", "data.jsonl", "--timings").out
    assert "to read and judge" in out
    assert "to conclude" in out
    assert "duplicates/exact" in out[out.index("to conclude") :]
