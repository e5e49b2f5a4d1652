"""labels/missing-label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Location, OptionFile, Record, RecordRule, Severity
from dslint_packs.labels.label_values import read


@dataclass(frozen=True)
class MissingLabel(RecordRule):
    """Records without a label.

    Why: trainers drop such a record, stop at it, or take "no label" for one more class.

    The label is null, blank, or not there. With a trusted set the dataset is meant to have gaps, which labels/likely-wrong proposes to fill;
    then it is an info.

    Measured: on CLINC150 with the label of every tenth of 15,000 records taken away, those 1,500 and no other.

    Blind spots: words that stand for nothing ("unknown", "n/a"); labels/unknown-label finds them when the allowed labels are stated.

    Options: `trusted`: the same as of labels/likely-wrong; write it once under `[rules.labels]`.

    Flags::

        {"text": "Where is my parcel?", "label": ""}
        {"text": "Where is my refund?", "label": null}

    Passes::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Is it 0?", "label": 0}

    Cure: label it, or take the record out.
    """

    name = "missing-label"
    severity = Severity.WARNING
    needs_columns = ("label",)

    trusted: OptionFile | str | None = None

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding if there is no label."""
        if read(record.column("label"))[0] == "missing":
            yield self._found(record.at())

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Go through the column."""
        for position, value in enumerate(batch.column("label")):
            if read(value)[0] == "missing":
                yield self._found(batch.records[position].at())

    def _found(self, at: Location) -> Finding:
        return self.finding(
            at, "there is no label", severity=None if self.trusted is None else Severity.INFO
        )
