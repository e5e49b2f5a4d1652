"""labels/imbalance and labels/rare-label: how many records each label has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dslint.plugin import DATASET, DatasetRule, Finding, Measure, Observer, Severity, Source, State
from dslint_packs.labels.label_values import LabelCounts, class_counts, short_name

MAX_MEASURED_LABELS = 1000
"""Number of labels up to which each label gets its own measure."""


@dataclass(frozen=True)
class Imbalance(DatasetRule):
    """Datasets in which some labels are far more frequent than others.

    Why: a model that always predicts the frequent label is right most of the time, so that is what
    it learns; plain accuracy does not show it.

    One finding on the dataset if the most frequent label has more than `most` times as many records
    as the rarest. Whether that is a defect depends on the data the model will see in use, so it is
    an info; set your own limits on the measures.

    Measured: no finding in CLINC150 (150 labels with 100 records each) and in sentence polarity (2
    labels with 5,331 each); one in CLINC150's imbalanced file (25 to 100 records per label, a ratio
    of 4) and in 24,783 tweets (1,430 to 19,190 per label, a ratio of 13.4).

    Blind spots: labels that do not occur at all.

    Options: `most`: the largest accepted ratio of the most frequent label to the rarest.

    Flags with {"most": 2}::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Why was I charged twice?", "label": "billing"}
        {"text": "I paid already.", "label": "billing"}
        {"text": "Where is my parcel?", "label": "delivery"}

    Passes with {"most": 2}::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Where is my parcel?", "label": "delivery"}

    Cure: add records for the rare labels, or weight the classes in training; at least report a
    score per label.
    """

    name = "imbalance"
    severity = Severity.INFO
    needs_columns = ("label",)
    measures = {  # noqa: RUF012 - a declaration, never changed
        "labels": "number of distinct labels",
        "ratio": "records of the most frequent label divided by those of the rarest",
        "smallest-share": "share of the records with the rarest label",
        "evenness": "normalized entropy of the label shares; 1 if all labels are equally frequent",
        "records": "records with one label, as records[label=NAME]; for up to 1,000 labels",
    }

    most: float = 3.0

    def observer(self) -> Observer:
        """Return the observer that the rules on label counts share."""
        return LabelCounts()

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield the measures, and a finding if the counts differ too much."""
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
        yield from _record_counts(counts)
        if largest > self.most * smallest:
            yield self.finding(
                DATASET,
                f"the most frequent of {len(counts)} labels has {largest:,} records, "
                f"the rarest {smallest:,}: a ratio of {largest / smallest:.1f}",
            )


def _record_counts(counts: dict[str, int]) -> Iterator[Measure]:
    if len(counts) <= MAX_MEASURED_LABELS:
        for name in sorted(counts):
            if short_name(name) is not None:
                yield Measure(f"records[label={name}]", counts[name])


@dataclass(frozen=True)
class RareLabel(DatasetRule):
    """Labels with very few records.

    Why: from a handful of examples a model learns only these examples, and no split leaves enough
    of them for a test.

    One finding per label, at its first record.

    Measured: no finding in CLINC150, its imbalanced file (at least 25 records per label), sentence
    polarity and Davidson's tweets.

    Blind spots: many records that all say the same; see duplicates/near.

    Options: `least`: the minimum number of records per label.

    Flags with {"least": 2}::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Why was I charged twice?", "label": "billing"}
        {"text": "Where is my parcel?", "label": "delivery"}

    Passes with {"least": 2}::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Why was I charged twice?", "label": "billing"}

    Cure: add records, merge the label with a similar one, or remove it.
    """

    name = "rare-label"
    severity = Severity.INFO
    needs_columns = ("label",)

    least: int = 10

    def observer(self) -> Observer:
        """Return the observer that the rules on label counts share."""
        return LabelCounts()

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each label with too few records."""
        del source
        for name, (count, first) in sorted(class_counts(state).items()):
            if count < self.least:
                message = (
                    f"a label with {count} record{'s' if count > 1 else ''} (minimum {self.least})"
                )
                yield self.finding(state.at(first), message, about=name)
