"""Columns of state: plain Python while there are few rows, then Arrow, imported when needed."""

from __future__ import annotations

import numbers
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dslint.errors import PluginError

if TYPE_CHECKING:
    import pyarrow as pa

Columns = Mapping[str, Sequence[Any]]
"""Columns of equal length by name, as returned by `observe`.

If a record has no row or several, a column `record` holds the positions of records in the batch.
"""

Chunk: TypeAlias = "Columns | pa.Table"
"""Rows of state: plain columns, or an Arrow table."""


_LETTERS = {"int32": "i", "int64": "q", "uint64": "Q", "double": "d"}
"""Type codes of `array.array` for the types of numbers."""


_SIMPLE = ("binary", "string", "int32", "int64", "uint64", "double", "bool")


TYPES = f"use one of binary[N], list<...>, {', '.join(_SIMPLE)}"


def is_type(name: object) -> bool:
    """Return whether a column of state may have this type."""
    if not isinstance(name, str):
        return False
    if name.startswith("list<") and name.endswith(">"):
        return is_type(name[5:-1])
    sized = name.startswith("binary[") and name.endswith("]")
    return name in _SIMPLE or (sized and name[7:-1].isdecimal())


def misfit(values: Sequence[Any], kind: str) -> str:
    """Return why values cannot be a column of a type, or an empty text if they can.

    Small state stays plain Python: without this check, an error would only show in large data.
    """
    if not isinstance(values, (list, tuple)):
        return ""
    given = [value for value in values if value is not None]
    allowed: tuple[type, ...] = {
        "string": (str,),
        "double": (numbers.Real,),
        "int32": (numbers.Integral,),
        "int64": (numbers.Integral,),
        "uint64": (numbers.Integral,),
    }.get(kind, (bytes, bytearray, memoryview) if kind.startswith("binary") else (object,))
    for found in set(map(type, given)):
        if not issubclass(found, allowed):
            return f"has values of the type {found.__name__}"
    if kind.startswith("binary[") and set(map(len, given)) - {int(kind[7:-1])}:
        return "has values of other lengths"
    if kind in _RANGES and given:
        low, high = _RANGES[kind]
        if not low <= min(given) <= max(given) <= high:
            return "has values out of range"
    return ""


_RANGES = {
    "int32": (-(1 << 31), (1 << 31) - 1),
    "int64": (-(1 << 63), (1 << 63) - 1),
    "uint64": (0, (1 << 64) - 1),
}


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type of a declared type.

    That is `binary[N]`, `binary`, `string`, `int32`, `int64`, `uint64`, `double`, `bool` or
    `list<...>`; raises PluginError for any other.
    """
    import pyarrow as pa

    if name.startswith("binary["):
        return pa.binary(int(name[7:-1]))
    if name.startswith("list<"):
        return pa.list_(arrow_type(name[5:-1]))
    simple = {
        "binary": pa.binary,
        "string": pa.string,
        "int32": pa.int32,
        "int64": pa.int64,
        "uint64": pa.uint64,
        "double": pa.float64,
        "bool": pa.bool_,
    }
    if name not in simple:
        raise PluginError(f"unknown state type {name!r}", TYPES)
    return simple[name]()


def to_arrow(schema: Mapping[str, str], chunks: Iterable[Chunk]) -> pa.Table:
    """Return chunks of state as one Arrow table."""
    import pyarrow as pa

    fields = pa.schema([(name, arrow_type(kind)) for name, kind in schema.items()])
    tables = [
        chunk
        if isinstance(chunk, pa.Table)
        else pa.table(
            {name: _array(chunk[name], kind) for name, kind in schema.items()}, schema=fields
        )
        for chunk in chunks
    ]
    return pa.concat_tables(tables) if tables else fields.empty_table()


def _array(values: Sequence[Any], kind: str) -> pa.Array:
    """Return a column as Arrow.

    Lists of numbers, booleans and digests are converted here: `pyarrow.array` imports pandas if
    it is installed, which takes 0.4 s and 50 MB.
    """
    import pyarrow as pa

    of_type, letter, width = (
        arrow_type(kind),
        _LETTERS.get(kind),
        int(kind[7:-1]) if kind.startswith("binary[") else 0,
    )
    if not isinstance(values, (list, range)) or not (letter or width or kind == "bool"):
        return pa.array(values, of_type)
    validity, filled = None, list(values)
    if None in filled:
        validity = pa.py_buffer(_bits(value is not None for value in reversed(filled)))
        none: Any = bytes(width) if width else 0
        filled = [none if value is None else value for value in filled]
    if width and set(map(len, filled)) - {width}:
        raise PluginError(f"a column of {kind} has values of other lengths")
    data = (
        array(letter, filled)
        if letter
        else b"".join(filled)
        if width
        else _bits(map(bool, reversed(filled)))
    )
    return pa.Array.from_buffers(of_type, len(filled), [validity, pa.py_buffer(data)])


def scalar(value: int) -> pa.Scalar:
    """Return a number as Arrow, without `pyarrow.scalar`, which imports pandas too."""
    return _array([value], "int64")[0]


def _bits(last_to_first: Iterable[bool]) -> bytes:
    """Return booleans as an Arrow bitmap: one bit each, the first one lowest."""
    digits = "".join("01"[value] for value in last_to_first)
    return int(digits or "0", 2).to_bytes(len(digits) // 8 + 1, "little")


def chunk_length(chunk: Chunk) -> int:
    """Return the number of rows of a chunk of state."""
    return len(chunk["row"]) if isinstance(chunk, Mapping) else int(chunk.num_rows)
