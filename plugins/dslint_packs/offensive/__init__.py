"""Rules on offensive language, and their lexicons."""

from __future__ import annotations

import os

from dslint.plugin import Resource, Rule, hookimpl
from dslint_packs.offensive.profanity import Profanity
from dslint_packs.offensive.slur import Slur

_LEXICONS = os.path.join(os.path.dirname(__file__), "lexicons")


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [Profanity, Slur]


@hookimpl
def dslint_resources() -> list[Resource]:
    """Return the lexicons, one for each language and kind, named `<language>-<kind>.csv`.

    The head of each file names its source.
    """
    return [
        Resource(
            kind=name[3:-4], name=name[:-4], path=os.path.join(_LEXICONS, name), language=name[:2]
        )
        for name in sorted(os.listdir(_LEXICONS))
        if name.endswith(".csv")
    ]
