"""source/outdated."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dslint.plugin import Batch, Confidence, Finding, Hit, LexiconRule, Location, Record, Severity


@dataclass(frozen=True)
class Outdated(LexiconRule):
    """Records that are older than they may be, and terms that have been replaced.

    Why: a model answers with what it was trained on: last year's prices, a product by its former name, a law that was repealed.

    A record is too old if its `created` column (`--column created=FIELD`: a date as 2025-06-30, with or without a time, or seconds since 1970) lies
    before `oldest`. Terms come from your own lexicons, with the current term as their `replacement`; the finding suggests it.

    Blind spots: what is out of date without a date or a term that says so; dates inside of texts.

    Options: `oldest`, a date; `lexicon`, files of outdated terms (CSV, TOML or JSON: term, replacement); `allow`, phrases that are fine; `roles`.

    Flags with {"lexicon": [{"entries": [{"term": "Twitter", "replacement": "X", "cased": true}]}]}::

        {"text": "Follow us on Twitter."}

    Passes with {"lexicon": [{"entries": [{"term": "Twitter", "replacement": "X", "cased": true}]}]}::

        {"text": "Follow us on X."}

    Cure: bring the record up to date, or take it out.
    """

    name = "outdated"
    severity = Severity.INFO
    needs_options = ("lexicon|oldest",)

    oldest: datetime.date | None = None

    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return a finding with the current term."""
        del text, target
        return self.finding(
            at,
            "a term that is out of date",
            severity=hit.entry.grade,
            suggestion=hit.entry.replacement or None,
        )

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for a record that is too old, and for each outdated term."""
        yield from self._aged(record.at(), record.column("created"))
        yield from super().check(record)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Look at the dates of a batch, then at its texts."""
        if self.oldest is not None and "created" in batch.input.columns:
            for position, created in enumerate(batch.column("created")):
                yield from self._aged(batch.records[position].at(), created)
        yield from super().check_batch(batch)

    def _aged(self, at: Location, created: Any) -> Iterable[Finding]:
        day = _day(created)
        if self.oldest is not None and day is not None and day < self.oldest:
            yield self.finding(at, f"created before {self.oldest}", confidence=Confidence.HIGH)


def _day(created: Any) -> datetime.date | None:
    """Return the day that a value of a column means, in UTC; None where it means none."""
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
