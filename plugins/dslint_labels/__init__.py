"""Rules on labels: wrong, unknown, missing, rare and contradictory ones."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_labels.balance import Imbalance, RareLabel
from dslint_labels.disagreement import Disagreement
from dslint_labels.inconsistent_name import InconsistentName
from dslint_labels.likely_wrong import LikelyWrong
from dslint_labels.missing_label import MissingLabel
from dslint_labels.unknown_label import UnknownLabel


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [Disagreement, Imbalance, InconsistentName, LikelyWrong, MissingLabel, RareLabel, UnknownLabel]
