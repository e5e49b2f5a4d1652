"""Reading records again by their location."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from dslint.data.batch import Batch
from dslint.data.protocols import Reader
from dslint.data.readers.files import compression
from dslint.data.record import Record
from dslint.errors import InputError
from dslint.model import Input, Location, Shape, Shard

Stamp = tuple[int, int]


class DataFile(Struct, frozen=True):
    """A file of the run: how to read it, and its stamp when the run started."""

    input: Input
    location: str
    reader: Reader
    shape: Shape
    stamp: Stamp


def stamp(location: str) -> Stamp:
    """Return the size and modification time of a file, to detect changes."""
    status = os.stat(location)
    return status.st_size, status.st_mtime_ns


class FileSource:
    """Reads records again, each file once per call, from the nearest position to start at."""

    def __init__(
        self,
        files: Mapping[str, DataFile],
        marks: Mapping[int, Sequence[tuple[int, int, int]]],
        max_record: int,
        max_depth: int,
    ) -> None:
        self._files = files
        self._marks = {index: sorted(places) for index, places in marks.items()}
        self._max_record = max_record
        self._max_depth = max_depth

    def records(self, locations: Iterable[Location]) -> Iterator[Record]:
        """Yield the records at sorted unique locations.

        Raises InputError if a file has changed since it was read.
        """
        wanted: dict[str, set[int]] = {}
        for at in locations:
            if at.path is not None and at.row is not None:
                wanted.setdefault(at.path, set()).add(at.row)
        for path in sorted(wanted):
            opened = self._files[path]
            self.unchanged(opened)
            last = max(wanted[path])
            for shard in self._shards(opened, sorted(wanted[path])):
                for batch in opened.reader.read(
                    shard, opened.shape, self._max_record, self._max_depth
                ):
                    kept = [
                        position for position, row in enumerate(batch.rows) if row in wanted[path]
                    ]
                    # A separate batch, so that the shape reads only these records.
                    yield from Batch(
                        batch.input,
                        batch.shape,
                        [batch.values[position] for position in kept],
                        [batch.rows[position] for position in kept],
                        [batch.lines[position] for position in kept],
                    ).records
                    if batch.rows and batch.rows[-1] >= last:
                        break

    def unchanged(self, opened: DataFile) -> None:
        """Raise InputError if a file has changed since the start of the run."""
        try:
            same = stamp(opened.location) == opened.stamp
        except OSError:
            same = False
        if not same:
            raise InputError(
                "changed while it was being checked",
                "run dslint again when nothing is writing to it",
                "file-changed",
                opened.input.path,
            )

    def _shards(self, opened: DataFile, rows: list[int]) -> Iterator[Shard]:
        marks = self._marks.get(opened.input.index, [])
        if compression(opened.location) or not marks:
            yield Shard(input=opened.input, location=opened.location)
            return
        starts = [row for row, _, _ in marks]
        for number in sorted({bisect_right(starts, row) - 1 for row in rows}):
            row, line, offset = marks[number]
            stop = marks[number + 1][2] if number + 1 < len(marks) else None
            yield Shard(
                input=opened.input,
                location=opened.location,
                start=offset,
                stop=stop,
                first_row=row,
                first_line=line,
            )
