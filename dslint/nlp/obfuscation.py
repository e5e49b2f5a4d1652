"""Obfuscated words: letters repeated, replaced by digits and signs, masked, or separated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, product

from dslint.helpers.lazy_re import pattern
from dslint.nlp.words import WORD

SYMBOLIC = pattern(r"(?<![\w@])(?=[\w@$])(?=[\w@$*!|#+]*[@$*!|#+])[\w@$][\w@$*!|#+]+")
"""A word that contains signs."""
_APART = pattern(r"(?<![^\s\"“(\[{*_])[^\W\d_](?:[ ._*-]{1,2}+[^\W\d_](?!\w)){2,}+")
_GAPS = " ._*-"
_NO_GAPS = str.maketrans("", "", _GAPS)
_BORDER = pattern(r"[\s.,;:!?\"”)\]}*_]|\Z")
ODD = pattern(r"([^\W\d_])\1\1|[0134578]")
"""Found in every obfuscated word without signs."""
_DIGIT = pattern(r"[0134578]")
_LEET = {
    "0": "o",
    "1": "il",
    "3": "e",
    "4": "a",
    "5": "s",
    "7": "t",
    "8": "b",
    "@": "a",
    "$": "s",
    "!": "i",
    "|": "li",
    "+": "t",
}


def spelt(text: str) -> Iterator[tuple[int, int]]:
    """Yield the span of each word whose letters are separated."""
    for found in apart(text):
        start, end = found.span()
        while end > start and not _BORDER.match(text, end):
            end -= 1
            while end > start and text[end - 1] in _GAPS:
                end -= 1
        if len(text[start:end].translate(_NO_GAPS)) > 2:
            yield start, end


def apart(text: str) -> Iterator[re.Match[str]]:
    """Yield candidates for words whose letters are separated."""
    return _APART.finditer(text)


def letters_of(text: str, start: int, end: int) -> str:
    """Return the letters of a word whose letters are separated."""
    run = text[start:end].translate(_NO_GAPS)
    return run if run.isalpha() else "".join(filter(str.isalpha, run))


def is_spelt(piece: str) -> bool:
    """Return whether a piece consists of single letters, like a word whose letters are separated.

    Not if all of them are a, i or o, which are words.
    """
    words = WORD.findall(piece)
    alone = all(len(word) == 1 for word in words) and not set("aioAIO").issuperset(words)
    return alone and not {"'", "’"} & set(piece)  # noqa: RUF001 - an apostrophe


def least_letters(word: str) -> int:
    """Return the minimum length of a term behind an obfuscated word: `a55` is a road."""
    return 4 if _DIGIT.search(word) else 3


def readings(word: str) -> Iterator[str]:
    """Yield the words that an obfuscated word may stand for.

    Signs and digits are read as letters, and three or more equal letters as two or one.
    """
    options: list[tuple[str, ...]] = []
    for letter, run in groupby(word):
        size = len(list(run))
        shapes = tuple(_LEET.get(letter, letter))
        sizes = (size,) if size < 3 else (2, 1)
        options.append(tuple(shape * number for number in sizes for shape in shapes))
    if sum(len(option) > 1 for option in options) <= 6:
        yield from map("".join, product(*options))


def fits(masked: str, plain: str) -> bool:
    """Return whether a masked word (`f**k`) may stand for `plain`, a word of the same length.

    At least two of its letters must be readable.
    """
    return sum(letter.isalpha() for letter in masked) >= 2 and all(
        letter in "*#" or letter == other or other in _LEET.get(letter, "")
        for letter, other in zip(masked, plain, strict=True)
    )
