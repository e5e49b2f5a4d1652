"""Rules on the text itself: encoding, residue, repetition."""

from __future__ import annotations

from dslint.plugin import Resource, Rule, hookimpl
from dslint_packs.text.html_residue import HtmlResidue
from dslint_packs.text.invisible import InvisibleCharacters
from dslint_packs.text.low_information import LowInformation
from dslint_packs.text.mojibake import Mojibake
from dslint_packs.text.phrases import Boilerplate, Refusal, resources
from dslint_packs.text.repetition import Repetition
from dslint_packs.text.truncated import Truncated


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [
        Boilerplate,
        HtmlResidue,
        InvisibleCharacters,
        LowInformation,
        Mojibake,
        Refusal,
        Repetition,
        Truncated,
    ]


@hookimpl
def dslint_resources() -> list[Resource]:
    """Return the lists of stock phrases."""
    return resources()
