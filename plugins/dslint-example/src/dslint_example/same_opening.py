"""example/same-opening: a dataset rule with a key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from dslint.plugin import Batch, Columns, DatasetRule, Finding, Measure, Meta, Source, State, digest


@dataclass(frozen=True)
class SameOpening(DatasetRule):
    """Replies that begin with the same words as many others.

    Why: a model that has read "Great question!" a thousand times begins every reply with it.

    Options: `words`, how many words make an opening; `most`, how many replies may share one.

    Flags with {"most": 1}::

        {"prompt": "Tea?", "completion": "Great question! Yes."}
        {"prompt": "Coffee?", "completion": "Great question! No."}

    Passes::

        {"prompt": "Tea?", "completion": "Yes, please do."}
        {"prompt": "Coffee?", "completion": "No, thank you."}

    Cure: vary the openings, or cut them.
    """

    name = "same-opening"
    needs_roles = ("assistant",)
    # Kept for each record: a few bytes. Records with equal keys are concluded together.
    state = {"opening": "binary[16]"}  # noqa: RUF012 - a declaration, never changed
    key = "opening"
    measures = {"shared-openings": "openings that too many replies share"}  # noqa: RUF012

    words: Annotated[int, Meta(ge=1)] = 2
    most: Annotated[int, Meta(ge=1)] = 20

    def observe(self, batch: Batch) -> Columns:
        """Return the digest of each record's first opening; None where there is none."""
        openings: list[bytes | None] = []
        for record in batch.records:
            replies = record.texts(("assistant",))
            start = replies[0].text.casefold().split()[: self.words] if replies else []
            openings.append(digest(start) if len(start) == self.words else None)
        return {"opening": openings}

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each reply beyond the number that may share an opening."""
        del source
        for _, group in state.groups(at_least=self.most + 1):
            first, *others = sorted(group)
            yield Measure("shared-openings", 1)
            for member in others[self.most - 1 :]:
                yield self.finding(
                    state.at(member), f"begins like {len(group)} replies", related=[state.at(first)]
                )
