"""Rules about the sources of records."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_packs.source.outdated import Outdated
from dslint_packs.source.untrusted import Untrusted


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [Outdated, Untrusted]
