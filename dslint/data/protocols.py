"""Interfaces of readers and record sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from dslint.data.batch import Batch
from dslint.data.record import Record
from dslint.model import Input, Location, Shape, Shard


class Source(Protocol):
    """Access to records that were read before, for rules that verify candidates."""

    def records(self, locations: Iterable[Location]) -> Iterator[Record]:
        """Yield the records at sorted unique locations, reading each file once."""


class Reader(Protocol):
    """Reader of one file format."""

    name: str
    suffixes: tuple[str, ...]

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Cut a file into shards of about `size` bytes, with exact row and line numbers."""

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield the records in batches, with defects in place of bad records.

        Records longer than `max_record` bytes or nested deeper than `max_depth` are defects too.
        Raises InputError where the rest cannot be read, after yielding what could be.
        """
