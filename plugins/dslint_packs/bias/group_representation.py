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
    """Share of records that mention each group of people; groups much rarer than their counterpart.

    Why: a model learns most about the groups that its data mention most: about men more than
    women, about Christians more than Muslims.

    Nine axes are measured: gender, race, religion, nationality, age, orientation, disability,
    class, appearance. `records[gender]` counts the records that mention any group of the axis,
    `records[gender/female]` those that mention this group; `share[...]` is their share of all
    records. Any of these measures can have a limit. A finding on the dataset is reported only
    for pairs of counterparts listed in `balanced`: if the rarer group of the pair is in less
    than `least` of the records that mention either, significantly (99 % Wilson interval), and at
    least `support` records mention either. For the other axes, a fair share cannot be derived
    from the data alone.

    Measured: in the sentence pairs of CrowS-Pairs, a group of the pair's own axis is recognized
    in 84 % (gender), 62 % (race), 91 % (religion), 76 % (nationality), 75 % (age), 82 %
    (orientation), 85 % (disability), 67 % (class) and 75 % (appearance) of the pairs. In
    CLINC150, where people are rarely mentioned, 2.0 % of 23,700 utterances mention a group.

    Blind spots: first names are not used, and most of the missed pairs name people; words about
    things (an old friend, a poor choice) are recognized by their context, which sometimes fails;
    English only, unless a plugin adds a lexicon of the kind `group`.

    Options: `roles`, which texts count; `balanced`, pairs of groups that should both be present;
    `least`, the smallest accepted share of the rarer one; `support`, the minimum number of
    records to judge by.

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

    Cure: add records about the missing groups, or swap groups in copies of records where that
    makes no difference.
    """

    name = "group-representation"
    severity = Severity.INFO
    languages = ("en",)
    takes = ("group",)
    state = {"groups": "string", "records": "int64"}  # noqa: RUF012 - declarations, never changed
    measures = {  # noqa: RUF012
        "records": "records that mention any group of an axis (records[gender]) or one group"
        " (records[gender/female])",
        "share": "share of records that mention the axis or group",
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
        """Yield counts and shares by axis and group, and a finding for each unbalanced pair."""
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
                    f"{name_of(rarer)} in {counts[rarer]:,} and {name_of(other)} in"
                    f" {counts[other]:,} of {either[pair]:,} records that mention either"
                    f" ({axis_of(rarer)}: {share:.1%})",
                    score=round(1 - 2 * min(share, 0.5), 6),
                    about=sorted(pair.split(":")),
                )
