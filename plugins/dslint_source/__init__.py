"""Rules on where records come from."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_source.untrusted import Untrusted


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [Untrusted]
