"""Use or mention: whether a text uses a word, or speaks about it."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache

from dslint.plugin import pattern

_NOUN = (
    r"(?:n-?words?|words?|terms?|slurs?|insults?|epithets?|expressions?|phrases?|labels?|names?"
    r"|pejoratives?|profanity|(?:swear|curse) ?words?|expletives?|slang)"
)
_WHOM = (
    r"(?:is|are|was|were|been|being|be|it|them|him|her|me|us|people|someone|anyone|anybody"
    r"|somebody|others|\w+s|men|women)"
)
_SAY = (
    r"(?:say|says|saying|said|use|uses|using|used|utter|uttering|uttered|define|defines|means?"
    r"|spell|censor|bleep|ban|banned|write|writing|typed?|typing)"
)
_BEFORE = pattern(
    rf"\b(?:{_NOUN}(?: (?:like|such as|is|was|are|including|for \w+(?: \w+)?(?: is| was)?))?"
    rf"|{_WHOM} (?:called|dubbed|labell?ed|named)"
    r"|(?:call|calls|calling|called) (?:\w+ ){0,3}?(?:an? |the )?"
    rf"|{_SAY}(?: the {_NOUN})?)[\s:,]*[\"'“”‘’`*_«]*$",  # noqa: RUF001 - quotation marks
    re.IGNORECASE,
)
_BAD = (
    r"(?:derogatory|offensive|pejorative|racist|sexist|homophobic|transphobic|ableist|hurtful"
    r"|vulgar|profane|inappropriate|unacceptable|disrespectful|taboo|dehumani[sz]ing|not okay"
    r"|not ok|wrong)"
)
_AFTER = pattern(
    r"[\"'“”‘’`*_»]*,?[\s:,]*(?:"  # noqa: RUF001 - quotation marks
    r"(?:is|was|are|as|has been|can be|may be|used to be|being)\b"
    rf"[^.!?\n]{{0,60}}\b(?:{_NOUN}|{_BAD})\b"
    rf"|(?:\(|is a |as a )?{_NOUN}\b"
    r"|(?:means|refers to|originated|comes from|derives)\b)",
    re.IGNORECASE,
)
_SPEAKS = (
    r"(?:say|says|saying|said|call|calls|called|calling|wrote|writes?|writing|tweet(?:s|ed|ing)?"
    r"|post(?:s|ed|ing)?|comment(?:s|ed|ing)?|shout(?:s|ed|ing)?|yell(?:s|ed|ing)?"
    r"|chant(?:s|ed|ing)?|scream(?:s|ed|ing)?|statements?|quote[sd]?|use|uses|used|using"
    r"|messages?|lyrics?|title[sd]?|song|film|movie|book|album|translat\w+|means?|meaning|example"
    r"|sentence|graffiti|sign|read|reads|reading|hearing|heard|hear)"
)
_CONDEMNS = (
    r"(?:language|racism|misogyn\w+|homophob\w+|transphob\w+|bigot\w*|hate(?:ful| speech)"
    r"|harass\w*|abus\w+|bully\w*|condemn\w*|apologi[sz]\w+|stop|never|don't|shouldn't|mustn't)"
)
_CUES = pattern(rf"\b(?:{_SPEAKS}|{_CONDEMNS}|{_NOUN}|{_BAD})\b", re.IGNORECASE)
_OPEN, _CLOSE = '"“«„`', '"”»“`'
_QUOTE = 300
"""Maximum length, in code points, of a quotation in which a word counts as quoted."""
_REACH = 200
"""Code points before and after a quotation that are searched for a verb of speech or the like."""


def mentioned(text: str, start: int, end: int) -> bool:
    """Return whether the words from `start` to `end` are mentioned, not used.

    That is so if the text speaks about them, or quotes them with a cue word beside the quotation,
    such as a verb of speech. Cues are English only. A quotation without a cue counts as use.
    """
    if _beside(text[max(0, start - 80) : start], text[end : end + 100]):
        return True
    quote = _quotation(text, start, end)
    if quote is None:
        return False
    opening, closing = quote
    return (
        _CUES.search(text[max(0, opening - _REACH) : opening]) is not None
        or _CUES.search(text[closing + 1 : closing + _REACH]) is not None
    )


@lru_cache(maxsize=4096)
def _beside(before: str, after: str) -> bool:
    """Return whether the words before or after a word speak about it.

    Cached, since a text that repeats a word also repeats what surrounds it.
    """
    return _BEFORE.search(before) is not None or _AFTER.match(after) is not None


@lru_cache(maxsize=2)
def _places(text: str, mark: str) -> list[int]:
    """Return the positions of a mark in a text; cached for the next word of the same text."""
    return [found.start() for found in re.finditer(re.escape(mark), text)]


@lru_cache(maxsize=2)
def _marks(text: str) -> list[str]:
    """Return the opening quotation marks in a text; cached likewise."""
    return [mark for mark in _OPEN if mark in text]


def _quotation(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the positions of the quotation marks around a place, or None.

    They are the nearest ones, and the first must be an opening one.
    """
    opening = max(
        [text.rfind(mark, max(0, start - _QUOTE), start) for mark in _marks(text)], default=-1
    )
    if opening < 0:
        return None
    mark = text[opening]
    if mark in '"`' and bisect_left(_places(text, mark), opening) % 2:
        return None
    closing = text.find(_CLOSE[_OPEN.index(mark)], end, end + _QUOTE)
    return (opening, closing) if closing >= 0 else None
