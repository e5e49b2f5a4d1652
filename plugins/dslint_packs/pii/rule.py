"""The base class of the rules on personal data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from typing import Annotated, ClassVar

from dslint.plugin import (
    HIDDEN,
    Batch,
    Confidence,
    Finding,
    Location,
    Meta,
    Record,
    RecordRule,
    Severity,
    selected,
)
from dslint_packs.pii.reserved import RESERVED
from dslint_packs.pii.scan import THRESHOLD, Hit, everyday, everyday_by_kind

Score = Annotated[float, Meta(ge=0, le=1)]


def confidence(score: float) -> Confidence:
    """Return the confidence for a presidio score."""
    return (
        Confidence.HIGH if score >= 0.8 else Confidence.MEDIUM if score >= 0.5 else Confidence.LOW
    )


@dataclass(frozen=True)
class PersonalData(RecordRule):
    """A rule on one kind of personal data.

    `entity` is presidio's name of the kind, `noun` the one in messages. If `error_if_sure`, a
    finding of high confidence is an error.
    """

    sees = "all"
    sensitive = True
    requires = ("presidio_analyzer", "re2")
    extra = "pii"
    entity: ClassVar[str] = ""
    noun: ClassVar[str] = ""
    error_if_sure: ClassVar[bool] = False

    roles: tuple[str, ...] = ("all",)
    threshold: Score = THRESHOLD
    allow: tuple[str, ...] = ()

    def hits(self, texts: Sequence[str]) -> Iterable[Hit]:
        """Return the hits in some texts, possibly of other kinds too."""
        return everyday(texts)

    def hits_of(self, batch: Batch) -> Iterable[Hit]:
        """Return the hits in a batch; results that several rules need are computed once."""
        return everyday_by_kind(batch).get(self.entity, ())

    def matches(self, hit: Hit) -> bool:
        """Return whether the hit is of the rule's kind."""
        return hit.kind == self.entity

    def describe(self, hit: Hit) -> str:
        """Return the noun for the hit in a message."""
        del hit
        return self.noun

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each value."""
        parts = record.texts((*self.roles, HIDDEN))
        texts = [part.text for part in parts]
        for hit in filter(self._is_reported, self.hits(texts)):
            yield from self._findings(
                hit, texts[hit.number], parts[hit.number].at(hit.start, hit.end)
            )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check the batch in one pass that is shared with the other rules of this plugin."""
        texts = batch.texts(("all", HIDDEN))
        for hit in filter(self._is_reported, self.hits_of(batch)):
            text = texts.items[hit.number]
            if selected(text, self.roles):
                yield from self._findings(hit, text.text, texts.at(hit.number, hit.start, hit.end))

    @cached_property
    def _allow(self) -> re.Pattern[str]:
        return re.compile("|".join(translate(_normalized(value)) for value in self.allow))

    def _is_reported(self, hit: Hit) -> bool:
        return self.matches(hit) and hit.score >= self.threshold

    def _findings(self, hit: Hit, text: str, at: Location) -> Iterable[Finding]:
        value = text[hit.start : hit.end]
        if self.allow and self._allow.fullmatch(_normalized(value)):
            return
        level = confidence(hit.score)
        is_reserved = RESERVED.get(hit.kind)
        if is_reserved and is_reserved(value):
            yield self.finding(
                at,
                f"{self.describe(hit)} that is reserved or made up",
                severity=Severity.INFO,
                confidence=level,
                score=hit.score,
            )
        else:
            severity = Severity.ERROR if self.error_if_sure and level is Confidence.HIGH else None
            yield self.finding(
                at, self.describe(hit), severity=severity, confidence=level, score=hit.score
            )


def _normalized(value: str) -> str:
    return value.lower().replace(" ", "").replace("-", "")
