"""Words of texts in any script: what they are, where they are, and how they are compared."""

from __future__ import annotations

import unicodedata

from msgspec import Struct

from dslint.patterns import pattern

_JOINED = "\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff"
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u0900-\u0963\u0966-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a"
)
WORD = pattern(rf"[^\W_][\w{_MARKS}{_JOINED}]*")
"""A word: `\\w` alone leaves out the combining marks that many scripts write words with."""
_CLUSTER = pattern(rf"[\u1100-\u115f][\u1160-\u11ff]*|(?s:.)[{_MARKS}{_JOINED}]*")
_PLAIN = pattern(r"[a-z0-9]+")
UNSPACED = pattern("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
"""Scripts in which words are not set apart by spaces, and Korean, which hangs particles on them."""
SIGN = pattern(rf"[^\w\s{_MARKS}{_JOINED}'’-]")  # noqa: RUF001 - an apostrophe
"""What is neither part of words nor between the words of a phrase."""
_INVISIBLE = pattern(f"[{_JOINED}]+")
_MAIL = pattern(r"[\w.+-]+@[\w-]+\.\w")


class Token(Struct, frozen=True, gc=False):
    """A word of a text: its place in code points, and the word as it is compared."""

    start: int
    end: int
    word: str


def normal(text: str) -> str:
    """Return a word or phrase as it is compared: NFKC, folded case, without invisible characters."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()


def tokens_of(text: str) -> list[Token]:
    """Return the words of a text."""
    if text.isascii() and "_" not in text:
        return [Token(match.start(), match.end(), match[0]) for match in _PLAIN.finditer(text.lower())]
    found = []
    for match in WORD.finditer(text):
        word = match[0].rstrip("_")
        found.append(Token(match.start(), match.start() + len(word), normal(word)))
    return found


def words_of(text: str) -> list[str]:
    """Return the words of a text without their places."""
    if text.isascii() and "_" not in text:
        return _PLAIN.findall(text.lower())
    return [token.word for token in tokens_of(text)]


def mapped(text: str) -> tuple[str, list[int] | None]:
    """Return a text as it is compared, and for each of its positions the one in the original; None if they are the same."""
    if text.isascii():
        return text.lower(), None
    folded: list[str] = []
    places: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        made = normal(cluster[0])
        folded.append(made)
        places.extend([cluster.start()] * len(made))
    return "".join(folded), [*places, len(text)]


def in_address(text: str, start: int) -> bool:
    """Say whether a place is inside a web address, an e-mail address or the name of an account, which are not what a text says."""
    if "@" not in text and "://" not in text and "www." not in text:
        return False
    begin = max(text.rfind(space, 0, start) for space in " \t\n") + 1
    before = text[begin:start]
    return before.endswith("@") or "://" in before or before.startswith("www.") or _MAIL.match(text, begin, start + 64) is not None
