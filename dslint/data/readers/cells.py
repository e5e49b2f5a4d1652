"""Cells of Arrow arrays as JSON values: the form in which rules, digests and reports see a row.

Binary values become their size and digest, so that images do not fill the memory or pass as text.
NaN becomes null. Times, dates and decimals become text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dslint.data.readers.collect import unique_names

if TYPE_CHECKING:
    import pyarrow as pa


def cells(array: pa.Array, duplicates: list[str]) -> list[Any]:
    """Return the cells of an array; duplicate keys of a map are added to `duplicates`.

    Raises UnicodeDecodeError for text that is not UTF-8, or what pyarrow raises for damaged data.
    """
    import pyarrow as pa

    kind = array.type
    test = pa.types
    if test.is_dictionary(kind):
        if len(array.dictionary) > len(array):
            return cells(array.dictionary_decode(), duplicates)
        entries = cells(array.dictionary, duplicates)
        return [None if index is None else entries[index] for index in array.indices.to_pylist()]
    if test.is_floating(kind):
        wide = array.cast(pa.float32()) if test.is_float16(kind) else array
        return [None if value is None or math.isnan(value) else value for value in wide.to_pylist()]
    if test.is_struct(kind):
        return _structs(array, duplicates)
    if test.is_map(kind):
        return _maps(array, duplicates)
    if (
        test.is_list(kind)
        or test.is_large_list(kind)
        or test.is_fixed_size_list(kind)
        or "list_view" in str(kind)
    ):
        return _lists(array, duplicates)
    if "binary" in str(kind) and not test.is_nested(kind):
        return [None if not cell.is_valid else _binary(cell.as_buffer()) for cell in array]
    if test.is_temporal(kind) or test.is_decimal(kind):
        return _as_text(array)
    if isinstance(kind, pa.BaseExtensionType):
        return cells(array.storage, duplicates)
    if (
        test.is_boolean(kind)
        or test.is_integer(kind)
        or test.is_null(kind)
        or "string" in str(kind)
    ):
        return array.to_pylist()  # type: ignore[no-any-return]
    return [plain(cell) for cell in array.to_pylist()]  # unions and other types


def plain(value: Any) -> Any:
    """Return a Python value as a JSON value."""
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _binary(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)


def _binary(value: Any) -> dict[str, Any]:
    return {"bytes": memoryview(value).nbytes, "digest": blake2b(value, digest_size=16).hexdigest()}


def _maps(array: pa.MapArray, duplicates: list[str]) -> list[Any]:
    """Return maps with string keys as objects, others as lists of pairs."""
    offsets = array.offsets.to_pylist()
    first, size = offsets[0], offsets[-1] - offsets[0]
    keys, values = (
        cells(array.keys.slice(first, size), duplicates),
        cells(array.items.slice(first, size), duplicates),
    )
    result: list[Any] = []
    for (start, end), valid in zip(pairwise(offsets), array.is_valid().to_pylist(), strict=True):
        own, items = keys[start - first : end - first], values[start - first : end - first]
        if not valid:
            result.append(None)
        elif not all(type(key) is str for key in own):
            result.append([list(pair) for pair in zip(own, items, strict=True)])
        else:
            if len(set(own)) < len(own):
                duplicates.extend(own)
                own, _ = unique_names(own)
            result.append(dict(zip(own, items, strict=True)))
    return result


def _structs(array: pa.StructArray, duplicates: list[str]) -> list[Any]:
    names, _ = unique_names([field.name for field in array.type])
    columns = [cells(column, duplicates) for column in array.flatten()]
    rows: list[Any] = (
        [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        if columns
        else [{} for _ in range(len(array))]
    )
    return (
        [
            row if valid else None
            for row, valid in zip(rows, array.is_valid().to_pylist(), strict=True)
        ]
        if array.null_count
        else rows
    )


def _lists(array: pa.ListArray, duplicates: list[str]) -> list[Any]:
    import pyarrow.compute as pc

    items = cells(array.flatten(), duplicates)
    sizes = pc.list_value_length(array).to_pylist()
    ends = [0]
    for size in sizes:
        ends.append(ends[-1] + (size or 0))
    return [
        None if size is None else items[start:end]
        for size, (start, end) in zip(sizes, pairwise(ends), strict=True)
    ]


def _as_text(array: pa.Array) -> list[Any]:
    """Return times, dates and decimals as text in Arrow's notation; decimals of scale 0 as int."""
    import pyarrow as pa

    if pa.types.is_duration(array.type) or pa.types.is_interval(array.type):
        return [None if cell is None else str(cell) for cell in array.to_pylist()]
    if pa.types.is_decimal(array.type) and array.type.scale == 0:
        return [None if cell is None else int(cell) for cell in array.to_pylist()]
    try:
        return array.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
    except (pa.ArrowException, OSError):
        # This machine does not know the time zone: give the time in UTC.
        instants = array.cast(pa.timestamp(array.type.unit, "UTC"))
        naive = instants.cast(pa.timestamp(array.type.unit))
        return naive.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
