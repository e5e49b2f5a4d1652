"""duplicates/leakage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Literal

from dslint.plugin import (
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Measure,
    Observer,
    Severity,
    Source,
    State,
    secure_digest,
)
from dslint_packs.duplicates.normalized_texts import (
    NormalizedTexts,
    normal_digest,
    normalized_texts,
    prompt_of,
    texts_of,
)
from dslint_packs.duplicates.similar import Sketches, matches

_ORDER = {"train": 0, "validation": 1, "valid": 1, "val": 1, "dev": 1, "test": 2}
MIN_WORDS = 5
"""Shorter texts repeat by chance: "thank you" in two splits is not a leak."""


@dataclass(frozen=True)
class Splits(Observer):
    """A row for each record, keyed by its normalized texts, and one keyed by its prompt.

    `exact` distinguishes records of equal key: it is a digest of the texts as they are or, in
    the row of a prompt, of all normalized texts.
    """

    sees = "all"
    state = {  # noqa: RUF012 - a declaration, never changed
        "key": "binary[16]",
        "exact": "binary[16]",
        "prompt": "bool",
        "split": "string",
        "words": "int32",
    }

    def observe(self, batch: Batch) -> Columns:
        """Return these rows."""
        rows: list[tuple[int, bytes | None, bytes | None, bool, str | None, int]] = []
        for position, (texts, normal, split) in enumerate(
            zip(texts_of(batch), normalized_texts(batch), batch.column("split"), strict=True)
        ):
            name = None if split is None else str(split)
            record_digest = normal_digest(normal)
            rows.append(
                (
                    position,
                    record_digest,
                    secure_digest([(text.role, text.text) for text in texts]),
                    False,
                    name,
                    _word_count(normal),
                )
            )
            if prompt := prompt_of(texts, normal):
                key = normal_digest(prompt, "prompt")
                rows.append((position, key, record_digest, True, name, _word_count(prompt)))
        columns = [list(column) for column in zip(*rows, strict=True)]
        return dict(zip(("record", *self.state), columns, strict=True))


@dataclass(frozen=True)
class SketchedSplits(Observer):
    """The rows of `Splits`, and those of `Sketches` with their split."""

    sees = "all"
    state = {**Splits.state, **Sketches.state}  # noqa: RUF012 - a declaration, never changed

    sketches: Sketches

    def observe(self, batch: Batch) -> Columns:
        """Return the rows of both; the columns of one are empty in the rows of the other."""
        one, other = dict(Splits().observe(batch)), dict(self.sketches.observe(batch))
        splits = batch.column("split")
        other["split"] = [
            None if splits[position] is None else str(splits[position])
            for position in other["record"]
        ]
        sizes = len(one["record"]), len(other["record"])
        return {
            name: [*one.get(name, [None] * sizes[0]), *other.get(name, [None] * sizes[1])]
            for name in ("record", *self.state)
        }


@dataclass(frozen=True)
class Leakage(DatasetRule):
    """Records that appear in more than one split.

    Why: a model that was trained on its test set knows the answers by heart; every score on that
    test is worthless.

    The texts of a record are compared with those of all other splits; labels and metadata do not
    count. The finding is on the record of the later split (train comes first, test last) and
    names its counterpart in the earlier one. For texts of fewer than five words the severity is
    info: they repeat by chance. A conversation of which only the prompt is in an earlier split,
    with a different answer, is a warning. The measure `overlap[train>test]` counts the records
    of test that are in train; there is one for each pair of splits.

    Measured: between CLINC150's train and test (15,000 and 4,500) 2 identical texts (one error,
    one info), as a plain comparison finds; 19 with `normalized` (four errors, fifteen infos of
    fewer than five words), all true.

    Blind spots: paraphrases and translations; below the level `near` also texts with one changed
    word.

    Options: `level`: `exact`, identical texts; `normalized`, also texts that differ only in
    case, whitespace and punctuation; `near`, also texts that duplicates/near reports with its
    default options (a warning; needs the extra `near`). Each level includes those before it.

    Flags::

        # split: train
        {"text": "How do I reset my password today?", "label": "password"}
        # split: test
        {"text": "how do I reset my password today", "label": "password"}

    Flags with {"level": "near"}::

        # split: train
        {"text": "How do I reset the password of my account if I lost my phone?", "label": "login"}
        # split: test
        {"text": "How do I reset the password of my account if I lost my phones?", "label": "login"}

    Flags::

        # split: train
        {"prompt": "How old is the oldest tree here?", "completion": "300 years."}
        # split: test
        {"prompt": "How old is the oldest tree here?", "completion": "Nobody knows."}

    Passes::

        # split: train
        {"text": "How do I reset my password today?", "label": "password"}
        # split: test
        {"text": "How do I change my address today?", "label": "address"}

    Cure: remove the record from the earlier split, or from both.
    """

    name = "leakage"
    severity = Severity.ERROR
    needs_columns = ("split",)
    sees = "all"
    measures = {  # noqa: RUF012 - a declaration, never changed
        "overlap": "records of the later split that are in the earlier one, as overlap[train>test]",
        "prompt-overlap": "records of the later split whose prompt is in the earlier one, with any"
        " answer, as prompt-overlap[train>test]",
        "near-overlap": "records of the later split whose closest near duplicate is in the earlier"
        " one, as near-overlap[train>test]",
    }

    level: Literal["exact", "normalized", "near"] = "normalized"

    def __post_init__(self) -> None:
        """Reject the level `near` where numpy is missing."""
        if self.level == "near" and find_spec("numpy") is None:
            raise ValueError("the level 'near' needs numpy; run: pip install 'dslint-gate[near]'")

    @property
    def key(self) -> str | None:  # type: ignore[override]
        """Records with equal keys are concluded separately; near duplicates have no common key."""
        return None if self.level == "near" else "key"

    def observer(self) -> Observer:
        """Return the observer that this level needs."""
        return SketchedSplits(self._sketches) if self.level == "near" else Splits()

    @cached_property
    def _sketches(self) -> Sketches:
        from dslint_packs.duplicates.near import NearDuplicate

        return NearDuplicate().sketches

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that is also in an earlier split, and the overlaps."""
        shared = Counter[str]()
        flagged: set[tuple[str | None, int | None]] = set()
        for finding in self._findings(state, source, shared):
            place = finding.at.path, finding.at.row
            if place not in flagged:
                flagged.add(place)
                yield finding
        yield from (Measure(name, count) for name, count in shared.items())

    def _findings(self, state: State, source: Source, shared: Counter[str]) -> Iterator[Finding]:
        """Yield findings, the most severe of each record first, and count what the splits share."""
        prompts: list[Sequence[Any]] = []
        for _, group in state.groups("key", at_least=2):
            if group[0].prompt:
                prompts.append(group)
                continue
            for part in _exact_groups(group) if self.level == "exact" else [group]:
                yield from self._records(part, state, shared)
        if self.level == "near":
            yield from self._near(state, source, shared)
        if self.level != "exact":
            for group in prompts:
                yield from self._prompts(group, state, shared)

    def _records(
        self, group: Sequence[Any], state: State, shared: Counter[str]
    ) -> Iterator[Finding]:
        first, others = _across_splits(group, "overlap", shared)
        before = state.at(first)
        for member in others:
            how = (
                "with identical text"
                if member.exact == first.exact
                else "except for case, whitespace or punctuation"
            )
            severity = Severity.ERROR if member.words >= MIN_WORDS else Severity.INFO
            message = f"also {_where(first, state)}, {how}: {before.place}"
            yield self.finding(
                state.at(member), message, severity=severity, related=[before], score=1.0
            )

    def _near(self, state: State, source: Source, shared: Counter[str]) -> Iterator[Finding]:
        for match in matches(state, source, self._sketches, _rank):
            shared[f"near-overlap[{match.earlier.split}>{match.later.split}]"] += 1
            before = state.at(match.earlier)
            message = (
                f"similar to a record {_where(match.earlier, state)} ({match.similarity:.2f}):"
                f" {before.place}"
            )
            yield self.finding(
                state.at(match.later),
                message,
                severity=Severity.WARNING,
                related=[before],
                score=match.similarity,
            )

    def _prompts(
        self, group: Sequence[Any], state: State, shared: Counter[str]
    ) -> Iterator[Finding]:
        first, others = _across_splits(group, "prompt-overlap", shared)
        before = state.at(first)
        for member in others:
            if member.exact != first.exact:
                severity = Severity.WARNING if member.words >= MIN_WORDS else Severity.INFO
                message = (
                    f"the same prompt is {_where(first, state)}, with a different answer:"
                    f" {before.place}"
                )
                yield self.finding(state.at(member), message, severity=severity, related=[before])


