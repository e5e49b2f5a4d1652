"""What the rules of this plugin compare: the normalised texts of records, made once for all of them."""

from __future__ import annotations

from dslint.plugin import Batch, Text, digest
from dslint_duplicates.normalize import normalize

Said = list[tuple[str | None, str]]
"""The texts of a record: (role, normalised text)."""


def texts_of(batch: Batch) -> list[list[Text]]:
    """Return the texts of each record; all its strings where it does not fit its shape."""
    return [found if not problems else batch.texts_at(position, ("all",)) for position, (found, problems) in enumerate(batch.parsed)]


def said(batch: Batch) -> list[Said]:
    """Return for each record its texts, normalised; in the order of `texts_of`, and made once for all rules."""
    return batch.per_record("dslint_duplicates.said", _said)


def _said(batch: Batch) -> list[Said]:
    return [[(text.role, normalize(text.text)) for text in found] for found in texts_of(batch)]


def normal_digest(texts: Said, *more: object) -> bytes | None:
    """Return the digest of normalised texts with their roles, and of what else is to be equal; None if nothing is left of the texts."""
    for _, normal in texts:
        if normal:
            return digest((texts, more))
    return None
