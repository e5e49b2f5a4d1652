"""Shards in parallel, in spawned processes: jobs name paths and ranges, results are tables."""

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
"""Shards in progress per process, which limits the results that wait in memory."""
TRIES = 2
"""Attempts to run a shard alone after its worker was lost."""


def in_parallel(run: Run, jobs: Iterable[Job], workers: int) -> Iterator[Iterable[Partial]]:
    """Yield the results of the jobs, in their order.

    A lost worker (killed, out of memory) breaks its pool. The shards in progress are then retried,
    each in a pool of its own, so that only the shard that causes the loss becomes a problem.
    """
    waiting = deque(jobs)
    while waiting:
        in_progress: deque[tuple[Job, Future[Iterable[Partial]]]] = deque()
        with _pool(min(workers, len(waiting))) as pool, suppress(BrokenProcessPool):
            while waiting or in_progress:
                while waiting and len(in_progress) < workers * WAITING:
                    in_progress.append((waiting[0], pool.submit(run, waiting[0])))
                    waiting.popleft()
                yield in_progress[0][1].result()
                in_progress.popleft()
        yield from (_alone(run, job) for job, _ in in_progress)  # none, unless a worker was lost


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Provide a pool, and leave no process behind in any case.

    Its processes start with `python -c`, which puts the working folder first on the path: without
    PYTHONSAFEPATH, each would import a `pickle.py` there.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
    )
    processes = pool._processes  # noqa: SLF001 - no public way to end a worker within a shard
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


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, which ends its workers itself; end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the parent has ended, in whatever way, and end this process at once."""
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
