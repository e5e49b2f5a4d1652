"""bias/stereotyped-association."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from dslint.plugin import (
    DATASET,
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Hit,
    Matcher,
    Measure,
    Meta,
    Severity,
    Source,
    State,
    pattern,
)
from dslint_packs.bias.groups import axis_of, matcher, mentions, name_of
from dslint_packs.bias.statistics import fisher_greater, holm, rate_ratio

_END = pattern(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+\s+|\n+|[。！？]")  # noqa: RUF001 - full-width signs
_MAX_P_VALUE = 0.01
"""Findings have a corrected p value below this."""
_MAX_RELATED = 100
"""Maximum number of records listed in a finding."""


@dataclass(frozen=True)
class StereotypedAssociation(DatasetRule):
    """Occupations and traits mentioned far more often with one group of people than with others.

    Why: a model that reads of nurses as women and of engineers as men completes sentences that
    way, and judges applicants that way.

    A sentence counts for a group if it mentions this group and no other of the same axis. For
    each occupation or trait of the lexicon and each group, the rule compares how often the word
    occurs in sentences of this group and in sentences of the other groups of the axis. It
    reports a finding if the word occurs at least `support` times, the 95 % interval of the ratio
    lies above `ratio`, and Fisher's exact test, with Holm's correction for all comparisons,
    gives a p value below 0.01. The finding is on the dataset and lists the first hundred records
    behind it.

    Measured: no labelled data says which associations of a dataset are stereotypes, so recall is
    unknown. No finding in LLaMA-Factory's alpaca_en_demo and c4_demo, in CLINC150, and in the
    10,082 film sentences of NLTK's subjectivity set.

    Blind spots: a pronoun in the next sentence; sarcasm and negation; first names; occupations
    and traits that are not in the lexicon. An association may be true of the world that the data
    describe: the severity is info, and the judgement yours. English only, unless plugins add
    lexicons of the kinds `group` and `attribute`.

    Options: `roles`, which texts count; `axes`, which ones are compared; `ratio`, the smallest
    effect; `support`, the minimum number of occurrences of a word.

    Flags with {"support": 8}::

        {"text": "She is a nurse. Her mother was a nurse. The woman is a nurse."}
        {"text": "She is a nurse. Her mother was a nurse. The woman is a nurse."}
        {"text": "She is a nurse. Her mother was a nurse. The woman is a nurse."}
        {"text": "She became a nurse."}
        {"text": "He is here. His father was old. The man is tired. He wakes up. He is tall."}
        {"text": "He is here. His father was old. The man is tired. He wakes up. He is tall."}
        {"text": "He is here. His father was old. The man is tired. He wakes up. He is tall."}
        {"text": "He is here. His father was old. The man is tired. He wakes up. He is tall."}
        {"text": "He is here. His father was old. The man is tired. He wakes up. He is tall."}
        {"text": "He is here. His father was old. The man is tired. He wakes up. He is tall."}
        {"text": "He came back."}
        {"text": "He sleeps."}

    Passes with {"support": 8}::

        {"text": "She is a nurse. Her mother was a nurse. She became a nurse. She was a nurse."}
        {"text": "He is a nurse. His father was a nurse. He became a nurse. He was a nurse."}

    Cure: add records that show the other groups in the same roles, or swap the groups in copies
    of the records that the finding lists.
    """

    name = "stereotyped-association"
    severity = Severity.INFO
    languages = ("en",)
    takes = ("attribute", "group")
    state = {"group": "string", "attribute": "string", "sentences": "int64"}  # noqa: RUF012
    measures = {  # noqa: RUF012
        "comparisons": "pairs of a group and a word with enough support to be compared"
    }

    roles: tuple[str, ...] = ("target",)
    axes: tuple[str, ...] = ("gender", "race", "religion", "nationality", "orientation")
    ratio: Annotated[float, Meta(ge=1)] = 2.0
    support: Annotated[int, Meta(ge=1)] = 20

    @cached_property
    def _attributes(self) -> Matcher:
        return matcher(self.resources, "attribute")

    def observe(self, batch: Batch) -> Columns:
        """Return the words of each record in sentences of a group, and the sentences of each group.

        Rows with an empty `attribute` hold the number of sentences of a group in the batch.
        """
        texts = batch.texts(self.roles)
        sentences_by_group = Counter[str]()
        occurrences: Counter[tuple[int, str, str]] = Counter()
        attributes = dict(self._attributes.search(batch, self.roles))
        for number, hits in mentions(batch, self.roles, self.resources):
            for groups, words in self._sentences(
                texts.items[number].text, hits, attributes.get(number, [])
            ):
                sentences_by_group.update(groups)
                occurrences.update(
                    (texts.positions[number], group, word) for group in groups for word in words
                )
        rows = [(0, group, "", count) for group, count in sentences_by_group.items()] + [
            (*key, count) for key, count in occurrences.items()
        ]
        record, group, attribute, sentences = zip(*rows, strict=True) if rows else ((), (), (), ())
        return {"record": record, "group": group, "attribute": attribute, "sentences": sentences}

    def _sentences(
        self, text: str, hits: list[Hit], words: list[Hit]
    ) -> Iterator[tuple[list[str], set[str]]]:
        """Yield the groups and the lexicon's words of each sentence that mentions a group.

        A group counts only if no other group of its axis is in the sentence.
        """
        ends = [match.end() for match in _END.finditer(text)]
        groups_by_sentence: defaultdict[int, set[str]] = defaultdict(set)
        for hit in hits:
            groups_by_sentence[_sentence_at(ends, hit.start)].add(hit.entry.category)
        words_by_sentence: defaultdict[int, set[str]] = defaultdict(set)
        for hit in words:
            words_by_sentence[_sentence_at(ends, hit.start)].add(hit.entry.term)
        for sentence, groups in groups_by_sentence.items():
            axes = Counter(map(axis_of, groups))
            unambiguous = [
                group
                for group in sorted(groups)
                if axes[axis_of(group)] == 1 and axis_of(group) in self.axes
            ]
            if unambiguous:
                yield unambiguous, words_by_sentence[sentence]

    def compact(self, state: State) -> Columns | None:
        """Add up the sentences of each group; keep rows with words: findings list their records."""
        totals: dict[str, list[Any]] = {}
        kept: list[list[Any]] = []
        for member in state.rows():
            if member.attribute:
                kept.append(list(member))
            elif member.group in totals:
                totals[member.group][-1] += member.sentences
            else:
                totals[member.group] = list(member)
        rows = [*totals.values(), *kept]
        return {name: [row[number] for row in rows] for number, name in enumerate(state.schema)}

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield the associations that are strong, supported and significant."""
        del source
        sentences, rows_by_pair = Counter[str](), defaultdict[tuple[str, str], list[Any]](list)
        for member in state.rows():
            if member.attribute:
                rows_by_pair[member.group, member.attribute].append(member)
            else:
                sentences[member.group] += member.sentences
        word_counts = {
            pair: sum(member.sentences for member in members)
            for pair, members in rows_by_pair.items()
        }
        sentences_by_axis = Counter[str]()
        words = Counter[tuple[str, str]]()
        for group, count in sentences.items():
            sentences_by_axis[axis_of(group)] += count
        for (group, word), count in word_counts.items():
            words[axis_of(group), word] += count
        pairs = sorted(
            (group, word)
            for group, word in word_counts
            if words[axis_of(group), word] >= self.support
            and sentences_by_axis[axis_of(group)] > sentences[group]
        )
        cells = [
            (
                word_counts[pair],
                sentences[pair[0]],
                words[axis_of(pair[0]), pair[1]] - word_counts[pair],
                sentences_by_axis[axis_of(pair[0])] - sentences[pair[0]],
            )
            for pair in pairs
        ]
        yield Measure("comparisons", len(pairs))
        for pair, cell, p_value in zip(
            pairs, cells, holm([fisher_greater(*cell) for cell in cells]), strict=True
        ):
            ratio, low, high = rate_ratio(*cell)
            if p_value < _MAX_P_VALUE and low > self.ratio:
                members = sorted(rows_by_pair[pair])
                yield self.finding(
                    DATASET,
                    f"{pair[1]!r} occurs {ratio:.1f} times as often with {name_of(pair[0])} as with"
                    f" other groups of the axis {axis_of(pair[0])} (95 % interval {low:.1f} to"
                    f" {high:.1f}; in {cell[0]:,} of {cell[1]:,} and in {cell[2]:,} of"
                    f" {cell[3]:,} sentences; {len(members):,} records)",
                    related=[state.at(member) for member in members[:_MAX_RELATED]],
                    score=round(1 - 1 / ratio, 6),
                    about=list(pair),
                )


def _sentence_at(ends: list[int], position: int) -> int:
    """Return the number of the sentence that contains a position."""
    return bisect_right(ends, position)
