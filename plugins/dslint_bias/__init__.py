"""Rules on bias: wording, representation, association."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return []
