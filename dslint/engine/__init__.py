"""Judging: fold, merge, conclude; pure functions from batches of records to findings and measures. Nothing here knows of files."""

from dslint.engine.concluding import conclude, merge
from dslint.engine.contract import describe, traced
from dslint.engine.folding import Stamp, fold, observers_of, packed

__all__ = [
    "Stamp",
    "conclude",
    "describe",
    "fold",
    "merge",
    "observers_of",
    "packed",
    "traced",
]
