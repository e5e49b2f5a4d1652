"""duplicates/repeated-line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from dslint.plugin import (
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Measure,
    Meta,
    Severity,
    Source,
    State,
    secure_digest,
)
from dslint_packs.duplicates.normalize import normalize


@dataclass(frozen=True)
class RepeatedLine(DatasetRule):
    r"""Lines that many records share.

    Why: the model reads menus, signatures, disclaimers and stock openings as often as they
    occur, and repeats them in its answers.

    Lines of the texts of `roles` are compared after normalization; lines of fewer than
    `min_words` words are ignored. At most one finding per record.

    Blind spots: lines that differ in a name or a number.

    Options: `most`, how many records may share a line; `min_words`; `roles`.

    Flags with {"most": 1}::

        {"text": "Rain in the north.\nClick here to subscribe to our newsletter."}
        {"text": "Sun in the south.\nClick here to subscribe to our newsletter!"}

    Passes with {"most": 1}::

        {"text": "Rain in the north.\nMore on this tomorrow."}
        {"text": "Sun in the south.\nMore on this tonight."}

    Cure: delete the line.
    """

    name = "repeated-line"
    severity = Severity.INFO
    default = False
    state = {  # noqa: RUF012 - a declaration, never changed
        "digest": "binary[16]",
        "field": "string",
        "start": "int32",
        "end": "int32",
    }
    key = "digest"
    measures = {"lines": "lines shared by more than `most` records"}  # noqa: RUF012 - as above

    roles: tuple[str, ...] = ("target",)
    most: Annotated[int, Meta(ge=1)] = 20
    min_words: Annotated[int, Meta(ge=1)] = 4

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each distinct line of enough words in each record."""
        texts = batch.texts(self.roles)
        places: dict[tuple[int, bytes], tuple[str, int, int]] = {}
        for position, item in zip(texts.positions, texts.items, strict=True):
            start = 0
            for line in item.text.split("\n"):
                normal = normalize(line)
                if normal.count(" ") + 1 >= self.min_words:
                    places.setdefault(
                        (position, secure_digest(normal)), (item.field, start, start + len(line))
                    )
                start += len(line) + 1
        fields, starts, ends = zip(*places.values(), strict=True) if places else ((), (), ())
        return {
            "record": [p for p, _ in places],
            "digest": [line for _, line in places],
            "field": fields,
            "start": starts,
            "end": ends,
        }

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record with a line that too many records share."""
        del source
        for _, group in state.groups(at_least=self.most + 1):
            yield Measure("lines", 1)
            first, *others = sorted(group)
            for member in (first, *others):
                at = state.at(member, member.field, member.start, member.end)
                other = others[0] if member is first else first
                yield self.finding(
                    at, f"{len(group):,} records share this line", related=[state.at(other)]
                )
