"""duplicates/conflicting-answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dslint.plugin import Batch, Columns, DatasetRule, Finding, Measure, Severity, Source, State, digest
from dslint_duplicates.texts import Said, normal_digest, said

_PREFERRED, _REJECTED = digest("preferred"), digest("rejected")


@dataclass(frozen=True)
class ConflictingAnswer(DatasetRule):
    """The same prompt with another answer, or the same text with another label.

    Why: of two records that contradict each other at least one is wrong; in classification it is label noise that can be seen without a model.

    Prompts and texts are compared normalised, as duplicates/normalized does. In a conversation the prompt is all that comes before the last answer.
    A warning in classification, an info elsewhere: a question may have several good answers. In preference and KTO data several answers are
    the point; there the same answer to the same prompt must be both preferred and rejected.

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
        records = enumerate(zip(said(batch), batch.column("label"), strict=True))
        rows = [(position, *row) for position, (texts, label) in records for row in (_verdicts(texts) if judged else _claims(texts, label))]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
        return dict(zip(("record", "prompt", "answer", "labelled"), columns, strict=True))

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that says something else than the first of its group."""
        del source
        for _, group in state.groups("prompt", at_least=2):
            first, *others = sorted(group)
            before = state.at(first)
            for member in others:
                if member.answer == first.answer:
                    continue
                what = "text has another label" if member.labelled else "prompt has another answer"
                if {member.answer, first.answer} == {_PREFERRED, _REJECTED}:
                    what = "answer is preferred and rejected"
                yield self.finding(
                    state.at(member),
                    f"the same {what}: {before.path} line {before.line}",
                    severity=Severity.WARNING if member.labelled else Severity.INFO,
                    related=[before],
                )


def _verdicts(texts: list[Said]) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield for the preferred and the rejected answer of a record: prompt and answer together, and the verdict."""
    context = [item for item in texts if not item.text.target and item.text.role != "rejected"]
    for verdict, answers in (
        (_PREFERRED, [item for item in texts if item.text.target]),
        (_REJECTED, [item for item in texts if item.text.role == "rejected"]),
    ):
        if answers and (claim := _answered(context, answers[-1])) is not None:
            yield claim, verdict, False


def _claims(texts: list[Said], label: object) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield what a record claims: prompt, answer, and whether the answer is a label."""
    targets = [number for number, item in enumerate(texts) if item.text.target]
    if targets and texts[targets[-1]].text.role == "assistant":
        prompt = normal_digest(texts[: targets[-1]])
        if prompt is not None:
            yield prompt, digest(texts[targets[-1]].normal), False
    elif label is not None and len(texts) == 1 and (prompt := normal_digest(texts)) is not None:
        yield prompt, digest(label), True


def _answered(context: list[Said], answer: Said) -> bytes | None:
    """Return the digest of a prompt and one answer to it, whatever the verdict on it."""
    prompt = normal_digest(context)
    return None if prompt is None or not answer.normal else digest([prompt.hex(), answer.normal])
