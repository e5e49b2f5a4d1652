"""User-supplied probabilities and embeddings: a column, or a file with one row per record."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dslint.plugin import ConfigError, OptionFile, Source, lookup
from dslint_packs.labels.label_arrays import LabelArrays

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def matrix_of(
    option: str, given: OptionFile | str, data: LabelArrays, numbers: Array, source: Source
) -> tuple[Array, list[str] | None]:
    """Return a matrix with one row for each of these records, and its column names, if any.

    Raises ConfigError if the file or the column does not fit the data.
    """
    import numpy as np

    if isinstance(given, OptionFile):
        matrix, names = _load(option, given)
        positions = data.positions[numbers]
        if len(positions) and positions.max() >= len(matrix):
            raise ConfigError(
                f"option {option!r}: {given.path} has {len(matrix):,} rows, fewer than the data",
                "write one row per record, in the order of the data",
            )
        return matrix[positions], names
    rows: dict[int, Any] = {
        number: lookup(record.value, given) for number, record in data.records(numbers, source)
    }
    values = [rows[number] for number in numbers.tolist()]
    if values and all(type(value) is dict for value in values):
        keys = sorted({name for value in values for name in value})
        values = [[value.get(name, 0.0) for name in keys] for value in values]
        return np.asarray(values, float), keys
    try:
        matrix = np.asarray(values, float)
        if matrix.ndim == 2:
            return matrix, None
    except (TypeError, ValueError):
        pass
    raise ConfigError(
        f"option {option!r}: column {given!r} does not have the same number of numeric values "
        "in every record",
        "store a list of numbers, or an object from label to number",
    )


def _load(option: str, file: OptionFile) -> tuple[Array, list[str] | None]:
    import numpy as np

    try:
        if file.path.endswith(".parquet"):
            import pyarrow.parquet as pq

            table = pq.read_table(io.BytesIO(file.data))
            return np.column_stack(
                [column.to_numpy() for column in table.columns]
            ), table.column_names
        matrix = np.load(io.BytesIO(file.data), allow_pickle=False)
    except (ValueError, OSError, EOFError):
        matrix = None
    if matrix is None or matrix.ndim != 2:
        raise ConfigError(
            f"option {option!r}: {file.path} is not a table of numbers",
            "write it with numpy.save, or as Parquet",
        )
    return matrix, None


def codes_of(names: Sequence[str] | None, width: int, labels: Sequence[str]) -> dict[str, int]:
    """Return the column of probabilities of each label.

    Columns are assigned by name, by number, or else in the alphabetical order of the labels.
    Raises ConfigError if none of these fits.
    """
    distinct = sorted(set(labels))
    if names is not None and set(distinct) <= set(names):
        return {name: number for number, name in enumerate(names)}
    if all(label.isdecimal() and int(label) < width for label in distinct):
        return {label: int(label) for label in distinct}
    if names is None and len(distinct) == width:
        return {label: number for number, label in enumerate(distinct)}
    raise ConfigError(
        f"option 'probabilities': {width} columns for {len(distinct)} labels",
        "write one column per label, in alphabetical order or named after the labels",
    )
