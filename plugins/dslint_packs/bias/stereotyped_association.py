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
_SURE = 0.01
"""The largest corrected p value of a finding."""
_RELATED = 100
"""The most records that a finding names."""


@dataclass(frozen=True)
class StereotypedAssociation(DatasetRule):
    """Occupations and qualities that come with one group of people far more often than with the others.

    Why: a model that reads of nurses as women and of engineers as men completes sentences that way, and judges applicants that way.

    A sentence counts for a group if it mentions this group and no other of the same axis. For each occupation or quality of the lexicon, and each
    group, the rule compares how often it is in sentences of this group and in those of the other groups of the axis. There is a finding if it was
    seen `support` times or more, the ratio's 95 % interval lies above `ratio`, and Fisher's exact test, corrected by Holm for all comparisons
    made, is below 0.01. A finding stands on the dataset, and names the first hundred of the records behind it.

    Measured: nothing labelled tells which associations of a dataset are stereotypes, so there is no recall to state. No finding in
    LLaMA-Factory's alpaca_en_demo and c4_demo, in CLINC150, and in the 10,082 film sentences of NLTK's subjectivity set.

    Blind spots: a pronoun in the next sentence; sarcasm and negation; first names; occupations and qualities that are not in the lexicon. An
    association may be the truth about the world that the data describe: it is an info, for you to judge. English only, unless plugins bring
    lexicons of the kinds `group` and `attribute`.

    Options: `roles`, which texts count; `axes`, which ones are compared; `ratio`, the smallest effect; `support`, how often a word must be seen.

    Flags with {"support": 8}::

        {"text": "She is a nurse. She works as a nurse. Her mother was a nurse. She became a nurse. The woman is a nurse."}
        {"text": "She is a nurse. She works as a nurse. Her mother was a nurse. She became a nurse. The woman is a nurse."}
        {"text": "He is here. He works at home. His father was old. He came back. The man is tired. He sleeps. He wakes up. He is tall."}
        {"text": "He is here. He works at home. His father was old. He came back. The man is tired. He sleeps. He wakes up. He is tall."}
        {"text": "He is here. He works at home. His father was old. He came back. The man is tired. He sleeps. He wakes up. He is tall."}
        {"text": "He is here. He works at home. His father was old. He came back. The man is tired. He sleeps. He wakes up. He is tall."}

    Passes with {"support": 8}::

        {"text": "She is a nurse. She works as a nurse. Her mother was a nurse. She became a nurse. The woman is a nurse."}
        {"text": "He is a nurse. He works as a nurse. His father was a nurse. He became a nurse. The man is a nurse."}

    Cure: add records that show the other groups in the same roles, or swap the groups in a copy of those that the finding names.
    """

    name = "stereotyped-association"
    severity = Severity.INFO
    languages = ("en",)
    takes = ("attribute", "group")
    state = {"group": "string", "attribute": "string", "sentences": "int64"}  # noqa: RUF012 - a declaration, never changed
    measures = {"comparisons": "pairs of a group and a word with enough support to be compared"}  # noqa: RUF012

    roles: tuple[str, ...] = ("target",)
    axes: tuple[str, ...] = ("gender", "race", "religion", "nationality", "orientation")
    ratio: Annotated[float, Meta(ge=1)] = 2.0
    support: Annotated[int, Meta(ge=1)] = 20

    @cached_property
    def _attributes(self) -> Matcher:
        return matcher(self.resources, "attribute")

    def observe(self, batch: Batch) -> Columns:
        """Return for each record the words that it has in sentences of a group; and for the batch how many sentences each group has."""
        texts = batch.texts(self.roles)
        alone = Counter[str]()
        seen: Counter[tuple[int, str, str]] = Counter()
        attributes = dict(self._attributes.search(batch, self.roles))
        for number, hits in mentions(batch, self.roles, self.resources):
            for groups, words in self._sentences(
                texts.items[number].text, hits, attributes.get(number, [])
            ):
                alone.update(groups)
                seen.update(
                    (texts.positions[number], group, word) for group in groups for word in words
                )
        rows = [(0, group, "", count) for group, count in alone.items()] + [
            (*key, count) for key, count in seen.items()
        ]
        record, group, attribute, sentences = zip(*rows, strict=True) if rows else ((), (), (), ())
        return {"record": record, "group": group, "attribute": attribute, "sentences": sentences}

    def _sentences(
        self, text: str, hits: list[Hit], words: list[Hit]
    ) -> Iterator[tuple[list[str], set[str]]]:
        """Yield for each sentence with a group: the groups that are the only ones of their axis in it, and the words of the lexicon."""
        ends = [match.end() for match in _END.finditer(text)]
        by_sentence: defaultdict[int, set[str]] = defaultdict(set)
        for hit in hits:
            by_sentence[_number(ends, hit.start)].add(hit.entry.category)
        said: defaultdict[int, set[str]] = defaultdict(set)
        for hit in words:
            said[_number(ends, hit.start)].add(hit.entry.term)
        for sentence, groups in by_sentence.items():
            axes = Counter(map(axis_of, groups))
            only = [
                group
                for group in sorted(groups)
                if axes[axis_of(group)] == 1 and axis_of(group) in self.axes
            ]
            if only:
                yield only, said[sentence]

    def compact(self, state: State) -> Columns | None:
        """Add up the sentences of each group; the rows with words stay, since findings name their records."""
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
        """Yield the associations that are strong, supported and beyond chance."""
        del source
        sentences, behind = Counter[str](), defaultdict[tuple[str, str], list[Any]](list)
        for member in state.rows():
            if member.attribute:
                behind[member.group, member.attribute].append(member)
            else:
                sentences[member.group] += member.sentences
        together = {
            pair: sum(member.sentences for member in members) for pair, members in behind.items()
        }
        by_axis = Counter[str]()
        words = Counter[tuple[str, str]]()
        for group, count in sentences.items():
            by_axis[axis_of(group)] += count
        for (group, word), count in together.items():
            words[axis_of(group), word] += count
        compared = sorted(
            (group, word)
            for group, word in together
            if words[axis_of(group), word] >= self.support
            and by_axis[axis_of(group)] > sentences[group]
        )
        cells = [
            (
                together[pair],
                sentences[pair[0]],
                words[axis_of(pair[0]), pair[1]] - together[pair],
                by_axis[axis_of(pair[0])] - sentences[pair[0]],
            )
            for pair in compared
        ]
        yield Measure("comparisons", len(compared))
        for pair, cell, chance in zip(
            compared, cells, holm([fisher_greater(*cell) for cell in cells]), strict=True
        ):
            ratio, low, high = rate_ratio(*cell)
            if chance < _SURE and low > self.ratio:
                members = sorted(behind[pair])
                yield self.finding(
                    DATASET,
                    f"{pair[1]!r} comes {ratio:.1f} times more often with {name_of(pair[0])} than with others of the axis {axis_of(pair[0])}"
                    f" (95 % interval {low:.1f} to {high:.1f}; in {cell[0]:,} of {cell[1]:,} and in {cell[2]:,} of {cell[3]:,} sentences;"
                    f" {len(members):,} records)",
                    related=[state.at(member) for member in members[:_RELATED]],
                    score=round(1 - 1 / ratio, 6),
                    about=list(pair),
                )


def _number(ends: list[int], place: int) -> int:
    """Return the number of the sentence that a place is in."""
    return bisect_right(ends, place)
