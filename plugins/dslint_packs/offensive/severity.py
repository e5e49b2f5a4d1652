"""How much an offensive word matters, by its grade and by who says it."""

from __future__ import annotations

from functools import cache

from dslint.plugin import Severity


@cache
def milder(severity: Severity) -> Severity:
    """Return the next milder severity: what a user says is not what a model learns to say."""
    return Severity(max(Severity.INFO, severity - 1))


@cache
def score(severity: Severity) -> float:
    """Return a grade as a score."""
    return round(severity / Severity.ERROR, 2)
