"""The gate: limits, and what the owners have accepted."""

from dslint.gate.limits import (
    MAX_SLICES,
    Count,
    check_names,
    in_files,
    is_rate,
    judge,
    measure,
    rate,
    verdict,
)

__all__ = [
    "MAX_SLICES",
    "Count",
    "check_names",
    "in_files",
    "is_rate",
    "judge",
    "measure",
    "rate",
    "verdict",
]
