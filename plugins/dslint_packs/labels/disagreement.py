"""labels/disagreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import (
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Measure,
    Severity,
    Source,
    State,
    lookup,
)
from dslint_packs.labels.label_values import read, shown


@dataclass(frozen=True)
class Disagreement(DatasetRule):
    """Records whose annotators chose different labels.

    Why: where people disagree, the one label that was kept is a coin toss, and a model that is graded by it is graded by chance.

    One finding for each record whose annotators do not all say the same; its score is the share of those who did not say the most frequent
    label, which is suggested if more than half did. The measures say how far the annotators agree beyond chance.

    Measured: on Davidson's 24,783 tweets, each with its three or more votes as a list, 7,301 findings: the very ones that are not unanimous; alpha is
    0.543.

    Blind spots: annotators who agree on what is wrong.

    Options: `annotators`: the columns with the label of each annotator, or one column with a list of labels. Without it the rule does not run.

    Flags with {"annotators": ["first", "second"]}::

        {"text": "Nice.", "label": "good", "first": "good", "second": "good"}
        {"text": "Not bad.", "label": "good", "first": "good", "second": "poor"}

    Passes with {"annotators": ["votes"]}::

        {"text": "Nice.", "label": "good", "votes": ["good", "good", "good"]}

    Cure: have a third person decide, sharpen the guidelines, or train on the shares of votes.
    """

    name = "disagreement"
    severity = Severity.INFO
    needs_options = ("annotators",)
    state = {"votes": "list<string>"}  # noqa: RUF012 - a declaration, never changed
    measures = {  # noqa: RUF012 - a declaration, never changed
        "agreement": "share of pairs of annotators who say the same of a record",
        "alpha": "Krippendorff's alpha: 1 for full agreement, 0 for chance",
    }

    annotators: tuple[str, ...] = ()

    def observe(self, batch: Batch) -> Columns:
        """Return the labels of each record that has two or more."""
        votes = [sorted(self._votes(value)) for value in batch.values]
        kept = [position for position, found in enumerate(votes) if len(found) > 1]
        return {"record": kept, "votes": [votes[position] for position in kept]}

    def _votes(self, value: object) -> list[str]:
        said = [lookup(value, path) for path in self.annotators]
        flat = [item for one in said for item in (one if type(one) is list else [one])]
        return [name for name in (read(item)[1] for item in flat) if name is not None]

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each disagreement, and how far the annotators agree (Krippendorff, Content Analysis, chapter on reliability)."""
        del source
        same, pairs, within, totals = 0, 0, Counter[int](), Counter[str]()
        for row in state.rows():
            counts, size = Counter(row.votes), len(row.votes)
            alike = sum(count * (count - 1) for count in counts.values())
            same, pairs = same + alike, pairs + size * (size - 1)
            within[size] += size * (size - 1) - alike
            totals.update(row.votes)
            if len(counts) > 1:
                most = min(counts, key=lambda name: (-counts[name], name))
                yield self.finding(
                    state.at(row),
                    f"{size - counts[most]} of {size} annotators did not choose the most frequent label",
                    score=round(1 - counts[most] / size, 6),
                    suggestion=shown(most) if 2 * counts[most] > size else None,
                )
        if pairs:
            every = sum(totals.values())
            observed = sum(count / (size - 1) for size, count in sorted(within.items())) / every
            chance = (every * every - sum(count * count for count in totals.values())) / (
                every * (every - 1)
            )
            yield Measure("agreement", round(same / pairs, 6))
            yield Measure("alpha", round(1 - observed / chance, 6) if chance else 1.0)
