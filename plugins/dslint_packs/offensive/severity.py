"""Severity and score of an offensive word, by its grade and its speaker."""

from __future__ import annotations

from functools import cache

from dslint.plugin import Severity


@cache
def milder(severity: Severity) -> Severity:
    """Return the next lower severity, for users: a model does not learn to say what they say."""
    return Severity(max(Severity.INFO, severity - 1))


@cache
def score(severity: Severity) -> float:
    """Return a grade as a score."""
    return round(severity / Severity.ERROR, 2)
