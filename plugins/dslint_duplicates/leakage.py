"""duplicates/leakage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from dslint.plugin import Batch, Columns, DatasetRule, Finding, Measure, Severity, Source, State, digest
from dslint_duplicates.texts import Said, normal_digest, said, texts_of

_ORDER = {"train": 0, "validation": 1, "valid": 1, "val": 1, "dev": 1, "test": 2}
ENOUGH_WORDS = 5
"""Shorter texts repeat by chance: "thank you" in two splits is no leak."""


@dataclass(frozen=True)
class Leakage(DatasetRule):
    """Records of one split that appear in another.

    Why: a model that was trained on its test set has learnt the answers by heart; every score on that test is worth nothing.

    The texts of a record are compared with those of all other splits; its label and metadata do not count. The finding stands at the record
    of the later split (train comes first, test last) and names its partner in the earlier one. Texts of fewer than five words are an info:
    they repeat by chance. The measure `overlap[train>test]` counts the records of test that are in train, for each pair of splits.

    Measured: between CLINC150's train and test (15,000 and 4,500) 2 texts to the letter (one error, one info), as a plain comparison finds; 19
    with `normalized` (four errors, fifteen infos of fewer than five words), all true.

    Blind spots: paraphrases, translations, and texts with a word changed.

    Options: `level`: `exact`, to the letter, or `normalized`, but for case, space and punctuation (it includes `exact`).

    Flags::

        # split: train
        {"text": "How do I reset my password today?", "label": "password"}
        # split: test
        {"text": "how do I reset my password today", "label": "password"}

    Passes::

        # split: train
        {"text": "How do I reset my password today?", "label": "password"}
        # split: test
        {"text": "How do I change my address today?", "label": "address"}

    Cure: take the record out of the earlier split, or out of both.
    """

    name = "leakage"
    severity = Severity.ERROR
    needs_columns = ("split",)
    sees = "all"
    state = {"exact": "binary[16]", "normal": "binary[16]", "split": "string", "words": "int32"}  # noqa: RUF012 - a declaration, never changed
    key = "normal"
    measures = {"overlap": "records of the later split that are in the earlier one, as overlap[train>test]"}  # noqa: RUF012

    level: Literal["exact", "normalized"] = "normalized"

    def observe(self, batch: Batch) -> Columns:
        """Return the digests of each record's texts, its split, and how many words it has."""
        texts = said(batch)
        exact = [digest([(text.role, text.text) for text in found]) for found in texts_of(batch)]
        normal = [normal_digest(found) for found in texts]
        splits = [None if split is None else str(split) for split in batch.column("split")]
        return {"exact": exact, "normal": normal, "split": splits, "words": [_words(found) for found in texts]}

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that an earlier split has too, and what the pairs of splits share."""
        del source
        for _, group in state.groups("normal", at_least=2):
            if self.level == "normalized":
                yield from self._within(list(group), state)
                continue
            same: dict[bytes, list[Any]] = {}
            for member in group:
                same.setdefault(member.exact, []).append(member)
            for part in same.values():
                yield from self._within(part, state)

    def _within(self, group: list[Any], state: State) -> Iterable[Finding | Measure]:
        members = sorted((_ORDER.get(member.split, 3), member.split, member) for member in group if member.split is not None)
        sizes = Counter(split for _, split, _ in members)
        if len(sizes) < 2:
            return
        splits = list(dict.fromkeys(split for _, split, _ in members))
        for number, later in enumerate(splits):
            for earlier in splits[:number]:
                yield Measure(f"overlap[{earlier}>{later}]", sizes[later])
        _, home, first = members[0]
        before = state.at(first)
        for _, split, member in members:
            if split == home:
                continue
            how = "to the letter" if member.exact == first.exact else "but for case, space or punctuation"
            severity = Severity.ERROR if member.words >= ENOUGH_WORDS else Severity.INFO
            where = f"in {home}" if home in _ORDER or state.input(first).split == home else "in an earlier split"
            message = f"also {where}, {how}: {before.path} line {before.line}"
            yield self.finding(state.at(member), message, severity=severity, related=[before], score=1.0)


def _words(texts: Said) -> int:
    """Count words; a text in a script without spaces counts as one word for every two characters."""
    return sum(max(len(normal.split()), 0 if normal.isascii() else len(normal) // 2) for _, normal in texts)
