"""Texts as sparse vectors: hashed n-grams of words and characters, without a vocabulary and without Python code for each token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dslint.plugin import nfkc, pattern

if TYPE_CHECKING:
    import numpy as np

WORDS = 1 << 21
"""Columns below this number are of words and pairs of words, those from here on of characters."""
COLUMNS = 2 * WORDS
SIZES = (2, 3, 4, 5)
"""Runs of so many characters within a word and the spaces around it are counted."""
LONGEST = 4000
"""Characters of a record that count."""
WORD_WEIGHT = 4.0
_ODD = 0x9E3779B97F4A7C15
_PUNCTUATION = pattern(
    r"[!-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u205e\u3001-\u303f\uff01-\uff0f\uff1a-\uff20]"
)
_LETTERS = pattern(r"[\W_]+")


def plain(text: str) -> str:
    """Return a text as words and marks in lower case, with one space between them."""
    text = text[:LONGEST]
    text = text if text.isascii() else nfkc(text)
    return " ".join(_PUNCTUATION.sub(r" \g<0> ", text.lower()).split())


def bare(text: str) -> str:
    """Return what counts when two plain texts are called the same: letters and digits; the text itself if it has none."""
    return _LETTERS.sub(" ", text).strip() or text


def grams(
    texts: Sequence[str], across: Sequence[int] = ()
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return (rows, columns, counts) of the n-grams of plain texts, sorted by row and column.

    Words and pairs of neighbours, runs of 2 to 5 characters within a word and the spaces around it, and runs of `across` characters that may cross
    from word to word.
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
            hashed = hashed * np.uint64(_ODD) + codes[offset : offset + count]
            if 0 < offset < size - 1:
                inside &= ~(ends if size in across else space)[offset : offset + count]
        keys.append(_key(row[:count][inside], hashed[inside], WORDS))
    starts = np.flatnonzero(space[:-1] & ~space[1:]) + 1
    stops = np.flatnonzero(~space[:-1] & space[1:]) + 1
    words, where = _words(codes, starts, stops), row[starts]
    keys.append(_key(where, words, 0))
    together = where[:-1] == where[1:]
    keys.append(
        _key(
            where[:-1][together],
            words[:-1][together] * np.uint64(_ODD) + words[1:][together] + np.uint64(1),
            0,
        )
    )
    found, counts = np.unique(np.concatenate(keys), return_counts=True)
    return (found // COLUMNS).astype(np.int64), (found % COLUMNS).astype(np.int64), counts


def _words(
    codes: np.ndarray[Any, Any], starts: np.ndarray[Any, Any], stops: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Return a polynomial hash of each word, from running sums over all characters (modulo 2**64)."""
    import numpy as np

    powers = np.cumprod(np.full(len(codes) + 1, _ODD, np.uint64))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes * powers[: len(codes)])])
    inverse = np.cumprod(np.full(len(codes) + 1, pow(_ODD, -1, 1 << 64), np.uint64))
    hashed: np.ndarray[Any, Any] = (sums[stops] - sums[starts]) * inverse[starts]
    return hashed


def _key(
    rows: np.ndarray[Any, Any], hashed: np.ndarray[Any, Any], first: int
) -> np.ndarray[Any, Any]:
    import numpy as np

    mixed = hashed ^ (hashed >> np.uint64(32))
    column = (mixed * np.uint64(_ODD)) >> np.uint64(64 - WORDS.bit_length() + 1)
    keys: np.ndarray[Any, Any] = (
        rows.astype(np.uint64) * np.uint64(COLUMNS) + column + np.uint64(first)
    )
    return keys
