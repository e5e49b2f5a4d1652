"""Readers: from files to batches of records with exact positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dslint.errors import InputError
from dslint.model import Input, Shape, Shard
from dslint.protocols import Reader
from dslint.readers.files import suffix
from dslint.readers.jsonl import JsonLines

BUILT_IN: tuple[Reader, ...] = (JsonLines(),)

__all__ = ["BUILT_IN", "reader_for", "sample"]


def reader_for(path: str, known: Sequence[Reader]) -> Reader:
    """Return the reader for a path by its suffix; raises InputError where there is none."""
    kind = suffix(path)
    for reader in known:
        if kind in reader.suffixes:
            return reader
    readable = ", ".join(suffix for reader in known for suffix in reader.suffixes)
    raise InputError(f"no reader for {kind or 'files without a suffix'}", f"dslint reads {readable}, also as .gz and .zst")


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
