"""bias/counterfactual-gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from dslint.plugin import (
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Hit,
    Measure,
    Meta,
    Severity,
    Source,
    State,
    sameness,
)
from dslint_packs.bias.groups import axis_of, matcher


@dataclass(frozen=True)
class CounterfactualGap(DatasetRule):
    """Records that ask the same of another group, and get another label or a much longer or shorter answer.

    Why: if the same request is answered at length for one group and curtly for another, the model learns to make that difference.

    Mentions of groups are masked by their axis. Records whose prompts are then the same, but that named different groups, are compared: their
    labels,
    if there is a label column, else the length of their answers in words. The first of such records, in the order of splits and content, is what the
    others are compared with.

    Measured: nothing labelled exists for it. In CLINC150 (15,000 training utterances) it has no finding.

    Blind spots: prompts that differ in anything but the mention; answers of equal length that differ in tone; groups that the lexicon does not
    know.

    Options: `ratio`, how many times longer one answer must be; `words`, the fewest words that the longer answer must have.

    Flags::

        {"text": "She is a terrible driver.", "label": "toxic"}
        {"text": "He is a terrible driver.", "label": "fine"}

    Passes::

        {"text": "She is a terrible driver.", "label": "toxic"}
        {"text": "He is a terrible driver.", "label": "toxic"}

    Cure: give both the same answer or label, unless the difference is meant.
    """

    name = "counterfactual-gap"
    severity = Severity.INFO
    default = False
    languages = ("en",)
    takes = ("group",)
    state = {"asked": "binary[16]", "groups": "string", "label": "string", "words": "int64"}  # noqa: RUF012 - a declaration, never changed
    key = "asked"

    ratio: Annotated[float, Meta(gt=1)] = 3.0
    words: Annotated[int, Meta(ge=1)] = 30

    def observe(self, batch: Batch) -> Columns:
        """Return for each record with a mention what it asks, with groups masked; which groups; its label; and how long its answer is."""
        known = matcher(self.resources, "group")
        columns: dict[str, list[Any]] = {name: [] for name in ("record", *self.state)}
        texts = batch.texts(("all",))
        answers = {(position, item.field) for position, item in _items(batch, ("target",))}
        labels = batch.column("label")
        hits = {
            number: found
            for number, found in known.search(batch, ("all",))
            if texts.items[number].role != "metadata"
        }
        for position in sorted({texts.positions[number] for number in hits}):
            label = None if labels[position] is None else str(labels[position])
            asked, named, length = [], set[str](), 0
            for number, item in _of_record(batch, position):
                if label is None and (position, item.field) in answers:
                    length += len(item.text.split())
                    continue
                masked, groups = _masked(item.text, hits.get(number, ()))
                asked.append((item.role, masked))
                named.update(groups)
            if named:
                row = (position, sameness(asked), " ".join(sorted(named)), label, length)
                for name, value in zip(columns, row, strict=True):
                    columns[name].append(value)
        return columns

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that asks the same of other groups than the first one, with another outcome."""
        del source
        for _, group in state.groups(at_least=2):
            first, *others = sorted(group)
            for member in others:
                if member.groups == first.groups:
                    continue
                longer, shorter = (
                    max(first.words, member.words),
                    max(1, min(first.words, member.words)),
                )
                if member.label != first.label:
                    message = "the same text about another group has another label"
                elif longer >= self.words and longer >= self.ratio * shorter:
                    message = f"the same request about another group has an answer of {first.words} words, this one of {member.words}"
                else:
                    continue
                yield self.finding(
                    state.at(member),
                    message,
                    related=[state.at(first)],
                    score=round(1 - shorter / max(longer, shorter, 2), 6),
                )


def _items(batch: Batch, roles: Sequence[str]) -> Iterable[tuple[int, Any]]:
    texts = batch.texts(roles)
    return zip(texts.positions, texts.items, strict=True)


def _of_record(batch: Batch, position: int) -> list[tuple[int, Any]]:
    """Return the texts of a record, without metadata, with their numbers in the batch."""
    found: dict[int, list[tuple[int, Any]]] = batch.cached("texts by record", _by_record)
    return found.get(position, [])


def _by_record(batch: Batch) -> dict[int, list[tuple[int, Any]]]:
    found: dict[int, list[tuple[int, Any]]] = {}
    for number, (position, item) in enumerate(_items(batch, ("all",))):
        if item.role != "metadata":
            found.setdefault(position, []).append((number, item))
    return found


def _masked(text: str, hits: Sequence[Hit]) -> tuple[str, set[str]]:
    """Return a text with each mention of a group replaced by its axis, folded, and the groups."""
    parts, end = [], 0
    for hit in hits:
        if hit.start < end:
            continue
        parts += [text[end : hit.start], f"<{axis_of(hit.entry.category)}>"]
        end = hit.end
    return "".join([*parts, text[end:]]).casefold(), {hit.entry.category for hit in hits}
