"""labels/unknown-label."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Location, Record, RecordRule, Severity
from dslint_packs.labels.label_values import parse_label, short_name


@dataclass(frozen=True)
class UnknownLabel(RecordRule):
    """Records whose label is not in the list of allowed labels.

    Why: to a trainer each unknown label is a class of its own: it takes a place in the output
    layer, and no test ever covers it.

    Labels are compared exactly; numbers and booleans as JSON writes them. The closest allowed label
    is suggested. Records without a label are left to labels/missing-label.

    Measured: in CLINC150 with 149 of its 150 intents allowed, exactly the 100 records of the
    remaining one.

    Blind spots: a label that is allowed but wrong; lists of labels.

    Options: `allowed`: the allowed labels. Without it the rule does not run.

    Flags with {"allowed": ["billing", "delivery"]}::

        {"text": "Where is my invoice?", "label": "biling"}

    Passes with {"allowed": ["billing", "delivery"]}::

        {"text": "Where is my invoice?", "label": "billing"}

    Cure: correct the label, or allow it.
    """

    name = "unknown-label"
    severity = Severity.ERROR
    needs_columns = ("label",)
    needs_options = ("allowed",)

    allowed: tuple[str, ...] = ()

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding if the label is unknown."""
        if (
            name := parse_label(record.column("label"))[1]
        ) is not None and name not in self.allowed:
            yield self._unknown(record.at(), name)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check the whole column at once."""
        allowed = frozenset(self.allowed)
        for position, value in enumerate(batch.column("label")):
            name = parse_label(value)[1]
            if name is not None and name not in allowed:
                yield self._unknown(batch.records[position].at(), name)

    def _unknown(self, at: Location, name: str) -> Finding:
        close = difflib.get_close_matches(name, self.allowed, n=1) if short_name(name) else []
        return self.finding(
            at,
            f"the label is not one of the {len(self.allowed)} allowed labels",
            suggestion=next(iter(close), None),
        )
