"""The job of one worker: to fold one shard of a file."""

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
"""A function like `map`, which may use this process, a pool of processes, or a cluster."""


class Job(Struct, frozen=True):
    """A shard, and everything that a worker needs to fold it."""

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
    """The new rows, if only these count; see `dslint.git.changes`."""
    alone: bool = False

    @property
    def bytes(self) -> int:
        """Size of the shard in bytes."""
        end = self.shard.input.bytes if self.shard.stop is None else self.shard.stop
        return end - self.shard.start


def fold_shard(job: Job) -> Iterable[Partial]:
    """Fold one shard, yielding partial results."""
    batches = job.reader.read(job.shard, job.shape, job.max_record, job.max_depth)
    rest = (job.rules, job.observers, job.stamper, job.slices, job.identify)
    if job.new is None:
        return engine.fold(batches, *rest)
    if job.alone:
        return engine.fold(changes.only(batches, job.new), *rest)
    return changes.fold(batches, job.new, *rest)


def folded(job: Job) -> list[Partial]:
    """Fold one shard in a worker: return all partial results at once, packed for transfer."""
    return [engine.packed(part, job.observers) for part in fold_shard(job)]
