"""duplicates/near."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from dslint.plugin import DatasetRule, Finding, Measure, Meta, Observer, Source, State
from dslint_duplicates.similar import Sketches, matches


@dataclass(frozen=True)
class NearDuplicate(DatasetRule):
    """Records that say almost the same as another one.

    Why: a text that is there in ten versions weighs ten times, is recited, and, where one version is in the test set, spoils the score.

    Flags::

        {"text": "How do I reset the password of my account when I have lost my phone?"}
        {"text": "How do I reset the password of my account when I have lost my phones?"}

    Passes::

        {"text": "How do I reset the password of my account when I have lost my phone?"}
        {"text": "How do I change the address of my account before my order is sent?"}

    Cure: keep one of them.
    """

    name = "near"
    sees = "all"
    requires = ("numpy",)
    extra = "near"
    measures = {  # noqa: RUF012 - a declaration, never changed
        "in-groups": "share of the records with text that are in a group of near duplicates",
        "largest-group": "records in the largest group of near duplicates",
    }

    threshold: Annotated[float, Meta(ge=0.3, le=1)] = 0.85
    shingle: Annotated[str, Meta(pattern=r"^(auto|char-[1-9]|word-[1-9])$")] = "auto"
    permutations: Annotated[int, Meta(ge=16, le=256)] = 112
    roles: tuple[str, ...] = ("prompt", "target", "rejected")

    def observer(self) -> Observer:
        """Share the sketches with other rules that want the same."""
        return self.sketches

    @property
    def sketches(self) -> Sketches:
        """What is kept of each record."""
        return Sketches(self.threshold, self.shingle, self.permutations, self.roles)

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that is like an earlier one."""
        found = matches(state, source, self.sketches)
        groups = {(match.first.file, match.first.row): match.group for match in found}
        if len(state):
            yield Measure("in-groups", sum(groups.values()) / len(state))
            yield Measure("largest-group", max(groups.values(), default=0))
        for match in found:
            before, first = state.at(match.earlier), state.at(match.first)
            message = f"{match.similarity:.2f} similar to {before.path} line {before.line}"
            if match.group > 2:
                message += f", one of {match.group:,} from {first.path} line {first.line} on"
            yield self.finding(state.at(match.later), message, related=[before] if before == first else [before, first], score=match.similarity)
