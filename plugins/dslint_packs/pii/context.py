"""Words around a match: the context by which presidio, and these rules, tell what a number is."""

from __future__ import annotations

import re
from functools import lru_cache

_STEM = 5  # letters from which a word also stands for those that begin with it
_WORD = 16  # characters that are looked at for each word


@lru_cache(maxsize=256)
def _pattern(words: str) -> re.Pattern[str]:
    listed = words.split("|")
    spaced = [
        re.escape(word) + (r"\w*" if len(word) >= _STEM else "")
        for word in listed
        if word[0].isascii()
    ]
    others = [re.escape(word) for word in listed if not word[0].isascii()]
    return re.compile(
        "|".join([*others, rf"(?<![^\W_])(?:{'|'.join(spaced)})(?![^\W_])"] if spaced else others)
    )


def near(text: str, start: int, end: int, words: str, *, before: int = 6, after: int = 0) -> bool:
    """Say whether one of the words is among the last words before a span, or the first after it, where longer ones may have endings.

    The words are given in lower case, with | between them.
    Words that begin with a letter of another alphabet may stand within others: some scripts do not separate words.
    """
    around = text[max(0, start - _WORD * before) : start].split()[-before:] if before else []
    if after:
        around += ["|", *text[end : end + _WORD * after].split()[:after]]
    return bool(around) and _pattern(words).search(" ".join(around).lower()) is not None


def supported(score: float) -> float:
    """Return a score with what presidio adds for a word of the context."""
    return min(1.0, max(0.4, score + 0.35))
