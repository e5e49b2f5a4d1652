"""The most similar partners of each row, selected from very many pairs."""

from __future__ import annotations

import numpy as np

from dslint_packs.duplicates.hashing import Array

PARTNERS = 16
"""Maximum number of earlier rows that one row is compared with: those that look most similar."""
HALF, LOW = 32, 0xFFFFFFFF
_PRUNE_AT = 1 << 22


class BestPartners:
    """Keeps, of many pairs that may repeat, the PARTNERS most similar earlier rows of each row.

    A pair is one number: the later row, then the earlier one, 32 bits each.
    """

    def __init__(self) -> None:
        self._codes, self._similarity, self._pending = [np.zeros(0, np.uint64)], [np.zeros(0)], 0

    def add(self, codes: Array, similarity: Array) -> None:
        """Add pairs with their similarities."""
        self._codes.append(codes)
        self._similarity.append(similarity.astype(np.float32))
        self._pending += len(codes)
        if self._pending > _PRUNE_AT:
            self._prune()

    def pairs(self) -> tuple[Array, Array]:
        """Return the kept pairs in order, as columns (earlier, later), and their similarities."""
        self._prune()
        code = self._codes[0]
        return np.stack([code & LOW, code >> HALF], axis=1).astype(np.int64), self._similarity[0]

    def _prune(self) -> None:
        code, positions = np.unique(np.concatenate(self._codes), return_index=True)
        similarity = np.concatenate(self._similarity)[positions]
        later = code >> HALF
        order = np.lexsort((code, -similarity, later))
        rank = np.arange(len(code)) - np.searchsorted(later, later)
        kept = np.sort(order[rank < PARTNERS])
        self._codes, self._similarity, self._pending = [code[kept]], [similarity[kept]], 0
