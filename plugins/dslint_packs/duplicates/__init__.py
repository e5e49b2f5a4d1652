"""Rules about duplicate records."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_packs.duplicates.benchmark_overlap import BenchmarkOverlap
from dslint_packs.duplicates.conflicting_answer import ConflictingAnswer
from dslint_packs.duplicates.exact import ExactDuplicate, NormalizedDuplicate
from dslint_packs.duplicates.leakage import Leakage
from dslint_packs.duplicates.near import NearDuplicate
from dslint_packs.duplicates.repeated_line import RepeatedLine
from dslint_packs.duplicates.semantic import SemanticDuplicate


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [
        BenchmarkOverlap,
        ConflictingAnswer,
        ExactDuplicate,
        Leakage,
        NearDuplicate,
        NormalizedDuplicate,
        RepeatedLine,
        SemanticDuplicate,
    ]
