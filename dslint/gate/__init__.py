"""The gate: limits, baselines and suppressions."""

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
