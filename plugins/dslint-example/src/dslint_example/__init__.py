"""An example of a third-party plugin: it imports nothing of dslint but `dslint.plugin`."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_example.all_caps import AllCaps
from dslint_example.same_opening import SameOpening


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [AllCaps, SameOpening]
