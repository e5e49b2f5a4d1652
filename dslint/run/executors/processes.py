"""Shards in parallel, over processes that are spawned: paths and ranges go out, tables come back."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress

from dslint.engine.partial import Partial
from dslint.model import Problem
from dslint.run.job import Job

Run = Callable[[Job], Iterable[Partial]]

WAITING = 2
"""Shards for each process that are under way: results wait in memory no longer than needed."""
TRIES = 2
"""How often a shard whose worker was lost is tried alone before it is given up."""


def in_parallel(run: Run, jobs: Iterable[Job], workers: int) -> Iterator[Iterable[Partial]]:
    """Yield the results of the jobs, in their order.

    A worker that is lost (killed, out of memory) takes down its pool: the shards that were under way are tried again, one by one, in a pool of their
    own, so that only the one that does it is given up, as a problem.
    """
    waiting = deque(jobs)
    while waiting:
        under_way: deque[tuple[Job, Future[Iterable[Partial]]]] = deque()
        with _pool(min(workers, len(waiting))) as pool, suppress(BrokenProcessPool):
            while waiting or under_way:
                while waiting and len(under_way) < workers * WAITING:
                    under_way.append((waiting[0], pool.submit(run, waiting[0])))
                    waiting.popleft()
                yield under_way[0][1].result()
                under_way.popleft()
        yield from (_alone(run, job) for job, _ in under_way)  # none, unless a worker was lost


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool, and leave no process behind, whatever happens.

    Its processes are started with `python -c`, which puts the working folder first on the path:
    a `pickle.py` there would be imported by each.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
    )
    processes = pool._processes  # noqa: SLF001 - there is no public way to end a worker in the middle of a shard
    done = False
    try:
        yield pool
        done = True
    finally:
        for process in [] if done else list(processes.values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        os.environ.pop("PYTHONSAFEPATH")
        if before is not None:
            os.environ["PYTHONSAFEPATH"] = before


def _begin() -> None:
    """Leave Ctrl-C to the parent, which ends its workers itself, and end where the parent has."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_outlive_nobody, daemon=True).start()


def _outlive_nobody() -> None:
    """Wait until the parent is gone, however it ended, and end this process at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _alone(run: Run, job: Job) -> Iterable[Partial]:
    for _ in range(TRIES):
        try:
            with _pool(1) as pool:
                return pool.submit(run, job).result()
        except BrokenProcessPool:
            continue
    where = f"lines from {job.shard.first_line:,} on"
    problem = Problem(
        kind="worker-lost",
        path=job.shard.input.path,
        message=f"the process that read {where} ended {TRIES + 1} times: out of memory, or killed",
        hint="run with --jobs 1 to see why, or with fewer jobs",
    )
    return [Partial(problems=[problem])]
