"""labels/imbalance and labels/rare-label: how many records each label has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dslint.plugin import DATASET, DatasetRule, Finding, Measure, Observer, Severity, Source, State
from dslint_packs.labels.label_values import LabelCounts, class_counts, shown

NAMED = 1000
"""Labels up to which each has a measure of its own."""


@dataclass(frozen=True)
class Imbalance(DatasetRule):
    """Datasets in which some labels are far more frequent than others.

    Why: a model that always says the frequent label is right most of the time, and learns to do so; plain accuracy does not show it.

    One finding on the dataset if the most frequent label has more than `most` times as many records as the rarest. Whether that is a defect
    depends on what the model will meet: it is an info, and the measures are for limits of your own.

    Measured: no finding in CLINC150 (150 labels of 100 records) and in sentence polarity (2 of 5,331); one in CLINC150's imbalanced file (25 to 100
    records: a ratio of 4) and in 24,783 tweets of 1,430 to 19,190 a label (13.4).

    Blind spots: labels that are not there at all.

    Options: `most`, how many times as frequent is too much.

    Flags with {"most": 2}::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Why twice the money?", "label": "billing"}
        {"text": "I paid already.", "label": "billing"}
        {"text": "Where is my parcel?", "label": "delivery"}

    Passes with {"most": 2}::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Where is my parcel?", "label": "delivery"}

    Cure: add records to the rare labels, or weigh the classes in training; at least report a score for each label.
    """

    name = "imbalance"
    severity = Severity.INFO
    needs_columns = ("label",)
    measures = {  # noqa: RUF012 - a declaration, never changed
        "labels": "how many labels there are",
        "ratio": "how many times as frequent the most frequent label is as the rarest",
        "smallest-share": "share of the records that the rarest label has",
        "evenness": "entropy of the labels' shares, 1 where all are equal",
        "records": "records of one label, as records[label=NAME]; for up to 1,000 labels",
    }

    most: float = 3.0

    def observer(self) -> Observer:
        """Share the counts with the other rules."""
        return LabelCounts()

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield the counts, and a finding if they differ too much."""
        import math

        del source
        counts = {name: count for name, (count, _) in class_counts(state).items()}
        if not counts:
            return
        total, largest, smallest = sum(counts.values()), max(counts.values()), min(counts.values())
        entropy = math.fsum(-count / total * math.log(count / total) for count in counts.values())
        yield Measure("labels", len(counts))
        yield Measure("ratio", round(largest / smallest, 6))
        yield Measure("smallest-share", round(smallest / total, 6))
        yield Measure(
            "evenness", round(entropy / math.log(len(counts)), 6) if len(counts) > 1 else 1.0
        )
        yield from _records(counts)
        if largest > self.most * smallest:
            yield self.finding(
                DATASET,
                f"the most frequent of {len(counts)} labels has {largest:,} records, the rarest {smallest:,}: {largest / smallest:.1f} times as many",
            )


def _records(counts: dict[str, int]) -> Iterator[Measure]:
    if len(counts) <= NAMED:
        for name in sorted(counts):
            if shown(name) is not None:
                yield Measure(f"records[label={name}]", counts[name])


@dataclass(frozen=True)
class RareLabel(DatasetRule):
    """Labels with very few records.

    Why: from a handful of examples a model learns these examples, and no split of them leaves enough to test with.

    One finding a label, at its first record.

    Measured: none in CLINC150, its imbalanced file (25 records and more), sentence polarity and Davidson's tweets: their rarest labels have more.

    Blind spots: many records that say the same; see duplicates/near.

    Options: `least`, how many records a label must have.

    Flags with {"least": 2}::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Why twice the money?", "label": "billing"}
        {"text": "Where is my parcel?", "label": "delivery"}

    Passes with {"least": 2}::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Why twice the money?", "label": "billing"}

    Cure: add records, join the label with a neighbour, or take it out.
    """

    name = "rare-label"
    severity = Severity.INFO
    needs_columns = ("label",)

    least: int = 10

    def observer(self) -> Observer:
        """Share the counts with the other rules."""
        return LabelCounts()

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each label with too few records."""
        del source
        for name, (count, first) in sorted(class_counts(state).items()):
            if count < self.least:
                message = f"a label with {count} record{'s' if count > 1 else ''}; {self.least} are asked for"
                yield self.finding(state.at(first), message, about=name)
