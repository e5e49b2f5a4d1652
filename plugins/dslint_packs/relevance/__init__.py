"""Rules on relevance to the domain."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_packs.relevance.domain_vocabulary import DomainVocabulary
from dslint_packs.relevance.incoherent_answer import IncoherentAnswer
from dslint_packs.relevance.off_topic import OffTopic


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [DomainVocabulary, IncoherentAnswer, OffTopic]
