"""Readers: from files to batches of records with exact positions."""

from __future__ import annotations

from typing import Any

from dslint.errors import InputError
from dslint.model import Input, Shape, Shard
from dslint.protocols import Reader
from dslint.readers.delimited import Csv, Tsv
from dslint.readers.document import JsonDocument
from dslint.readers.jsonl import JsonLines
from dslint.readers.sniff import reader_for
from dslint.readers.tables import Arrow, Parquet
from dslint.readers.text import TextLines

BUILT_IN: tuple[Reader, ...] = (JsonLines(), JsonDocument(), Csv(), Tsv(), Parquet(), Arrow(), TextLines())

__all__ = ["BUILT_IN", "reader_for", "sample"]


def sample(reader: Reader, location: str, shape: Shape, size: int, max_record: int, max_depth: int) -> list[Any]:
    """Return the first records of a file, as many as `size`; what cannot be read is left for the run itself to report."""
    item = Input(index=0, path=location, dataset="", format=reader.name, shape=shape.name)
    values: list[Any] = []
    try:
        for batch in reader.read(Shard(input=item, location=location), shape, max_record, max_depth):
            values.extend(batch.values)
            if len(values) >= size:
                break
    except InputError:
        pass
    return values[:size]
