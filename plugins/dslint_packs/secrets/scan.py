"""One scan for all rules: the secrets in many texts at once, with their verdicts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from dslint.plugin import (
    HIDDEN,
    Batch,
    Confidence,
    Part,
    Record,
    SecretSpan,
    Severity,
    Text,
    disjoint,
    find_secrets,
)
from dslint_packs.secrets.assignments import find_assigned, find_in_field, names_secret
from dslint_packs.secrets.plausibility import assess

BETWEEN = "\0"
"""Separates texts that are searched as one; no pattern matches across it."""


class Secret(NamedTuple):
    """A secret in the text with index `number`; `severity` is None for that of the rule."""

    number: int
    start: int
    end: int
    family: str
    name: str
    prefix: str
    severity: Severity | None
    confidence: Confidence


def scan(texts: Sequence[str], fields: Sequence[str]) -> list[Secret]:
    """Return the secrets in texts, in order.

    `fields` are the JSON pointers of the texts: a name in them may say that the text is a secret.
    """
    joined = BETWEEN.join(texts)
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    found: list[Secret] = []
    for span in disjoint([*find_secrets(joined), *find_assigned(joined)]):
        number = bisect_right(starts, span.start) - 1
        found.extend(_secrets(number, starts[number], span, joined))
    names = {field: names_secret(field) for field in set(fields)}
    named = {number for number, field in enumerate(fields) if names[field]} - {
        secret.number for secret in found
    }
    for number in named:
        if span_of_text := find_in_field(fields[number], texts[number]):
            found.extend(_secrets(number, 0, span_of_text, texts[number]))
    return sorted(found)


def _secrets(number: int, offset: int, span: SecretSpan, text: str) -> Iterable[Secret]:
    user = (
        text[text.rfind("//", 0, span.start) + 2 : span.start - 1]
        if "://" in span.kind.starts
        else ""
    )
    verdict = assess(span, text[span.start : span.end], user)
    if verdict is not None:
        yield Secret(
            number,
            span.start - offset,
            span.end - offset,
            span.kind.family,
            span.kind.name,
            span.prefix,
            *verdict,
        )


def secrets_of(record: Record, roles: Sequence[str]) -> list[Secret]:
    """Return the secrets of a record.

    Their numbers count its texts in the given roles and the hidden ones.
    """
    parts = record.texts((*roles, HIDDEN))
    return scan([part.text for part in parts], [_field_of(part) for part in parts])


def secrets_in(batch: Batch, roles: Sequence[str]) -> list[Secret]:
    """Return the secrets of a batch, found once for all rules with the same roles.

    Their numbers count `batch.texts((*roles, HIDDEN))`.
    """
    texts = batch.texts((*roles, HIDDEN))
    return batch.cached(
        ("secrets", *roles), lambda _: scan(texts.strings, list(map(_field_of, texts.items)))
    )


def _field_of(text: Part | Text) -> str:
    """Return the pointer whose name may say what the text is; none for the name of a field."""
    return "" if text.role == "key" else text.field
