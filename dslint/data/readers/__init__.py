"""Readers: turn files into batches of records with exact positions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from typing import Any

from dslint.data.batch import Batch
from dslint.data.protocols import Reader
from dslint.data.readers.jsonl import JsonLines
from dslint.data.readers.sniff import reader_for
from dslint.errors import InputError
from dslint.model import Input, Shape, Shard


class _Deferred:
    """A reader whose module is imported on first use: a run loads only the formats it reads."""

    def __init__(self, name: str, suffixes: tuple[str, ...], module: str, kind: str) -> None:
        self.name = name
        self.suffixes = suffixes
        self._module = module
        self._kind = kind

    @cached_property
    def _reader(self) -> Reader:
        return getattr(import_module(f"dslint.data.readers.{self._module}"), self._kind)()  # type: ignore[no-any-return]

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """See `Reader.split`."""
        return self._reader.split(item, location, size)

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """See `Reader.read`."""
        return self._reader.read(shard, shape, max_record, max_depth)


BUILT_IN: tuple[Reader, ...] = (
    JsonLines(),
    _Deferred("json", (".json",), "document", "JsonDocument"),
    _Deferred("csv", (".csv",), "delimited", "Csv"),
    _Deferred("tsv", (".tsv",), "delimited", "Tsv"),
    _Deferred("parquet", (".parquet",), "tables", "Parquet"),
    _Deferred("arrow", (".arrow", ".feather", ".ipc"), "tables", "Arrow"),
    _Deferred("text", (".txt",), "text", "TextLines"),
)

__all__ = ["BUILT_IN", "reader_for", "sample"]


def sample(
    reader: Reader, location: str, shape: Shape, size: int, max_record: int, max_depth: int
) -> list[Any]:
    """Return up to `size` records from the start of a file.

    Read errors are left for the run itself to report.
    """
    item = Input(index=0, path=location, dataset="", format=reader.name, shape=shape.name)
    values: list[Any] = []
    try:
        for batch in reader.read(
            Shard(input=item, location=location), shape, max_record, max_depth
        ):
            values.extend(batch.values)
            if len(values) >= size:
                break
    except InputError:
        pass
    return values[:size]
