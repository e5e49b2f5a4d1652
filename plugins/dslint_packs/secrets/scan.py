"""One scan for all rules: the secrets in many texts at once, judged."""

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
from dslint_packs.secrets.assignments import find_named, named_field, says_secret
from dslint_packs.secrets.plausibility import judged

BETWEEN = "\0"
"""Stands between texts that are searched as one; no pattern goes across it."""


class Secret(NamedTuple):
    """A secret in the text of this number, with what its finding says of it; `severity` None for as the rule says."""

    number: int
    start: int
    end: int
    family: str
    name: str
    prefix: str
    severity: Severity | None
    confidence: Confidence


def scan(texts: Sequence[str], fields: Sequence[str]) -> list[Secret]:
    """Return the secrets in texts, in order; `fields` are the JSON pointers of the texts, whose names may say what they hold."""
    whole = BETWEEN.join(texts)
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    found: list[Secret] = []
    for span in disjoint([*find_secrets(whole), *find_named(whole)]):
        number = bisect_right(starts, span.start) - 1
        found.extend(_secrets(number, starts[number], span, whole))
    says = {field: says_secret(field) for field in set(fields)}
    named = {number for number, field in enumerate(fields) if says[field]} - {
        secret.number for secret in found
    }
    for number in named:
        if span_of_text := named_field(fields[number], texts[number]):
            found.extend(_secrets(number, 0, span_of_text, texts[number]))
    return sorted(found)


def _secrets(number: int, offset: int, span: SecretSpan, text: str) -> Iterable[Secret]:
    user = (
        text[text.rfind("//", 0, span.start) + 2 : span.start - 1]
        if "://" in span.kind.starts
        else ""
    )
    verdict = judged(span, text[span.start : span.end], user)
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
    """Return the secrets of a record; numbers count its texts in the given roles and the hidden ones."""
    parts = record.texts((*roles, HIDDEN))
    return scan([part.text for part in parts], [_named(part) for part in parts])


def secrets_in(batch: Batch, roles: Sequence[str]) -> list[Secret]:
    """Return the secrets of a batch, found once for all rules that look at the same roles; numbers count `batch.texts((*roles, HIDDEN))`."""
    texts = batch.texts((*roles, HIDDEN))
    return batch.cached(
        ("secrets", *roles), lambda _: scan(texts.strings, list(map(_named, texts.items)))
    )


def _named(text: Part | Text) -> str:
    """Return the field whose name says what the text is; the name itself has none."""
    return "" if text.role == "key" else text.field
