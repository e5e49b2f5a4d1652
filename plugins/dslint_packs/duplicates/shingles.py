"""Texts as sets of shingles: overlapping runs of characters or words.

This module defines them, without numpy; `hashing` computes them fast.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from dslint.plugin import nfkc

LONGEST = 1_000_000
"""Characters of a record that are compared, so that memory stays bounded."""
LONG = 5_000
"""Length in characters from which `auto` compares words.

Any two long texts of one language share most of their short runs of characters.
"""
_CHUNK = 1 << 20
UNKNOWN, SEPARATOR, LETTER, WORD, IDEOGRAPH = range(5)
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
# Other scripts without spaces between words, Thai to Khmer and Japanese. Each character is a word;
# otherwise a whole sentence would be one.
_SPACELESS = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x2E80, 0x312F),
    (0x31A0, 0x31FF),
)


class Kind(NamedTuple):
    """The unit of a shingle, and the number of units.

    Units are `char`, `word`, or `mixed`: characters, but runs of two where both are ideographs.
    """

    unit: str
    size: int


class Shingling(NamedTuple):
    """How texts are cut into shingles: one kind for short texts, one for long ones.

    Both are the same object where one kind serves all.
    """

    short: Kind
    long: Kind

    def kinds(self, size: int, threshold: float) -> list[Kind]:
        """Return the kinds for which a text of `size` characters needs a sketch.

        Near the border these are both, for partners on either side of it.
        """
        if self.short is self.long or size >= LONG / threshold:
            return [self.long]
        return [self.short, self.long] if size >= LONG else [self.short]


def shingling(option: str) -> Shingling:
    """Return the meaning of the option `shingle`: `auto`, `char-5`, `word-3` ..."""
    if option == "auto":
        return Shingling(Kind("mixed", 5), Kind("word", 5))
    unit, _, size = option.partition("-")
    kind = Kind(unit, int(size))
    return Shingling(kind, kind)


def plain(texts: Sequence[str]) -> str:
    """Return the texts of a record as one, in NFKC form and lower case, with single spaces."""
    text = "\n".join(texts)[:LONGEST]
    if not text.isascii():
        text = nfkc(text)
    return " ".join(text.casefold().split())[:LONGEST]


def shingle_set(text: str, kind: Kind) -> set[Any]:
    """Return the shingles of one text: all runs of `kind.size` units.

    A shorter text is one shingle.
    """
    if kind.unit == "word":
        units = tuple(words(text))
        return {
            units[start : start + kind.size] for start in range(max(1, len(units) - kind.size + 1))
        }
    text = text.ljust(kind.size, "\0")
    pairs = set[str]()
    if kind.unit == "mixed" and not text.isascii():
        pairs = {
            text[start : start + 2]
            for start in range(len(text) - 1)
            if class_of(text[start]) == class_of(text[start + 1]) == IDEOGRAPH
        }
    return pairs | {
        run
        for start in range(len(text) - kind.size + 1)
        if (run := text[start : start + kind.size])[:2] not in pairs
    }


def words(text: str) -> list[str]:
    """Return the words of a text: runs of letters, digits, marks and `_`.

    In scripts without spaces each character is a word. A text without words is its only word.
    """
    found: list[str] = []
    in_word = False
    for char in text:
        kind = class_of(char)
        if kind == LETTER and in_word:
            found[-1] += char
        elif kind != SEPARATOR:
            found.append(char)
        in_word = kind == LETTER
    return found or [text]


def chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut texts into chunks of a bounded number of characters, to bound what is made of them."""
    first = size = 0
    for number, text in enumerate(texts):
        if size > _CHUNK:
            yield texts[first:number]
            first, size = number, 0
        size += len(text)
    if texts:
        yield texts[first:]


@cache
def class_of(char: str) -> int:
    """Return the class of a character: between words, part of a word, a word, or an ideograph."""
    if not (char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"):
        return SEPARATOR
    if any(first <= ord(char) <= last for first, last in _IDEOGRAPHS):
        return IDEOGRAPH
    return WORD if any(first <= ord(char) <= last for first, last in _SPACELESS) else LETTER
