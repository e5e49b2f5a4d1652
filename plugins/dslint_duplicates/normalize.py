"""What two texts have in common that differ in case, white space, punctuation or Unicode form only."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Signs that carry meaning stay: 1.5 becomes "1 5" and not "15", while C, C++ and C# remain three languages, and a < b is not a > b.
_KEPT = frozenset("+#*/%&@<>=^~|\\_$-")
_ASCII = bytes(
    code if chr(code).isalnum() or chr(code) in _KEPT else 32 for code in (ord(chr(c).lower()) if c < 128 else c for c in range(256))
)  # fmt: skip


def normalize(text: str) -> str:
    """Return the text in NFKC form, case-folded, punctuation as spaces, and white space collapsed.

    `-` stays only before a digit (a sign), signs such as `+ # / < =` stay everywhere.
    """
    if not text.isascii():
        words = "".join(map(_folded, _compatible(text))).split()
        return " ".join(" ".join(map(_without_hyphens, words)).split())
    plain = text.encode().translate(_ASCII)
    while b"  " in plain:  # three times faster than splitting and joining
        plain = plain.replace(b"  ", b" ")
    normal = plain.strip().decode()
    return normal if "-" not in normal else " ".join(" ".join(map(_without_hyphens, normal.split())).split())


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=65536)
def _folded(char: str) -> str:
    category = unicodedata.category(char)
    if char in _KEPT or category[0] in "LNM" or category in ("Sm", "Sc", "So"):
        return char
    return "" if category == "Cf" else " "


def _without_hyphens(word: str) -> str:
    if "-" not in word:
        return word
    sign = "-" if word.startswith("-") and word[1:2].isdigit() else ""
    return sign + word.replace("-", " ")
