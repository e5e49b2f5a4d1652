"""What the rules of this plugin compare: the normalised texts of records, made once for all of them."""

from __future__ import annotations

from typing import NamedTuple

from dslint.plugin import Batch, Text, digest
from dslint_duplicates.normalize import normalize


class Said(NamedTuple):
    """A text of a record and its normalised form."""

    text: Text
    normal: str


def said(batch: Batch) -> list[list[Said]]:
    """Return for each record its texts with their normalised forms; all strings of a record that does not fit its shape."""
    return batch.cached("dslint_duplicates.said", _said)


def _said(batch: Batch) -> list[list[Said]]:
    return [
        [Said(text, normalize(text.text)) for text in (found if not problems else batch.texts_at(position, ("all",)))]
        for position, (found, problems) in enumerate(batch.parsed)
    ]


def normal_digest(texts: list[Said], *more: object) -> bytes | None:
    """Return the digest of normalised texts with their roles, and of what else is to be equal; None if nothing is left of the texts."""
    parts = [(text.role, normal) for text, normal in texts]
    return digest([parts, more]) if any(normal for _, normal in parts) else None
