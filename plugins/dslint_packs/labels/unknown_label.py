"""labels/unknown-label."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Location, Record, RecordRule, Severity
from dslint_packs.labels.label_values import read, shown


@dataclass(frozen=True)
class UnknownLabel(RecordRule):
    """Records whose label is not one of those that are allowed.

    Why: each label that nobody knows is a class of its own to a trainer: it takes a place in the output layer, and no test ever asks for it.

    Labels are compared to the letter; numbers and booleans as JSON writes them. The nearest allowed label is suggested.
    Records without a label are left to labels/missing-label.

    Measured: in CLINC150 with 149 of its 150 intents allowed the 100 records of the one left out, and no other.

    Blind spots: a label that is allowed and wrong; lists of labels.

    Options: `allowed`: the labels that may be there. Without it the rule does not run.

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
        if (name := read(record.column("label"))[1]) is not None and name not in self.allowed:
            yield self._found(record.at(), name)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Go through the column."""
        allowed = frozenset(self.allowed)
        for position, value in enumerate(batch.column("label")):
            name = read(value)[1]
            if name is not None and name not in allowed:
                yield self._found(batch.records[position].at(), name)

    def _found(self, at: Location, name: str) -> Finding:
        near = difflib.get_close_matches(name, self.allowed, n=1) if shown(name) else []
        return self.finding(
            at,
            f"the label is none of the {len(self.allowed)} that are allowed",
            suggestion=next(iter(near), None),
        )
