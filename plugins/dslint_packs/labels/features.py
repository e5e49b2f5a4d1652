"""Sparse text features: hashed n-grams of words and characters.

There is no vocabulary, and no Python code runs per token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dslint.plugin import nfkc, pattern

if TYPE_CHECKING:
    import numpy as np

WORDS = 1 << 21
"""Columns below this number are words and word pairs; the others are character n-grams."""
COLUMNS = 2 * WORDS
SIZES = (2, 3, 4, 5)
"""Lengths of the character n-grams within a word and the spaces around it."""
MAX_CHARACTERS = 4000
"""Characters of a record that are read; the rest is ignored."""
WORD_WEIGHT = 4.0
_MULTIPLIER = 0x9E3779B97F4A7C15
_PUNCTUATION = pattern(
    r"[!-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u205e\u3001-\u303f\uff01-\uff0f\uff1a-\uff20]"
)
_NOT_LETTERS = pattern(r"[\W_]+")


def plain(text: str) -> str:
    """Return a text as lower-case words and punctuation marks with one space between them."""
    text = text[:MAX_CHARACTERS]
    text = text if text.isascii() else nfkc(text)
    return " ".join(_PUNCTUATION.sub(r" \g<0> ", text.lower()).split())


def alphanumeric(text: str) -> str:
    """Return the letters and digits of a plain text, by which texts count as equal.

    A text without any is returned unchanged.
    """
    return _NOT_LETTERS.sub(" ", text).strip() or text


def grams(
    texts: Sequence[str], across: Sequence[int] = ()
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return (rows, columns, counts) of the n-grams of plain texts, sorted by row and column.

    These are words, pairs of adjacent words, 2 to 5 characters within a word and the spaces around
    it, and `across` characters across word boundaries.
    """
    import numpy as np

    codes = np.frombuffer(
        "\n".join(f" {text} " if text else "" for text in texts).encode("utf-32-le", "replace"),
        np.uint32,
    ).astype(np.uint64)
    ends = codes == 10
    row = np.cumsum(ends)
    space = (codes == 32) | ends
    keys = []
    for size in (*SIZES, *across):
        count = max(len(codes) - size + 1, 0)
        inside = ~(ends[:count] | ends[size - 1 : size - 1 + count])
        hashed = np.full(count, size, np.uint64)
        for offset in range(size):
            hashed = hashed * np.uint64(_MULTIPLIER) + codes[offset : offset + count]
            if 0 < offset < size - 1:
                inside &= ~(ends if size in across else space)[offset : offset + count]
        keys.append(_key(row[:count][inside], hashed[inside], WORDS))
    starts = np.flatnonzero(space[:-1] & ~space[1:]) + 1
    stops = np.flatnonzero(~space[:-1] & space[1:]) + 1
    words, where = _words(codes, starts, stops), row[starts]
    keys.append(_key(where, words, 0))
    adjacent = where[:-1] == where[1:]
    keys.append(
        _key(
            where[:-1][adjacent],
            words[:-1][adjacent] * np.uint64(_MULTIPLIER) + words[1:][adjacent] + np.uint64(1),
            0,
        )
    )
    found, counts = np.unique(np.concatenate(keys), return_counts=True)
    return (found // COLUMNS).astype(np.int64), (found % COLUMNS).astype(np.int64), counts


def _words(
    codes: np.ndarray[Any, Any], starts: np.ndarray[Any, Any], stops: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Return a polynomial hash of each word, from cumulative sums over the text (modulo 2**64)."""
    import numpy as np

    powers = np.cumprod(np.full(len(codes) + 1, _MULTIPLIER, np.uint64))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes * powers[: len(codes)])])
    inverse = np.cumprod(np.full(len(codes) + 1, pow(_MULTIPLIER, -1, 1 << 64), np.uint64))
    hashed: np.ndarray[Any, Any] = (sums[stops] - sums[starts]) * inverse[starts]
    return hashed


def _key(
    rows: np.ndarray[Any, Any], hashed: np.ndarray[Any, Any], first: int
) -> np.ndarray[Any, Any]:
    import numpy as np

    mixed = hashed ^ (hashed >> np.uint64(32))
    column = (mixed * np.uint64(_MULTIPLIER)) >> np.uint64(64 - WORDS.bit_length() + 1)
    keys: np.ndarray[Any, Any] = (
        rows.astype(np.uint64) * np.uint64(COLUMNS) + column + np.uint64(first)
    )
    return keys
