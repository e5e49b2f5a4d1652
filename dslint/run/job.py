"""What one worker does: a shard of a file, through rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
    """A shard, and all that a worker needs to take it through its rules."""

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

    @property
    def bytes(self) -> int:
        """Bytes of the shard."""
        end = self.shard.input.bytes if self.shard.stop is None else self.shard.stop
        return end - self.shard.start


def fold_shard(job: Job) -> Iterable[Partial]:
    """Take one shard through its rules, piece by piece."""
    batches = job.reader.read(job.shard, job.shape, job.max_record, job.max_depth)
    rest = (job.rules, job.observers, job.stamper, job.slices, job.identify)
    if job.new is None:
        return engine.fold(batches, *rest)
    if job.alone:
        return engine.fold(changes.only(batches, job.new), *rest)
    return changes.fold(batches, job.new, *rest)


def folded(job: Job) -> list[Partial]:
    """Take one shard through its rules in a worker: all pieces at once, packed for the way back."""
    return [engine.packed(part, job.observers) for part in fold_shard(job)]
