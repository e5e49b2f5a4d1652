"""Of very many pairs of rows, those that are worth a closer look."""

from __future__ import annotations

import numpy as np

from dslint_packs.duplicates.hashing import Array

PARTNERS = 16
"""Earlier rows that one row is compared with, at most: those that look most alike."""
HALF, LOW = 32, 0xFFFFFFFF
_MANY = 1 << 22


class Closest:
    """Pairs that come bit by bit, and repeatedly. Of each later row those PARTNERS earlier ones are kept that are most alike.

    A pair is one number: the later row, then the earlier one, 32 bits each.
    """

    def __init__(self) -> None:
        self._codes, self._alike, self._waiting = [np.zeros(0, np.uint64)], [np.zeros(0)], 0

    def add(self, codes: Array, alike: Array) -> None:
        """Take pairs, and how much alike they are."""
        self._codes.append(codes)
        self._alike.append(alike.astype(np.float32))
        self._waiting += len(codes)
        if self._waiting > _MANY:
            self._prune()

    def found(self) -> tuple[Array, Array]:
        """Return the pairs that are kept, in order, as columns earlier and later, and how much alike they are."""
        self._prune()
        code = self._codes[0]
        return np.stack([code & LOW, code >> HALF], axis=1).astype(np.int64), self._alike[0]

    def _prune(self) -> None:
        code, places = np.unique(np.concatenate(self._codes), return_index=True)
        alike = np.concatenate(self._alike)[places]
        later = code >> HALF
        order = np.lexsort((code, -alike, later))
        rank = np.arange(len(code)) - np.searchsorted(later, later)
        kept = np.sort(order[rank < PARTNERS])
        self._codes, self._alike, self._waiting = [code[kept]], [alike[kept]], 0
