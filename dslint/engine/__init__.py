"""The engine: fold, merge, conclude.

Pure functions from batches of records to findings and measures; none of them reads files.
"""

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
