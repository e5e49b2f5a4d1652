"""What the rules on personal data have in common."""

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
from dslint_packs.pii.scan import THRESHOLD, Hit, everyday, everyday_of

Score = Annotated[float, Meta(ge=0, le=1)]


def confidence(score: float) -> Confidence:
    """Return the confidence that a score of presidio's stands for."""
    return (
        Confidence.HIGH if score >= 0.8 else Confidence.MEDIUM if score >= 0.5 else Confidence.LOW
    )


@dataclass(frozen=True)
class PersonalData(RecordRule):
    """A rule on one kind of personal data: presidio's `entity`, called `noun` in messages; where it is `grave`, a sure finding is an error."""

    sees = "all"
    sensitive = True
    requires = ("presidio_analyzer", "re2")
    extra = "pii"
    entity: ClassVar[str] = ""
    noun: ClassVar[str] = ""
    grave: ClassVar[bool] = False

    roles: tuple[str, ...] = ("all",)
    threshold: Score = THRESHOLD
    allow: tuple[str, ...] = ()

    def hits(self, texts: Sequence[str]) -> Iterable[Hit]:
        """Return the hits in some texts, perhaps with those of other kinds."""
        return everyday(texts)

    def hits_of(self, batch: Batch) -> Iterable[Hit]:
        """Return the same for all texts of a batch; what several rules need is computed once."""
        return everyday_of(batch)

    def mine(self, hit: Hit) -> bool:
        """Say whether the hit is of the rule's kind."""
        return hit.kind == self.entity

    def named(self, hit: Hit) -> str:
        """Return what a message calls the hit."""
        del hit
        return self.noun

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each value."""
        parts = record.texts((*self.roles, HIDDEN))
        texts = [part.text for part in parts]
        for hit in filter(self._counts, self.hits(texts)):
            yield from self._judged(
                hit, texts[hit.number], parts[hit.number].at(hit.start, hit.end)
            )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Look at all texts of the batch in one pass, shared with the other rules of this plugin."""
        texts = batch.texts(("all", HIDDEN))
        for hit in filter(self._counts, self.hits_of(batch)):
            text = texts.items[hit.number]
            if selected(text, self.roles):
                yield from self._judged(hit, text.text, texts.at(hit.number, hit.start, hit.end))

    @cached_property
    def _allow(self) -> re.Pattern[str]:
        return re.compile("|".join(translate(_plain(value)) for value in self.allow))

    def _counts(self, hit: Hit) -> bool:
        return self.mine(hit) and hit.score >= self.threshold

    def _judged(self, hit: Hit, text: str, at: Location) -> Iterable[Finding]:
        value = text[hit.start : hit.end]
        if self.allow and self._allow.fullmatch(_plain(value)):
            return
        sure = confidence(hit.score)
        is_reserved = RESERVED.get(hit.kind)
        if is_reserved and is_reserved(value):
            yield self.finding(
                at,
                f"{self.named(hit)} that is reserved or made up",
                severity=Severity.INFO,
                confidence=sure,
                score=hit.score,
            )
        else:
            severity = Severity.ERROR if self.grave and sure is Confidence.HIGH else None
            yield self.finding(
                at, self.named(hit), severity=severity, confidence=sure, score=hit.score
            )


def _plain(value: str) -> str:
    return value.lower().replace(" ", "").replace("-", "")
