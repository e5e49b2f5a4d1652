"""Rules on labels: wrong, unknown, missing, rare and inconsistent labels."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_packs.labels.balance import Imbalance, RareLabel
from dslint_packs.labels.disagreement import Disagreement
from dslint_packs.labels.inconsistent_name import InconsistentName
from dslint_packs.labels.likely_wrong import LikelyWrong
from dslint_packs.labels.missing_label import MissingLabel
from dslint_packs.labels.unknown_label import UnknownLabel


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [
        Disagreement,
        Imbalance,
        InconsistentName,
        LikelyWrong,
        MissingLabel,
        RareLabel,
        UnknownLabel,
    ]
