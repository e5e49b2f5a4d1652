"""Hashed word n-grams of benchmarks, and how much of a task a text covers."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from dslint.plugin import OptionFile
from dslint_packs.duplicates.benchmark_tasks import tasks
from dslint_packs.duplicates.hashing import Array, hashes, offsets, ranges
from dslint_packs.duplicates.shingles import Kind, chunks, plain, words

TEMPLATE = 10
"""An n-gram in more tasks of a file than this identifies none of them."""
_MAGIC = b"PK"
_VERSION = 1
_CHUNK = 1 << 16


class Index(NamedTuple):
    """The n-grams of one file: sorted hashes, with the task and the position of each.

    `rows`, `lines` and `words` are for each task its row, its line, and the number of words that
    its n-grams cover. With a salt, hashes are BLAKE2b of the plain ones, keyed with the salt.
    """

    path: str
    ngram: int
    salt: bytes
    grams: Array
    task: Array
    place: Array
    rows: Array
    lines: Array
    words: Array


class Coverage(NamedTuple):
    """The share of a task's words that a text covers; text and task are given by number."""

    text: int
    task: int
    share: float


@lru_cache(maxsize=2)
def indices(files: tuple[OptionFile, ...], fields: tuple[str, ...], ngram: int) -> list[Index]:
    """Return the index of each file, built or read.

    Raises ValueError for a file that cannot be read, or an index of other n-grams.
    """
    return [
        _load(file, ngram) if file.data.startswith(_MAGIC) else _build(file, fields, ngram, b"")
        for file in files
    ]


def dump(file: OptionFile, fields: tuple[str, ...], ngram: int) -> bytes:
    """Return an index of a file that does not reveal its text; each has a new salt."""
    index = _build(file, fields, ngram, os.urandom(16))
    stream = io.BytesIO()
    arrays = {
        name: value for name, value in index._asdict().items() if isinstance(value, np.ndarray)
    }
    arrays |= {
        "version": np.array(_VERSION),
        "path": np.array(index.path),
        "ngram": np.array(ngram),
        "salt": np.frombuffer(index.salt, np.uint8),
    }
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _load(file: OptionFile, ngram: int) -> Index:
    try:
        with np.load(io.BytesIO(file.data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        index = Index(
            str(arrays["path"]),
            int(arrays["ngram"]),
            arrays["salt"].tobytes(),
            *(arrays[name] for name in Index._fields[3:]),
        )
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{file.path} is not a dslint index: {type(error).__name__}") from None
    if int(arrays["version"]) != _VERSION or index.ngram != ngram:
        raise ValueError(
            f"{file.path} is an index of {index.ngram}-grams, version {arrays['version']};"
            " make it again with `dslint index make`"
        )
    return index


def _build(file: OptionFile, fields: tuple[str, ...], ngram: int, salt: bytes) -> Index:
    rows, lines, texts = [], [], []
    for entry in tasks(file, fields):
        if text := plain([entry.text]):
            rows.append(entry.row)
            lines.append(entry.line)
            texts.append(text)
    grams, task, place = _grams(texts, ngram)
    del texts
    # A stable sort keeps equal n-grams in the order of task and place.
    order = np.argsort(grams, kind="stable")
    grams, task, place = grams[order], task[order], place[order]
    _, counts = np.unique(grams, return_counts=True)
    # Repeats within a task are counted too; this matters only for a text that repeats itself ten
    # times.
    kept = np.repeat(counts <= TEMPLATE, counts)
    grams, task, place = grams[kept], task[kept], place[kept]
    word_counts = np.zeros(len(rows), np.int64)
    numbers, counted = _covered_words(task, place, ngram)
    word_counts[numbers] = counted
    if salt:
        grams = salted(grams, salt)
        order = np.argsort(grams, kind="stable")
        grams, task, place = grams[order], task[order], place[order]
    return Index(
        os.path.basename(file.path),
        ngram,
        salt,
        grams,
        task,
        place,
        np.array(rows, np.int64),
        np.array(lines, np.int64),
        word_counts,
    )


def _grams(texts: Sequence[str], ngram: int) -> tuple[Array, Array, Array]:
    """Return the n-grams of texts: hash, text, and position among the words.

    Texts with fewer words have none.
    """
    found = [(np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.int32))]
    first = 0
    for chunk in chunks(texts):
        values, starts = hashes(chunk, Kind("word", ngram))
        sizes = np.diff(starts)
        for number in np.flatnonzero(sizes == 1).tolist():
            sizes[number] = len(words(chunk[number])) >= ngram
        values = values[ranges(starts[:-1], sizes)]
        starts = offsets(sizes)
        text, place = (
            first + np.repeat(np.arange(len(chunk)), sizes),
            np.arange(len(values)) - np.repeat(starts[:-1], sizes),
        )
        found.append((values, text.astype(np.int32), place.astype(np.int32)))
        first += len(chunk)
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))  # type: ignore[return-value]


def covered_tasks(texts: Sequence[str], index: Index, share: float) -> list[Coverage]:
    """Return the tasks that a text covers by more than `share` of their words."""
    grams, text, _ = _grams(texts, index.ngram)
    if index.salt:
        distinct, places = np.unique(grams, return_inverse=True)
        grams = salted(distinct, index.salt)[places]
    first = np.searchsorted(index.grams, grams)
    sizes = np.searchsorted(index.grams, grams, side="right") - first
    hits = ranges(first, sizes)
    pairs, counted = _covered_words(
        np.repeat(text.astype(np.int64), sizes) * len(index.rows) + index.task[hits],
        index.place[hits],
        index.ngram,
    )
    shares = counted / index.words[pairs % len(index.rows)]
    return [
        Coverage(pair // len(index.rows), pair % len(index.rows), found)
        for pair, found in zip(pairs.tolist(), shares.tolist(), strict=True)
        if found > share
    ]


def salted(grams: Array, salt: bytes) -> Array:
    """Return keyed one-way hashes of n-grams: plain hashes can be traced back to words."""
    found = np.empty(len(grams), np.uint64)
    for start in range(0, len(grams), _CHUNK):
        plain_bytes = grams[start : start + _CHUNK].astype("<u8").tobytes()
        digests = (
            blake2b(plain_bytes[at : at + 8], digest_size=8, key=salt).digest()
            for at in range(0, len(plain_bytes), 8)
        )
        found[start : start + _CHUNK] = np.frombuffer(b"".join(digests), "<u8")
    return found


def _covered_words(owner: Array, place: Array, ngram: int) -> tuple[Array, Array]:
    """Return the distinct owners of n-grams, in order, and how many words their n-grams cover."""
    order = np.lexsort((place, owner))
    owner, place = owner[order], place[order]
    del order
    last = np.append(owner[1:] != owner[:-1], np.ones(min(len(owner), 1), bool))
    words_ahead = np.where(last, ngram, np.minimum(np.diff(place, append=0), ngram))
    ends = np.flatnonzero(last)
    totals = np.cumsum(words_ahead, dtype=np.int64)[ends]
    return owner[ends], np.diff(totals, prepend=0)