def _rank(split: str) -> tuple[int, str]:
    return _ORDER.get(split, 3), split


def _exact_groups(group: Sequence[Any]) -> Iterable[list[Any]]:
    """Return the records of a group in lists of identical records."""
    same: dict[bytes, list[Any]] = {}
    for member in group:
        same.setdefault(member.exact, []).append(member)
    return same.values()


def _across_splits(
    group: Sequence[Any], measure: str, shared: Counter[str]
) -> tuple[Any, Iterator[Any]]:
    """Return the first record and those of later splits, and count the records that splits share.

    The records are yielded one by one, as a group may be too large for a list.
    """
    sizes = Counter(member.split for member in group)
    del sizes[None]
    splits = sorted(sizes, key=_rank)
    for number, later in enumerate(splits):
        for earlier in splits[:number]:
            shared[f"{measure}[{earlier}>{later}]"] += sizes[later]
    first = next((member for member in group if splits and member.split == splits[0]), group[0])
    return first, (member for member in group if member.split not in (None, first.split))


def _where(member: Any, state: State) -> str:
    """Describe the split of a record, without quoting a name that comes from the data."""
    return (
        f"in {member.split}"
        if member.split in _ORDER or state.input(member).split == member.split
        else "in an earlier split"
    )


def _word_count(texts: NormalizedTexts) -> int:
    """Count words; in scripts without spaces, two characters count as one word."""
    return sum(
        max(len(normal.split()), 0 if normal.isascii() else len(normal) // 2) for _, normal in texts
    )
