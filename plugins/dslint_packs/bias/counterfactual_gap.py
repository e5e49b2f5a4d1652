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
    secure_digest,
)
from dslint_packs.bias.groups import axis_of, matcher


@dataclass(frozen=True)
class CounterfactualGap(DatasetRule):
    """Same request about different groups of people, but a different label or answer length.

    Why: if the same request gets a long answer for one group and a curt one for another, the
    model learns to make that difference.

    Each mention of a group is replaced by its axis. Records whose prompts are then equal, but
    that mentioned different groups, are compared: by their labels if there is a label column,
    else by the length of their answers in words. The first of these records, in the order of
    splits and content, is the one that the others are compared with.

    Measured: there is no labelled data for it. In CLINC150 (15,000 training utterances) it has
    no finding.

    Blind spots: prompts that differ in anything but the mention; answers of equal length that
    differ in tone; groups that are not in the lexicon.

    Options: `ratio`, how many times longer one answer must be; `words`, the minimum number of
    words in the longer answer.

    Flags::

        {"text": "She is a terrible driver.", "label": "toxic"}
        {"text": "He is a terrible driver.", "label": "fine"}

    Passes::

        {"text": "She is a terrible driver.", "label": "toxic"}
        {"text": "He is a terrible driver.", "label": "toxic"}

    Cure: give both the same answer or label, unless the difference is intended.
    """

    name = "counterfactual-gap"
    severity = Severity.INFO
    default = False
    languages = ("en",)
    takes = ("group",)
    state = {  # noqa: RUF012 - a declaration, never changed
        "asked": "binary[16]",
        "groups": "string",
        "label": "string",
        "words": "int64",
    }
    key = "asked"

    ratio: Annotated[float, Meta(gt=1)] = 3.0
    words: Annotated[int, Meta(ge=1)] = 30

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each record that mentions a group.

        Columns: a digest of its prompt with groups masked, the groups, its label, and the length
        of its answer in words.
        """
        group_matcher = matcher(self.resources, "group")
        columns: dict[str, list[Any]] = {name: [] for name in ("record", *self.state)}
        texts = batch.texts(("all",))
        answers = {(position, item.field) for position, item in _items(batch, ("target",))}
        labels = batch.column("label")
        hits = {
            number: found
            for number, found in group_matcher.search(batch, ("all",))
            if texts.items[number].role != "metadata"
        }
        for position in sorted({texts.positions[number] for number in hits}):
            label = None if labels[position] is None else str(labels[position])
            asked, mentioned, length = [], set[str](), 0
            for number, item in _texts_of_record(batch, position):
                if label is None and (position, item.field) in answers:
                    length += len(item.text.split())
                    continue
                masked, groups = _mask_groups(item.text, hits.get(number, ()))
                asked.append((item.role, masked))
                mentioned.update(groups)
            if mentioned:
                row = (position, secure_digest(asked), " ".join(sorted(mentioned)), label, length)
                for name, value in zip(columns, row, strict=True):
                    columns[name].append(value)
        return columns

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record with another outcome than the first one of its prompt."""
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
                    message = "the same text about a different group has a different label"
                elif longer >= self.words and longer >= self.ratio * shorter:
                    message = (
                        "the same request about a different group has an answer of"
                        f" {first.words} words, this one of {member.words}"
                    )
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


def _texts_of_record(batch: Batch, position: int) -> list[tuple[int, Any]]:
    """Return the texts of a record, except metadata, with their numbers in the batch."""
    found: dict[int, list[tuple[int, Any]]] = batch.cached("texts by record", _texts_by_record)
    return found.get(position, [])


def _texts_by_record(batch: Batch) -> dict[int, list[tuple[int, Any]]]:
    found: dict[int, list[tuple[int, Any]]] = {}
    for number, (position, item) in enumerate(_items(batch, ("all",))):
        if item.role != "metadata":
            found.setdefault(position, []).append((number, item))
    return found


def _mask_groups(text: str, hits: Sequence[Hit]) -> tuple[str, set[str]]:
    """Return the case-folded text with mentions replaced by their axis, and the groups."""
    parts, end = [], 0
    for hit in hits:
        if hit.start < end:
            continue
        parts += [text[end : hit.start], f"<{axis_of(hit.entry.category)}>"]
        end = hit.end
    return "".join([*parts, text[end:]]).casefold(), {hit.entry.category for hit in hits}
