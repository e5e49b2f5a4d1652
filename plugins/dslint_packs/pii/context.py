"""Words near a match, by which presidio and these rules decide what a number is."""

from __future__ import annotations

import re
from functools import lru_cache

_MIN_PREFIX = 5  # letters from which a word also matches longer words that begin with it
_WORD = 16  # characters of the text to search per word


@lru_cache(maxsize=256)
def _pattern(words: str) -> re.Pattern[str]:
    listed = words.split("|")
    spaced = [
        re.escape(word) + (r"\w*" if len(word) >= _MIN_PREFIX else "")
        for word in listed
        if word[0].isascii()
    ]
    others = [re.escape(word) for word in listed if not word[0].isascii()]
    return re.compile(
        "|".join([*others, rf"(?<![^\W_])(?:{'|'.join(spaced)})(?![^\W_])"] if spaced else others)
    )


def near(text: str, start: int, end: int, words: str, *, before: int = 6, after: int = 0) -> bool:
    """Return whether one of the words is among the `before` words before a span, or after it.

    `words` are in lower case, separated by |. Words of 5 letters or more also match with endings.
    Words that begin with a non-ASCII letter also match inside other words, because some scripts do
    not separate words.
    """
    around = text[max(0, start - _WORD * before) : start].split()[-before:] if before else []
    if after:
        around += ["|", *text[end : end + _WORD * after].split()[:after]]
    return bool(around) and _pattern(words).search(" ".join(around).lower()) is not None


def boost(score: float) -> float:
    """Return a score plus presidio's bonus for a context word."""
    return min(1.0, max(0.4, score + 0.35))
