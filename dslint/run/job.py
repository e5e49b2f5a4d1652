"""What one worker does: a shard of a file, through rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from dslint import engine
from dslint.data.batch import Identify
from dslint.data.protocols import Reader
from dslint.engine.partial import Partial
from dslint.gate import suppressions
from dslint.git import changes
from dslint.model import Shape, Shard
from dslint.rules.base import Active, Observer

Map = Callable[[Callable[["Job"], Iterable[Partial]], Iterable["Job"]], Iterable[Iterable[Partial]]]
"""Anything shaped like `map`: in this process, over a pool of processes, over a cluster."""


class Job(Struct, frozen=True):
    """What one worker does: a shard, through rules."""

    shard: Shard
    reader: Reader
    shape: Shape
    rules: tuple[Active, ...]
    observers: tuple[Observer, ...]
    stamper: suppressions.Stamper
    slices: tuple[str, ...]
    max_record: int
    max_depth: int
    identify: Identify | None = None
    new: bytes | None = None
    """Which rows are new, where only they count; see `dslint.git.changes`."""
    alone: bool = False


class Folded:
    """What a shard comes to: made piece by piece where one goes through it, and all at once, packed, where it is sent to another process."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def __iter__(self) -> Iterator[Partial]:
        job = self.job
        batches = job.reader.read(job.shard, job.shape, job.max_record, job.max_depth)
        if job.new is None:
            return engine.fold(
                batches, job.rules, job.observers, job.stamper, job.slices, job.identify
            )
        if job.alone:
            return engine.fold(
                changes.only(batches, job.new),
                job.rules,
                job.observers,
                job.stamper,
                job.slices,
                job.identify,
            )
        return changes.fold(
            batches, job.new, job.rules, job.observers, job.stamper, job.slices, job.identify
        )

    def __reduce__(self) -> tuple[type[list[Partial]], tuple[list[Partial]]]:
        return list, ([engine.packed(part, self.job.observers) for part in self],)


def fold_shard(job: Job) -> Iterable[Partial]:
    """Read one shard through its rules: what a worker runs."""
    return Folded(job)
