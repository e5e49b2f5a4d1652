"""Normalization of case, whitespace, punctuation and Unicode form."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import compress

from dslint.plugin import nfkc

# Signs that carry meaning are kept: C, C++ and C# remain three languages, and a < b is not a > b.
# Other punctuation becomes a space: 1.5 is "1 5" and not "15".
_KEPT = frozenset("+#*/%&@<>=^~|\\_$-")
_ASCII = bytes(
    code if chr(code).isalnum() or chr(code) in _KEPT else 32
    for code in (ord(chr(c).lower()) if c < 128 else c for c in range(256))
)
_ASCII_BUT_NUL = b"\0" + _ASCII[1:]


def normalize(text: str) -> str:
    """Return the text in NFKC form, case-folded, with punctuation and whitespace as single spaces.

    A `-` is kept only before a digit (a sign); signs such as `+ # / < =` are always kept.
    """
    if not text.isascii():
        words = "".join(map(_fold_char, _fold(text))).split()
        return _split_hyphens(" ".join(words))
    plain = text.encode().translate(_ASCII)
    while b"  " in plain:  # three times faster than splitting and joining
        plain = plain.replace(b"  ", b" ")
    normal = plain.strip().decode()
    return _split_hyphens(normal)


def normalize_all(texts: list[str]) -> list[str]:
    """Return `normalize` of each text.

    ASCII texts are normalized all at once, which is much faster for many short ones.
    """
    joined = "\0".join(texts)
    simple = None
    if not joined.isascii() or joined.count("\0") >= len(texts):
        simple = [text.isascii() and "\0" not in text for text in texts]
        joined = "\0".join(compress(texts, simple))
    plain = joined.encode().translate(_ASCII_BUT_NUL)
    while len(shorter := plain.replace(b"  ", b" ")) < len(plain):
        plain = shorter
    results = plain.replace(b" \0", b"\0").replace(b"\0 ", b"\0").strip(b" ").decode().split("\0")
    if b"-" in plain:
        results = list(map(_split_hyphens, results))
    if simple is None:
        return results
    normal = iter(results)
    return [
        next(normal) if is_simple else normalize(text)
        for text, is_simple in zip(texts, simple, strict=True)
    ]


def _fold(text: str) -> str:
    return nfkc(text).casefold()


@lru_cache(maxsize=65536)
def _fold_char(char: str) -> str:
    category = unicodedata.category(char)
    if char in _KEPT or category[0] in "LNM" or category in ("Sm", "Sc", "So"):
        return char
    return "" if category == "Cf" else " "


def _split_hyphens(text: str) -> str:
    return (
        text if "-" not in text else " ".join(" ".join(map(_without_hyphens, text.split())).split())
    )


def _without_hyphens(word: str) -> str:
    if "-" not in word:
        return word
    sign = "-" if word.startswith("-") and word[1:2].isdigit() else ""
    return sign + word.replace("-", " ")
