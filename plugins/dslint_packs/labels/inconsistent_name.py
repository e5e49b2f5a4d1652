"""labels/inconsistent-name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dslint.plugin import DatasetRule, Finding, Measure, Observer, Severity, Source, State, nfkc
from dslint_packs.labels.label_values import LabelCounts, class_counts, shown


@dataclass(frozen=True)
class InconsistentName(DatasetRule):
    """Labels that are spelt in several ways.

    Why: "Billing" and "billing " are two classes to a trainer, and one to everybody else: the model is punished for every other right answer.

    Names that differ in case, white space, hyphens, underscores, full stops or Unicode form only. One finding for each spelling but the most
    frequent one, at its first record; the most frequent one is suggested. `count` of a label's records is in the message.

    Measured: none in CLINC150's 151 intents and 10 domains and in three other label sets. In CLINC150 with five names written in 16 other ways (case,
    spaces for underscores, a space at the end) in a fifth of their records: 16 findings, each with the right name.

    Blind spots: misspelt names (see labels/unknown-label), synonyms, and other languages.

    Flags::

        {"text": "Where is my invoice?", "label": "Billing"}
        {"text": "Why twice the money?", "label": "Billing"}
        {"text": "I paid already.", "label": "billing "}

    Passes::

        {"text": "Where is my invoice?", "label": "Billing"}
        {"text": "Where is my parcel?", "label": "Delivery"}

    Cure: write one name everywhere.
    """

    name = "inconsistent-name"
    severity = Severity.WARNING
    needs_columns = ("label",)

    def observer(self) -> Observer:
        """Share the counts with the other rules."""
        return LabelCounts()

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each spelling that is not the most frequent one of its name."""
        del source
        spellings: dict[str, list[tuple[int, str, Any]]] = {}
        for name, (count, first) in class_counts(state).items():
            spellings.setdefault(_folded(name), []).append((count, name, first))
        for _, found in sorted(spellings.items()):
            (_, best, _), *others = sorted(found, key=lambda item: (-item[0], item[1]))
            for count, name, first in others:
                yield self.finding(
                    state.at(first),
                    f"another spelling of a label that is more frequent ({count} record{'s' if count > 1 else ''} from here on)",
                    suggestion=shown(best),
                    about=name,
                )


def _folded(name: str) -> str:
    """Return what the spellings of a name have in common; a name of signs alone (+, -) stays as it is."""
    plain = nfkc(name).casefold().strip()
    return (
        "".join(char for char in plain if not char.isspace() and char not in "-_.") or plain
        if not _is_number(plain)
        else plain
    )


def _is_number(text: str) -> bool:
    """Say whether a label is a number: there a sign or a point counts."""
    return text.lstrip("+-").replace(".", "", 1).isdecimal()
