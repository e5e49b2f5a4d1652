"""Probabilities and embeddings that the user brings: a column of the records, or a file with one row a record."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dslint.plugin import ConfigError, OptionFile, Source, lookup
from dslint_packs.labels.label_arrays import Dataset

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def matrix_of(
    option: str, given: OptionFile | str, data: Dataset, numbers: Array, source: Source
) -> tuple[Array, list[str] | None]:
    """Return one row of numbers for each of these records, and the names of the columns if they have some.

    Raises ConfigError where the file or the column does not fit the data.
    """
    import numpy as np

    if isinstance(given, OptionFile):
        whole, names = _loaded(option, given)
        places = data.positions[numbers]
        if len(places) and places.max() >= len(whole):
            raise ConfigError(
                f"option {option!r}: {given.path} has {len(whole):,} rows, and the data more",
                "one row a record, in the order of the data",
            )
        return whole[places], names
    rows: dict[int, Any] = {
        number: lookup(record.value, given) for number, record in data.records(numbers, source)
    }
    values = [rows[number] for number in numbers.tolist()]
    if values and all(type(value) is dict for value in values):
        keys = sorted({name for value in values for name in value})
        values = [[value.get(name, 0.0) for name in keys] for value in values]
        return np.asarray(values, float), keys
    try:
        found = np.asarray(values, float)
        if found.ndim == 2:
            return found, None
    except (TypeError, ValueError):
        pass
    raise ConfigError(
        f"option {option!r}: the column {given!r} does not hold equally many numbers in each record",
        "a list, or an object by label",
    )


def _loaded(option: str, file: OptionFile) -> tuple[Array, list[str] | None]:
    import numpy as np

    try:
        if file.path.endswith(".parquet"):
            import pyarrow.parquet as pq

            table = pq.read_table(io.BytesIO(file.data))
            return np.column_stack(
                [column.to_numpy() for column in table.columns]
            ), table.column_names
        found = np.load(io.BytesIO(file.data), allow_pickle=False)
    except (ValueError, OSError, EOFError):
        found = None
    if found is None or found.ndim != 2:
        raise ConfigError(
            f"option {option!r}: {file.path} holds no table of numbers",
            "write it with numpy.save, or as Parquet",
        )
    return found, None


def codes_of(names: Sequence[str] | None, width: int, labels: Sequence[str]) -> dict[str, int]:
    """Return which column of probabilities stands for which label: by name, by number, or else in the order of the alphabet."""
    distinct = sorted(set(labels))
    if names is not None and set(distinct) <= set(names):
        return {name: number for number, name in enumerate(names)}
    if all(label.isdecimal() and int(label) < width for label in distinct):
        return {label: int(label) for label in distinct}
    if names is None and len(distinct) == width:
        return {label: number for number, label in enumerate(distinct)}
    raise ConfigError(
        f"option 'probabilities': {width} columns for {len(distinct)} labels",
        "one column a label, in the order of the alphabet, or by name",
    )
