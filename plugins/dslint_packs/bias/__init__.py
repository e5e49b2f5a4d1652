"""Rules about bias, with their lexicons."""

from __future__ import annotations

import os

from dslint.plugin import Resource, Rule, hookimpl
from dslint_packs.bias.counterfactual_gap import CounterfactualGap
from dslint_packs.bias.group_representation import GroupRepresentation
from dslint_packs.bias.stereotyped_association import StereotypedAssociation
from dslint_packs.bias.wording import GenderedTerm, InsensitiveTerm

_LEXICONS = os.path.join(os.path.dirname(__file__), "lexicons")


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [
        CounterfactualGap,
        GenderedTerm,
        GroupRepresentation,
        InsensitiveTerm,
        StereotypedAssociation,
    ]


@hookimpl
def dslint_resources() -> list[Resource]:
    """Return the lexicons: one file `<language>-<kind>.csv` for each language and kind.

    The head of each file names its source.
    """
    return [
        Resource(
            kind=name[3:-4], name=name[:-4], path=os.path.join(_LEXICONS, name), language=name[:2]
        )
        for name in sorted(os.listdir(_LEXICONS))
        if name.endswith(".csv")
    ]
