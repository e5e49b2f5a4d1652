"""Rules on labels: wrong, unknown, missing, rare and contradictory ones."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_labels.likely_wrong import LikelyWrong


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [LikelyWrong]
