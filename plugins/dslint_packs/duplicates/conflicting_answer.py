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
    sameness,
)
from dslint_packs.duplicates.normalized_texts import Said, asked, normal_digest, said, texts_of

_PREFERRED, _REJECTED = sameness("preferred"), sameness("rejected")


@dataclass(frozen=True)
class ConflictingAnswer(DatasetRule):
    """The same prompt with another answer, or the same text with another label.

    Why: of two records that contradict each other at least one is wrong; in classification it is label noise that can be seen without a model.

    Prompts and texts are compared normalised, as duplicates/normalized does. In a conversation the prompt is all that comes before the last answer,
    with the tools that the record declares.
    A warning in classification, an info elsewhere: a question may have several good answers. In preference and KTO data several answers are
    the point; there the same answer to the same prompt must be both preferred and rejected.

    Measured: in CLINC150 (train and test) 2 findings, both a text with two intents. 7 in LLaMA-Factory's identity, v1_sft and glaive_toolcall demos:
    true, and harmless, for each prompt has several good answers; 154 of the same kind in GPTeacher's Toolformer set.

    Blind spots: whether the answers contradict each other is not judged; nor are prompts in other words.

    Flags::

        {"text": "Where is my card?", "label": "delivery"}
        {"text": "where is my card", "label": "lost"}

    Flags::

        {"messages": [{"role": "user", "content": "Are you open?"}, {"role": "assistant", "content": "Yes, until six."}]}
        {"messages": [{"role": "user", "content": "Are you open?"}, {"role": "assistant", "content": "No, come back tomorrow."}]}

    Passes::

        {"text": "Where is my card?", "label": "delivery"}
        {"text": "I lost my card.", "label": "lost"}

    Cure: decide which of them is right.
    """

    name = "conflicting-answer"
    severity = Severity.INFO
    needs_roles = ("assistant", "text")
    state = {"prompt": "binary[16]", "answer": "binary[16]", "labelled": "bool"}  # noqa: RUF012 - a declaration, never changed
    key = "prompt"

    def observe(self, batch: Batch) -> Columns:
        """Return (prompt, answer) digests: one row for each record, two for a pair of preferred and rejected answers."""
        judged = "rejected" in batch.shape.roles
        records = enumerate(zip(texts_of(batch), said(batch), batch.column("label"), strict=True))
        rows = [
            (position, *claim)
            for position, (texts, normal, label) in records
            for claim in _claimed(
                texts, normal, label, _tools(batch.values[position]), judged=judged
            )
        ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
        return dict(zip(("record", "prompt", "answer", "labelled"), columns, strict=True))

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that says something else than the first of its group."""
        del source
        for _, group in state.groups("prompt", at_least=2):
            first = group[0]
            before = state.at(first)
            for member in islice(group, 1, None):
                if member.answer == first.answer:
                    continue
                what = "text has another label" if member.labelled else "prompt has another answer"
                if {member.answer, first.answer} == {_PREFERRED, _REJECTED}:
                    what = "answer is preferred and rejected"
                yield self.finding(
                    state.at(member),
                    f"the same {what}: {before.place}",
                    severity=Severity.WARNING if member.labelled else Severity.INFO,
                    related=[before],
                )


Claim = tuple[bytes, bytes, bool]


def _tools(value: Any) -> tuple[Any, ...]:
    """Return the tools that a record declares: with other tools another answer is right."""
    return (
        tuple(value[name] for name in ("tools", "functions") if value.get(name))
        if type(value) is dict
        else ()
    )


def _claimed(
    texts: list[Text], normal: Said, label: object, tools: tuple[Any, ...], *, judged: bool
) -> Iterator[Claim]:
    for prompt, answer, labelled in (
        _verdicts(texts, normal) if judged else _claims(texts, normal, label)
    ):
        yield sameness((prompt.hex(), tools)) if tools else prompt, answer, labelled


def _verdicts(texts: list[Text], normal: Said) -> Iterator[Claim]:
    """Yield for the preferred and the rejected answer of a record: prompt and answer together, and the verdict."""
    prompt = normal_digest(
        [
            said
            for text, said in zip(texts, normal, strict=True)
            if not text.target and text.role != "rejected"
        ]
    )
    preferred = [said for text, (_, said) in zip(texts, normal, strict=True) if text.target]
    rejected = [said for role, said in normal if role == "rejected"]
    for verdict, answers in ((_PREFERRED, preferred), (_REJECTED, rejected)):
        if prompt is not None and answers and answers[-1]:
            yield sameness((prompt.hex(), answers[-1])), verdict, False


def _claims(texts: list[Text], normal: Said, label: object) -> Iterator[Claim]:
    """Yield what a record claims: prompt, answer, and whether the answer is a label."""
    if label is not None and len(texts) == 1:
        prompt, answer = normal_digest(normal), label
    else:
        before = asked(texts, normal)
        prompt, answer = normal_digest(before), normal[len(before)][1] if before else None
    if prompt is not None:
        yield prompt, sameness(answer), label is not None and len(texts) == 1
