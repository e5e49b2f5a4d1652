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
from dslint_packs.labels.label_values import parse_label, short_name


@dataclass(frozen=True)
class Disagreement(DatasetRule):
    """Records whose annotators chose different labels.

    Why: where annotators disagree, the one label that was kept is close to a coin toss, and so is
    any score computed against it.

    One finding for each record whose annotators do not all agree. Its score is the share of votes
    against the most frequent label; that label is suggested if more than half of the annotators
    chose it. The measures tell how far the annotators agree beyond chance.

    Measured: on Davidson's 24,783 tweets, each with a list of three or more votes, 7,301 findings:
    exactly the records without a unanimous vote; alpha is 0.543.

    Blind spots: annotators who agree on a wrong label.

    Options: `annotators`: the columns with one annotator's label each, or one column with a list of
    labels. Without it the rule does not run.

    Flags with {"annotators": ["first", "second"]}::

        {"text": "Nice.", "label": "good", "first": "good", "second": "good"}
        {"text": "Not bad.", "label": "good", "first": "good", "second": "poor"}

    Passes with {"annotators": ["votes"]}::

        {"text": "Nice.", "label": "good", "votes": ["good", "good", "good"]}

    Cure: let another person decide, clarify the guidelines, or train on the shares of votes.
    """

    name = "disagreement"
    severity = Severity.INFO
    needs_options = ("annotators",)
    state = {"votes": "list<string>"}  # noqa: RUF012 - a declaration, never changed
    measures = {  # noqa: RUF012 - a declaration, never changed
        "agreement": "share of annotator pairs that chose the same label for a record",
        "alpha": "Krippendorff's alpha: 1 for full agreement, 0 for agreement by chance",
    }

    annotators: tuple[str, ...] = ()

    def observe(self, batch: Batch) -> Columns:
        """Return the votes of each record that has two or more."""
        votes = [sorted(self._votes(value)) for value in batch.values]
        voted = [position for position, names in enumerate(votes) if len(names) > 1]
        return {"record": voted, "votes": [votes[position] for position in voted]}

    def _votes(self, value: object) -> list[str]:
        columns = [lookup(value, path) for path in self.annotators]
        flat = [item for one in columns for item in (one if type(one) is list else [one])]
        return [name for name in (parse_label(item)[1] for item in flat) if name is not None]

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each disagreement, and the agreement measures.

        Alpha is computed as in Krippendorff, Content Analysis, chapter on reliability.
        """
        del source
        same, pairs, differing, totals = 0, 0, Counter[int](), Counter[str]()
        for row in state.rows():
            counts, size = Counter(row.votes), len(row.votes)
            alike = sum(count * (count - 1) for count in counts.values())
            same, pairs = same + alike, pairs + size * (size - 1)
            differing[size] += size * (size - 1) - alike
            totals.update(row.votes)
            if len(counts) > 1:
                most = min(counts, key=lambda name: (-counts[name], name))
                yield self.finding(
                    state.at(row),
                    f"{size - counts[most]} of {size} annotators "
                    "did not choose the most frequent label",
                    score=round(1 - counts[most] / size, 6),
                    suggestion=short_name(most) if 2 * counts[most] > size else None,
                )
        if pairs:
            total = sum(totals.values())
            observed = sum(count / (size - 1) for size, count in sorted(differing.items())) / total
            chance = (total * total - sum(count * count for count in totals.values())) / (
                total * (total - 1)
            )
            yield Measure("agreement", round(same / pairs, 6))
            yield Measure("alpha", round(1 - observed / chance, 6) if chance else 1.0)
