"""Shingles as 64-bit hashes, computed without a loop over them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from dslint.plugin import digest
from dslint_packs.duplicates.shingles import IDEOGRAPH, LETTER, SEPARATOR, UNKNOWN, Kind, class_of

Array = np.ndarray[Any, Any]

_FIRST_IDEOGRAPH = 0x3400
_ODD = 0x9E3779B97F4A7C15


def hashes(texts: Sequence[str], kind: Kind) -> tuple[Array, Array]:
    """Return 64-bit hashes of the shingles of texts, with repeats, and where each text begins.

    The hashes are one flat array; the starts are one more than texts. The hashes are equal on
    every machine. There must be at least one text.
    """
    size = kind.size
    if kind.unit != "word":
        texts = [text if len(text) >= size else text.ljust(size, "\0") for text in texts]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    units: Array = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    classes = (
        _classes_of(units)
        if kind.unit == "word"
        or (kind.unit == "mixed" and int(units.max(initial=0)) >= _FIRST_IDEOGRAPH)
        else None
    )
    if kind.unit == "word" and classes is not None:
        units, lengths = _word_hashes(units, classes, lengths, texts, size)
    starts = offsets(lengths)
    grams, inside = _runs(units, starts, size)
    if kind.unit == "mixed" and classes is not None:
        pairs, within = _runs(units, starts, 2)
        within &= (classes[1:] == IDEOGRAPH) & (classes[:-1] == IDEOGRAPH)
        ahead = slice(0, len(grams))
        inside &= ~within[ahead]
        chosen = within.copy()
        chosen[ahead] |= inside
        pairs[ahead][inside] = grams[inside]
        grams, inside = pairs, chosen
    return mix(grams[inside]), offsets(np.add.reduceat(inside, starts[:-1], dtype=np.int64))


def _runs(units: Array, starts: Array, size: int) -> tuple[Array, Array]:
    """Return a hash of each run of `size` units, and whether it lies within one text."""
    grams = np.full(len(units) - size + 1, size, np.uint64)
    for number in range(size):
        grams *= np.uint64(_ODD)
        grams += units[number : number + len(grams)]
    inside = np.ones(len(grams), bool)
    for number in range(1, size):
        inside[starts[1:-1] - number] = False
    return grams, inside


def offsets(lengths: Array) -> Array:
    """Return where each of consecutive pieces begins, and where the last one ends."""
    found = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=found[1:])
    return found


def ranges(starts: Array, sizes: Array) -> Array:
    """Return the numbers of ranges, one range after another."""
    ends = offsets(sizes)
    found: Array = np.arange(ends[-1]) + np.repeat(starts - ends[:-1], sizes)
    return found


def mix(values: Array) -> Array:
    """Scramble 64-bit values in place, one to one.

    This is the finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
    """
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


@cache
def _classes() -> Array:
    """Return the table of classes by code point; entries are filled in when they are needed."""
    return np.zeros(0x110000, np.uint8)


def _classes_of(points: Array) -> Array:
    """Return the class of each code point of a text."""
    table = _classes()
    for point in np.unique(points[table[points] == UNKNOWN]).tolist():
        table[point] = class_of(chr(point))
    found: Array = table[points]
    return found


def _word_hashes(
    points: Array, classes: Array, lengths: Array, texts: Sequence[str], size: int
) -> tuple[Array, Array]:
    """Return hashes of the words of texts, and the number of words of each.

    Texts of fewer than `size` words are padded with zeros.
    """
    borders = offsets(lengths)
    within = np.zeros(len(points), bool)
    within[1:] = (classes[1:] == LETTER) & (classes[:-1] == LETTER)
    within[borders[:-1][lengths > 0]] = False
    starts = np.flatnonzero((classes != SEPARATOR) & ~within)
    counts = np.diff(np.searchsorted(starts, borders))
    found = np.zeros(0, np.uint64)
    if len(starts):
        place = np.arange(starts[0], len(points)) - np.repeat(
            starts, np.diff(starts, append=len(points))
        )
        powers = np.cumprod(np.full(place.max() + 1, _ODD, np.uint64))
        values = (points[starts[0] :] + np.uint64(1)) * powers[place]
        values[classes[starts[0] :] == SEPARATOR] = 0
        found = mix(np.add.reduceat(values, starts - starts[0]))
    empty = np.flatnonzero(counts == 0)
    found = np.insert(
        found,
        offsets(counts)[empty],
        np.array([int.from_bytes(digest(texts[n])[:8], "big") for n in empty.tolist()], np.uint64),
    )
    counts[empty] = 1
    missing = np.maximum(size - counts, 0)
    return np.insert(found, np.repeat(offsets(counts)[1:], missing), 0), counts + missing
