"""The testing kit for plugin authors.

Examples of manual pages as tests, cases as data, and the laws that every rule must keep.
"""

from __future__ import annotations

from dslint.testing.cases import Case, load_cases
from dslint.testing.harness import Outcome, Run, assert_declared, assert_documented, run
from dslint.testing.laws import LAWS, LawBrokenError, assert_law, assert_laws
from dslint.testing.strategies import records_like

__all__ = [
    "LAWS",
    "Case",
    "LawBrokenError",
    "Outcome",
    "Run",
    "assert_declared",
    "assert_documented",
    "assert_law",
    "assert_laws",
    "load_cases",
    "records_like",
    "run",
]
