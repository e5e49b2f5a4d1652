"""Rules on repetition: records that are there twice."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_duplicates.same import ExactDuplicate, NormalizedDuplicate


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [ExactDuplicate, NormalizedDuplicate]
