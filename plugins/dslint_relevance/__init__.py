"""Rules on relevance to the domain."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_relevance.off_topic import OffTopic


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [OffTopic]
