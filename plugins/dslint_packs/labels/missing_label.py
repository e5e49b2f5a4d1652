"""labels/missing-label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Location, OptionFile, Record, RecordRule, Severity
from dslint_packs.labels.label_values import parse_label


@dataclass(frozen=True)
class MissingLabel(RecordRule):
    """Records without a label.

    Why: a trainer drops such a record, stops at it, or treats "no label" as another class.

    The label is null, blank or absent. With a trusted set, gaps are expected, and
    labels/likely-wrong suggests labels for them; the severity is then info.

    Measured: on CLINC150 with the label removed from every tenth of 15,000 records, exactly those
    1,500.

    Blind spots: placeholders for no label ("unknown", "n/a"); labels/unknown-label finds them if
    you list the allowed labels.

    Options: `trusted`: the same as for labels/likely-wrong; set it once under `[rules.labels]`.

    Flags::

        {"text": "Where is my parcel?", "label": ""}
        {"text": "Where is my refund?", "label": null}

    Passes::

        {"text": "Where is my invoice?", "label": "billing"}
        {"text": "Is it 0?", "label": 0}

    Cure: label the record, or remove it.
    """

    name = "missing-label"
    severity = Severity.WARNING
    needs_columns = ("label",)

    trusted: OptionFile | str | None = None

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding if there is no label."""
        if parse_label(record.column("label"))[0] == "missing":
            yield self._missing(record.at())

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check the whole column at once."""
        for position, value in enumerate(batch.column("label")):
            if parse_label(value)[0] == "missing":
                yield self._missing(batch.records[position].at())

    def _missing(self, at: Location) -> Finding:
        return self.finding(
            at, "there is no label", severity=None if self.trusted is None else Severity.INFO
        )
