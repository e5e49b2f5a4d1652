"""duplicates/conflicting-answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dslint.plugin import (
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Measure,
    Severity,
    Source,
    State,
    Text,
    secure_digest,
)
from dslint_packs.duplicates.normalized_texts import (
    NormalizedTexts,
    normal_digest,
    normalized_texts,
    prompt_of,
    texts_of,
)

_PREFERRED, _REJECTED = secure_digest("preferred"), secure_digest("rejected")


@dataclass(frozen=True)
class ConflictingAnswer(DatasetRule):
    """Same prompt with different answers, or same text with different labels.

    Why: if two records contradict each other, at least one is wrong; in classification this is
    label noise that can be seen without a model.

    Prompts and texts are compared after normalization, as in duplicates/normalized. In a
    conversation the prompt is everything before the last answer, and the tools that the record
    declares. The severity is warning in classification and info elsewhere: a question may have
    several good answers. Preference and KTO data have several answers by design; there the rule
    flags an answer that is both preferred and rejected for the same prompt.

    Measured: in CLINC150 (train and test) 2 findings, both a text with two intents. 7 in
    LLaMA-Factory's identity, v1_sft and glaive_toolcall demos: true, and harmless, since each of
    these prompts has several good answers; 154 of the same kind in GPTeacher's Toolformer set.

    Blind spots: whether the answers contradict each other is not judged; rephrased prompts are
    not matched.

    Flags::

        {"text": "Where is my card?", "label": "delivery"}
        {"text": "where is my card", "label": "lost"}

    Flags::

        {"prompt": "Are you open?", "completion": "Yes, until six."}
        {"prompt": "Are you open?", "completion": "No, come back tomorrow."}

    Passes::

        {"text": "Where is my card?", "label": "delivery"}
        {"text": "I lost my card.", "label": "lost"}

    Cure: decide which of them is right.
    """

    name = "conflicting-answer"
    severity = Severity.INFO
    needs_roles = ("assistant", "text")
    state = {"prompt": "binary[16]", "answer": "binary[16]", "labelled": "bool"}  # noqa: RUF012
    key = "prompt"

    def observe(self, batch: Batch) -> Columns:
        """Return digests of prompt and answer.

        There is one row for each record, two for a pair of preferred and rejected answers.
        """
        has_verdicts = "rejected" in batch.shape.roles
        records = enumerate(
            zip(texts_of(batch), normalized_texts(batch), batch.column("label"), strict=True)
        )
        rows = [
            (position, *claim)
            for position, (texts, normal, label) in records
            for claim in _claims_with_tools(
                texts, normal, label, _tools(batch.values[position]), has_verdicts=has_verdicts
            )
        ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
        return dict(zip(("record", "prompt", "answer", "labelled"), columns, strict=True))

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record whose answer differs from the first of its group."""
        del source
        for _, group in state.groups("prompt", at_least=2):
            first = group[0]
            before = state.at(first)
            for member in islice(group, 1, None):
                if member.answer == first.answer:
                    continue
                what = (
                    "text has a different label"
                    if member.labelled
                    else "prompt has a different answer"
                )
                if {member.answer, first.answer} == {_PREFERRED, _REJECTED}:
                    what = "answer is both preferred and rejected"
                yield self.finding(
                    state.at(member),
                    f"the same {what}: {before.place}",
                    severity=Severity.WARNING if member.labelled else Severity.INFO,
                    related=[before],
                )


Claim = tuple[bytes, bytes, bool]


def _tools(value: Any) -> tuple[Any, ...]:
    """Return the tools that a record declares: different tools justify a different answer."""
    return (
        tuple(value[name] for name in ("tools", "functions") if value.get(name))
        if type(value) is dict
        else ()
    )


def _claims_with_tools(
    texts: list[Text],
    normal: NormalizedTexts,
    label: object,
    tools: tuple[Any, ...],
    *,
    has_verdicts: bool,
) -> Iterator[Claim]:
    for prompt, answer, labelled in (
        _preference_claims(texts, normal) if has_verdicts else _answer_claims(texts, normal, label)
    ):
        yield secure_digest((prompt.hex(), tools)) if tools else prompt, answer, labelled


def _preference_claims(texts: list[Text], normal: NormalizedTexts) -> Iterator[Claim]:
    """Yield a claim for the preferred and one for the rejected answer of a record.

    Such a claim has prompt and answer together in place of the prompt, and the verdict as
    answer.
    """
    prompt = normal_digest(
        [
            item
            for text, item in zip(texts, normal, strict=True)
            if not text.target and text.role != "rejected"
        ]
    )
    preferred = [answer for text, (_, answer) in zip(texts, normal, strict=True) if text.target]
    rejected = [answer for role, answer in normal if role == "rejected"]
    for verdict, answers in ((_PREFERRED, preferred), (_REJECTED, rejected)):
        if prompt is not None and answers and answers[-1]:
            yield secure_digest((prompt.hex(), answers[-1])), verdict, False


def _answer_claims(texts: list[Text], normal: NormalizedTexts, label: object) -> Iterator[Claim]:
    """Yield what a record claims: prompt, answer, and whether the answer is a label."""
    if label is not None and len(texts) == 1:
        prompt, answer = normal_digest(normal), label
    else:
        before = prompt_of(texts, normal)
        prompt, answer = normal_digest(before), normal[len(before)][1] if before else None
    if prompt is not None:
        yield prompt, secure_digest(answer), label is not None and len(texts) == 1
