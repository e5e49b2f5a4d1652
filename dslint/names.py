"""Names as users write them: a former id of a rule stands for the rule that had it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class Names(Struct):
    """Turns former ids into present ones, and notes each of them once for every place.

    `renamed` maps former ids to present ones.
    """

    renamed: Mapping[str, str]
    notes: dict[str, None] = field(default_factory=dict)

    def current(self, written: str, place: str) -> str:
        """Return an id, or a measure or an option behind an id, under the present id of its rule.

        `place` is the file or the flag that it is written in. Other text comes back as it is.
        """
        if self.renamed:
            base = written.partition("[")[0]
            for former in (base, base.rpartition(".")[0]):
                if former in self.renamed:
                    now = self.renamed[former]
                    note = f"rule {former} is now {now}; write the new name in {place}"
                    self.notes[note] = None
                    return now + written[len(former) :]
        return written
