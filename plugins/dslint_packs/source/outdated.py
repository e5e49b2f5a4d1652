"""source/outdated."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dslint.plugin import Batch, Confidence, Finding, Hit, LexiconRule, Location, Record, Severity


@dataclass(frozen=True)
class Outdated(LexiconRule):
    """Records older than a given date, and outdated terms.

    Why: a model answers with what it was trained on: last year's prices, the former name of a
    product, a law that has been repealed.

    A record is too old if its `created` column (`--column created=FIELD`: a date such as
    2025-06-30, with or without a time, or seconds since 1970) is before `oldest`. Terms come
    from your own lexicons; an entry's `replacement` is the current term, and the finding
    suggests it.

    Blind spots: outdated content without a date or a listed term; dates inside texts.

    Options: `oldest`, a date; `lexicon`, files of outdated terms (CSV, TOML or JSON: term,
    replacement); `allow`, phrases that are accepted; `roles`, which texts to search for terms.

    Flags with {"lexicon": [{"entries": [{"term": "Twitter", "replacement": "X"}]}]}::

        {"text": "Follow us on Twitter."}

    Passes with {"lexicon": [{"entries": [{"term": "Twitter", "replacement": "X"}]}]}::

        {"text": "Follow us on X."}

    Cure: update the record or remove it.
    """

    name = "outdated"
    severity = Severity.INFO
    needs_options = ("lexicon|oldest",)

    oldest: datetime.date | None = None

    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return a finding that suggests the current term."""
        del text, target
        return self.finding(
            at,
            "an outdated term",
            severity=hit.entry.grade,
            suggestion=hit.entry.replacement or None,
        )

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding if the record is too old, and one for each outdated term."""
        yield from self._check_age(record.at(), record.column("created"))
        yield from super().check(record)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check the dates of a batch, then its texts."""
        if self.oldest is not None and "created" in batch.input.columns:
            for position, created in enumerate(batch.column("created")):
                yield from self._check_age(batch.records[position].at(), created)
        yield from super().check_batch(batch)

    def _check_age(self, at: Location, created: Any) -> Iterable[Finding]:
        day = _day(created)
        if self.oldest is not None and day is not None and day < self.oldest:
            yield self.finding(at, f"created before {self.oldest}", confidence=Confidence.HIGH)


def _day(created: Any) -> datetime.date | None:
    """Return the UTC date that a column value stands for, or None if it is not a date."""
    try:
        if isinstance(created, str):
            return datetime.date.fromisoformat(created.strip()[:10])
        if isinstance(created, (int, float)) and not isinstance(created, bool):
            seconds = created / 1000 if abs(created) > 10**11 else created
            return datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
    return (
        created.date()
        if isinstance(created, datetime.datetime)
        else created
        if isinstance(created, datetime.date)
        else None
    )
