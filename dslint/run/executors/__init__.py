"""Executors: callables like `map`. The builtin `map` is the serial one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from dslint.engine.partial import Partial
from dslint.run.job import Job, Map, fold_shard

SMALL = 50 << 20
"""Bytes below which more processes do not pay off: each takes a quarter of a second to start."""

__all__ = ["SMALL", "for_jobs"]


def for_jobs(asked: str) -> Map:
    """Return the executor for `--jobs`: a number of processes, or `auto`.

    `auto` uses as many processes as there are cores, for data of `SMALL` bytes and more.
    """
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    workers, small = (cores, SMALL) if asked == "auto" else (int(asked), 0)

    def run_all(
        run: Callable[[Job], Iterable[Partial]], jobs: Iterable[Job]
    ) -> Iterable[Iterable[Partial]]:
        listed = list(jobs)
        if workers < 2 or len(listed) < 2 or sum(job.bytes for job in listed) < small:
            return map(fold_shard, listed)  # in this process
        # Takes 15 ms to import, and only large data needs it.
        from dslint.run.executors.processes import in_parallel

        return in_parallel(run, listed, workers)

    return run_all
