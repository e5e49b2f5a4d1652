"""structure/preference-pair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dslint.plugin import (
    Confidence,
    Finding,
    Part,
    Record,
    RecordRule,
    Severity,
    Turn,
    lookup,
    nfkc,
)

_MARKS = ".,;:!?\"'()‘’“”…"  # noqa: RUF001 - quotation marks of prose


@dataclass(frozen=True)
class PreferencePair(RecordRule):
    """Preference pairs without a preference: both sides are equal, or one is blank.

    Why: equal sides give no gradient but noise, and a blank side teaches the model to stay
    silent, or to say anything rather than that.

    Flags answers that are exactly equal (high confidence), or equal except for case, white
    space, Unicode form and the punctuation around words (medium). Answers that call tools are
    compared exactly. The prompt that both sides may repeat does not count.

    Measured: no false positive in 310 pairs of LLaMA-Factory's dpo_en_demo and v1_dpo_demo.

    Blind spots: answers that differ in one word and mean the same.

    Flags::

        {"prompt": "Capital of France?", "chosen": "Paris.", "rejected": "paris"}
        {"prompt": "Capital of France?", "chosen": "Paris.", "rejected": " "}

    Passes::

        {"prompt": "Capital of France?", "chosen": "Paris.", "rejected": "Lyon."}
        {"prompt": "1 - 2?", "chosen": "-1", "rejected": "1"}

    Cure: remove the pair, or write the missing side.
    """

    name = "preference-pair"
    severity = Severity.ERROR
    needs_roles = ("rejected",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each blank side, else one where the sides are equal."""
        turns = record.turns
        rejected = [turn for turn in turns if turn.role == "rejected"]
        chosen = [turn for turn in turns if turn.target] if rejected else []
        if not chosen:
            return
        blank = [
            side
            for side in (chosen, rejected)
            if all(turn.blank and not turn.calls for turn in side)
        ]
        for side in blank:
            name = "rejected" if side is rejected else "chosen"
            yield self.finding(
                record.at(side[0].field, role=side[0].role), f"the {name} answer is blank"
            )
        if not blank and (confidence := _alike(record, chosen, rejected)) is not None:
            wording = (
                "equals the chosen answer"
                if confidence == Confidence.HIGH
                else "differs from the chosen one only in case, space or punctuation"
            )
            yield self.finding(
                record.at(rejected[0].field, role="rejected"),
                f"the rejected answer {wording}",
                confidence=confidence,
            )


def _alike(record: Record, chosen: Sequence[Turn], rejected: Sequence[Turn]) -> Confidence | None:
    one, other = (
        [lookup(record.value, turn.field) if turn.field else record.value for turn in side]
        for side in (chosen, rejected)
    )
    if one == other:
        return Confidence.HIGH
    if any(turn.calls for turn in (*chosen, *rejected)):
        return None
    good, bad = record.texts(("target",)), record.texts(("rejected",))
    if _texts(good) == _texts(bad):
        return Confidence.HIGH
    return (
        Confidence.MEDIUM
        if len(good) == len(bad)
        and all(_plain(a.text) == _plain(b.text) for a, b in zip(good, bad, strict=True))
        else None
    )


def _texts(parts: Sequence[Part]) -> list[str]:
    return [part.text.strip() for part in parts]


def _plain(text: str) -> list[str]:
    words = (word.strip(_MARKS) for word in nfkc(text).casefold().split())
    return [word for word in words if word]
