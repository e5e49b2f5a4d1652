"""labels/inconsistent-name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dslint.plugin import DatasetRule, Finding, Measure, Observer, Severity, Source, State, nfkc
from dslint_packs.labels.label_values import LabelCounts, class_counts, short_name


@dataclass(frozen=True)
class InconsistentName(DatasetRule):
    """Labels spelled in more than one way.

    Why: "Billing" and "billing " are two classes to a trainer and one to everybody else, so the
    model is penalized for correct answers.

    Reports names that differ only in case, white space, hyphens, underscores, full stops or Unicode
    form. One finding for each spelling except the most frequent one, at its first record, with the
    number of its records; the most frequent spelling is suggested.

    Measured: no finding in CLINC150's 151 intents and 10 domains and in three other label sets. In
    CLINC150 with five names written in 16 other ways (case, spaces for underscores, a trailing
    space) in a fifth of their records: 16 findings, each with the right name.

    Blind spots: misspelled names (see labels/unknown-label), synonyms, and translations.

    Flags::

        {"text": "Where is my invoice?", "label": "Billing"}
        {"text": "Why was I charged twice?", "label": "Billing"}
        {"text": "I paid already.", "label": "billing "}

    Passes::

        {"text": "Where is my invoice?", "label": "Billing"}
        {"text": "Where is my parcel?", "label": "Delivery"}

    Cure: use one spelling everywhere.
    """

    name = "inconsistent-name"
    severity = Severity.WARNING
    needs_columns = ("label",)

    def observer(self) -> Observer:
        """Return the observer that the rules on label counts share."""
        return LabelCounts()

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each spelling of a name except the most frequent one."""
        del source
        spellings: dict[str, list[tuple[int, str, Any]]] = {}
        for name, (count, first) in class_counts(state).items():
            spellings.setdefault(_normalized(name), []).append((count, name, first))
        for _, group in sorted(spellings.items()):
            (_, best, _), *others = sorted(group, key=lambda item: (-item[0], item[1]))
            for count, name, first in others:
                yield self.finding(
                    state.at(first),
                    f"another spelling of a more frequent label ({count} record"
                    f"{'s' if count > 1 else ''} from here on)",
                    suggestion=short_name(best),
                    about=name,
                )


def _normalized(name: str) -> str:
    """Return the form that all spellings of a name share; keep names of symbols only (+, -)."""
    plain = nfkc(name).casefold().strip()
    return (
        "".join(char for char in plain if not char.isspace() and char not in "-_.") or plain
        if not _is_number(plain)
        else plain
    )


def _is_number(text: str) -> bool:
    """Return whether a label is a number, where a sign or a decimal point is significant."""
    return text.lstrip("+-").replace(".", "", 1).isdecimal()
