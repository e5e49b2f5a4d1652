"""Words of texts in any script: their offsets, and the form in which they are compared."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from functools import cached_property, lru_cache
from operator import le

from msgspec import Struct

from dslint.helpers.lazy_re import pattern

_JOINED = "\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff"
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0900-\u0963\u0966-\u0df3"
    "\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a"
)
WORD = pattern(rf"[^\W_][\w{_MARKS}{_JOINED}]*")
"""A word: `\\w` alone does not match the combining marks that many scripts use in words."""
_CLUSTER = pattern(rf"[\u1100-\u115f][\u1160-\u11ff]*|(?s:.)[{_MARKS}{_JOINED}]*")
_PLAIN = pattern(r"[a-z0-9]+")
UNSPACED = pattern(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Scripts without spaces between words, and Korean, which attaches particles to words."""
SIGN = pattern(rf"[^\w\s{_MARKS}{_JOINED}'’-]")  # noqa: RUF001 - an apostrophe
"""A character that is neither part of words nor between the words of a phrase."""
_PILE = pattern(r"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){32,}")
"""What a long run of combining marks is part of."""
_LONG = 100_000
"""Code points from which on the normal form of a text is cached, for the next rule."""
_INVISIBLE = pattern(f"[{_JOINED}]+")
_MAIL = pattern(r"[\w.+-]+@[\w-]+\.\w")
_REACH = 64
"""Maximum number of characters, before the end of an e-mail address, that belong to it."""
_PIECE = pattern(r"[^ \t\n]+")


class Token(Struct, frozen=True, gc=False):
    """A word of a text: its span in code points, and its form for comparison."""

    start: int
    end: int
    word: str


def nfkc(text: str) -> str:
    """Return a text in NFKC form, in linear time.

    `unicodedata` takes a second for 20,000 combining marks that are out of order.
    """
    if len(text) < 32:
        return unicodedata.normalize("NFKC", text)
    return _nfkc(text) if len(text) < _LONG else _nfkc_of_long(text)


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", _PILE.sub(_ordered, text))


_nfkc_of_long = lru_cache(maxsize=2)(_nfkc)


def _ordered(pile: re.Match[str]) -> str:
    """Sort combining marks into the order of a normal form."""
    rank = unicodedata.combining
    parts = {ord(sign): unicodedata.normalize("NFKD", sign) for sign in set(pile[0])}
    if not any(rank(sign) for part in parts.values() for sign in part):  # no marks at all
        return pile[0]
    text = pile[0].translate(parts)
    ranks = list(map(rank, text))
    if all(map(le, ranks, ranks[1:])):  # in order already
        return pile[0]
    marks = "".join(sign for sign in set(text) if rank(sign))
    return re.sub(f"[{re.escape(marks)}]{{2,}}", _in_order, text)


def _in_order(run: re.Match[str]) -> str:
    """Sort marks by their class, and keep the order of those of one class."""
    by_class: defaultdict[int, list[str]] = defaultdict(list)
    for sign in set(run[0]):
        by_class[unicodedata.combining(sign)].append(sign)
    if len(run[0]) < 64 or len(by_class) > 8:
        return "".join(sorted(run[0], key=unicodedata.combining))
    return "".join(_only(by_class[one], run[0]) for one in sorted(by_class))


def _only(signs: list[str], run: str) -> str:
    return (
        signs[0] * run.count(signs[0])
        if len(signs) == 1
        else "".join(re.findall(f"[{''.join(signs)}]+", run))
    )


def normal(text: str) -> str:
    """Return a text in the form for comparison: NFKC, casefolded, without invisible characters."""
    if text.isascii():
        return text.lower()
    return nfkc(_INVISIBLE.sub("", text)).casefold()


class _Forms(dict[str, str]):
    """The words of a text in the form for comparison, each computed once."""

    def __missing__(self, word: str) -> str:
        self[word] = form = normal(word)
        return form


def tokens_of(text: str) -> list[Token]:
    """Return the words of a text."""
    if text.isascii() and "_" not in text:
        return [
            Token(match.start(), match.end(), match[0]) for match in _PLAIN.finditer(text.lower())
        ]
    found = []
    forms = _Forms()
    for match in WORD.finditer(text):
        word = match[0].rstrip("_")
        found.append(Token(match.start(), match.start() + len(word), forms[word]))
    return found


def words_of(text: str) -> list[str]:
    """Return the words of a text without their spans."""
    if text.isascii() and "_" not in text:
        return _PLAIN.findall(text.lower())
    forms = _Forms()
    return [forms[word.rstrip("_")] for word in WORD.findall(text)]


def mapped(text: str) -> tuple[str, list[int] | None]:
    """Return a text in the form for comparison, and the original position of each position.

    The positions are None if they are the same.
    """
    if text.isascii():
        return text.lower(), None
    folded: list[str] = []
    places: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        form = normal(cluster[0])
        folded.append(form)
        places.extend([cluster.start()] * len(form))
    return "".join(folded), [*places, len(text)]


class Addresses:
    """The parts of a text that are web addresses, e-mail addresses or account names, not prose."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._any = "@" in text or "://" in text or "www." in text
        self._from: dict[int, int] = {}

    def hold(self, place: int) -> bool:
        """Return whether the word at a position is part of an address."""
        if not self._any:
            return False
        begin = self._pieces[bisect_right(self._pieces, place) - 1]
        if begin not in self._from:
            self._from[begin] = self._first(begin)
        return place >= self._from[begin] or (place > begin and self._text[place - 1] == "@")

    @cached_property
    def _pieces(self) -> list[int]:
        """The starts of the pieces between white space; each is examined once."""
        return [piece.start() for piece in _PIECE.finditer(self._text)]

    def _first(self, begin: int) -> int:
        """Return the position from which a piece is an address, or its end if it has none."""
        text = self._text
        piece = _PIECE.match(text, begin)
        end = piece.end() if piece else len(text)
        scheme = text.find("://", begin, end)
        mail = _MAIL.match(text, begin, end)
        return min(
            end if scheme < 0 else scheme + 3,
            begin + 4 if text.startswith("www.", begin) else end,
            max(begin, mail.end() - _REACH) if mail else end,
        )
