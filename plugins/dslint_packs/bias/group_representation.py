"""bias/group-representation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from dslint.plugin import (
    DATASET,
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Measure,
    Meta,
    Severity,
    Source,
    State,
)
from dslint_packs.bias.groups import axis_of, mentions, name_of
from dslint_packs.bias.statistics import wilson_upper


@dataclass(frozen=True)
class GroupRepresentation(DatasetRule):
    """Which groups of people the texts speak of, and groups that are hardly there beside their counterpart.

    Why: a model learns most about those whom its data mention most; of men and not of women, of Christians and not of Muslims.

    Nine axes are measured: gender, race, religion, nationality, age, orientation, disability, class, appearance. `records[gender]` counts the
    records that mention a group of the axis, `records[gender/female]` those that mention this group; `share[...]` is their share of all records.
    Limits can be set on any of them. There is a finding on the dataset only for groups that are each other's counterpart, as stated in
    `balanced`: if the rarer of two is in less than `least` of the records that mention either, beyond chance (99 % Wilson interval), and at least
    `support` records do. For the other axes nobody can say from the data alone what a fair share would be.

    Measured: in the sentence pairs of CrowS-Pairs a group of the pair's own axis is recognised in 84 % (gender), 62 % (race), 91 % (religion), 76
    % (nationality), 75 % (age), 82 % (orientation), 85 % (disability), 67 % (class) and 75 % (appearance) of the pairs. In CLINC150, where hardly
    anybody is spoken of, 2.0 % of 23,700 utterances mention a group.

    Blind spots: first names are not guessed from, so most of the pairs that are missed name people; metaphors (an old friend, a poor choice) are
    told
    from people by the words around them, which fails at times; English only, unless a plugin brings a lexicon of the kind `group`.

    Options: `roles`, which texts count; `balanced`, pairs of groups that should both be there; `least`, the smallest share of the rarer one;
    `support`, the fewest records on which to judge.

    Flags with {"support": 5}::

        {"text": "He came home."}
        {"text": "He slept."}
        {"text": "His dog barked."}
        {"text": "Then he woke up."}
        {"text": "The man was hungry."}
        {"text": "He ate."}
        {"text": "He read a book."}
        {"text": "He went out."}
        {"text": "He met his father."}
        {"text": "His father was old."}
        {"text": "He came in."}
        {"text": "He sat down."}
        {"text": "He spoke."}
        {"text": "The boy listened."}
        {"text": "He left."}
        {"text": "He ran."}
        {"text": "He fell."}
        {"text": "He stood up."}
        {"text": "He laughed."}
        {"text": "He was well."}
        {"text": "He cooked."}
        {"text": "He sang."}
        {"text": "He danced."}
        {"text": "He cried."}
        {"text": "He won."}
        {"text": "He lost."}
        {"text": "He stayed."}
        {"text": "He forgot."}
        {"text": "He remembered."}
        {"text": "He knew."}

    Passes with {"support": 5}::

        {"text": "He came home."}
        {"text": "She came home."}
        {"text": "His dog barked."}
        {"text": "Her dog barked."}
        {"text": "The man was hungry."}
        {"text": "The woman was hungry."}

    Cure: add records about those who are missing, or swap groups in a copy of records where it makes no difference.
    """

    name = "group-representation"
    severity = Severity.INFO
    languages = ("en",)
    takes = ("group",)
    state = {"groups": "string", "records": "int64"}  # noqa: RUF012 - a declaration, never changed
    measures = {  # noqa: RUF012
        "records": "records that mention a group of an axis, as records[gender], or a group, as records[gender/female]",
        "share": "their share of all records",
    }

    roles: tuple[str, ...] = ("target",)
    balanced: tuple[str, ...] = ("gender/female:gender/male",)
    least: Annotated[float, Meta(ge=0, le=0.5)] = 0.2
    support: Annotated[int, Meta(ge=1)] = 100

    def observe(self, batch: Batch) -> Columns:
        """Return how many records of the batch mention each set of groups."""
        found: dict[int, set[str]] = {}
        positions = batch.texts(self.roles).positions
        for number, hits in mentions(batch, self.roles, self.resources):
            found.setdefault(positions[number], set()).update(hit.entry.category for hit in hits)
        sets = Counter(" ".join(sorted(groups)) for groups in found.values())
        sets[""] += len(batch) - len(found)
        return {"groups": list(sets), "records": list(sets.values()), "record": [0] * len(sets)}

    def compact(self, state: State) -> Columns | None:
        """Add up the rows with the same groups."""
        rows: dict[str, list[Any]] = {}
        for member in state.rows():
            if member.groups in rows:
                rows[member.groups][-1] += member.records
            else:
                rows[member.groups] = list(member)
        return {
            name: [row[number] for row in rows.values()] for number, name in enumerate(state.schema)
        }

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield counts and shares by axis and group, and findings for pairs out of balance."""
        del source
        total = 0
        counts = Counter[str]()
        either = Counter[str]()
        for member in state.rows():
            total += member.records
            groups = set(member.groups.split(" ")) - {""}
            for name in groups | {axis_of(group) for group in groups}:
                counts[name] += member.records
            for pair in self.balanced:
                either[pair] += member.records * bool(groups & set(pair.split(":")))
        for name in sorted(counts):
            yield Measure(f"records[{name}]", counts[name])
            yield Measure(f"share[{name}]", round(counts[name] / total, 6))
        for pair in self.balanced:
            rarer, other = sorted(pair.split(":"), key=lambda group: (counts[group], group))[:2]
            if (
                either[pair] >= self.support
                and wilson_upper(counts[rarer], either[pair], z=2.576) < self.least
            ):
                share = counts[rarer] / either[pair]
                yield self.finding(
                    DATASET,
                    f"{name_of(rarer)} in {counts[rarer]:,} and {name_of(other)} in {counts[other]:,} of {either[pair]:,} records that mention either"
                    f" ({axis_of(rarer)}: {share:.1%})",
                    score=round(1 - 2 * min(share, 0.5), 6),
                    about=sorted(pair.split(":")),
                )
