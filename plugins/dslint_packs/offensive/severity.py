"""How much an offensive word matters, by its grade and by who says it."""

from __future__ import annotations

from dslint.plugin import Severity


def milder(severity: Severity) -> Severity:
    """Return the next milder severity: what a user says is not what a model learns to say."""
    return Severity(max(Severity.INFO, severity - 1))


def score(severity: Severity) -> float:
    """Return a grade as a score."""
    return round(severity / Severity.ERROR, 2)
