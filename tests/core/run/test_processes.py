"""The process pool gives the serial answer, uses all its workers, and survives the loss of one."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from dslint.run import api, executors
from dslint.run.executors.processes import in_parallel
from dslint.run.job import folded

pytestmark = pytest.mark.slow

ROWS = 4000


@pytest.fixture
def chats(tmp_path):
    path = tmp_path / "chats.jsonl"
    with path.open("w") as stream:
        for number in range(ROWS):
            answer = "" if number % 500 == 7 else f"answer {number % 900}"
            stream.write(
                json.dumps(
                    {
                        "messages": [
                            {"role": "user", "content": f"question {number % 900}"},
                            {"role": "assistant", "content": answer},
                        ]
                    }
                )
                + "\n"
            )
            if number % 1000 == 3:
                stream.write("{broken\n\n")
    return path


def report(chats, *flags):
    done = subprocess.run(
        [sys.executable, "-m", "dslint", "check", "--isolated", "-o", "json", chats.name, *flags],
        cwd=chats.parent,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


def test_jobs_and_shards_change_nothing(chats):
    once = report(chats, "--jobs", "1", "--shard-size", "100000000")
    assert json.loads(once)["counts"]["error"] == 12
    for flags in (
        ["--jobs", "2", "--shard-size", "65536"],
        ["--jobs", "4", "--shard-size", "30000"],
        ["--jobs", "1", "--shard-size", "1000"],
        [],
    ):
        assert report(chats, *flags) == once


def who(job):
    """Work as a worker does, and write down who did it."""
    time.sleep(0.2)
    with open(job.shard.location + ".workers", "a", encoding="utf-8") as stream:
        stream.write(f"{os.getpid()}\n")
    return folded(job)


def dies_at_first(job):
    """Kill this process the first time that the second shard is read."""
    mark = job.shard.location + ".died"
    if job.shard.first_row > 0 and not os.path.exists(mark):
        with open(mark, "w", encoding="utf-8"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    return folded(job)


def always_dies(job):
    """Kill this process whenever the second shard is read."""
    if 0 < job.shard.first_row < ROWS // 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return folded(job)


def checked(chats, work):
    def run(_, jobs):
        return in_parallel(work, jobs, 2)

    env = api.environment()
    settings = api.configure(env, None)
    return api.run(env, processes_settings(settings), [str(chats)], map=run)


def processes_settings(settings):
    from msgspec.structs import replace

    return replace(settings, shard_size=100_000)


def test_all_workers_work(chats):
    found = checked(chats, who)
    workers = (chats.parent / "chats.jsonl.workers").read_text().split()
    assert found.counts["error"] == 12
    assert len(set(workers)) == 2
    assert str(os.getpid()) not in workers


def test_a_lost_worker_is_replaced(chats):
    serial = checked(chats, folded)
    assert list(checked(chats, dies_at_first).findings) == list(serial.findings)


def test_a_shard_that_always_kills_its_worker_is_a_problem(chats):
    found = checked(chats, always_dies)
    assert found.exit_code == 2
    assert {problem.kind for problem in found.problems} == {"worker-lost"}
    assert found.counts["records"] > ROWS // 2


@pytest.mark.parametrize(("asked", "parallel"), [("auto", False), ("1", False), ("2", True)])
def test_small_data_stays_in_this_process(chats, asked, parallel, monkeypatch):
    env = api.environment()
    settings = processes_settings(api.configure(env, None))
    pools = []

    def in_pool(run, jobs, workers):
        pools.append(workers)
        return map(run, jobs)

    monkeypatch.setattr("dslint.run.executors.processes.in_parallel", in_pool)
    report = api.run(env, settings, [str(chats)], map=executors.for_jobs(asked))
    assert report.counts["error"] == 12
    assert bool(pools) == parallel


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_wrong_jobs(tmp_path, jobs):
    done = subprocess.run(
        [sys.executable, "-m", "dslint", "check", f"--jobs={jobs}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--jobs" in done.stderr
