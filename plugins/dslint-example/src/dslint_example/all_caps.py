"""example/all-caps: a record rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from dslint.plugin import Finding, Meta, Record, RecordRule


@dataclass(frozen=True)
class AllCaps(RecordRule):
    """Replies written mostly in capitals.

    Why: models copy the register of the replies that they are trained on.

    Options: `max_share`, the highest share of capitals among the letters that passes;
    `min_letters`, below which a text is not checked; `roles`, which texts to check.

    Flags::

        {"prompt": "hi", "completion": "PLEASE STOP SHOUTING"}

    Passes::

        {"prompt": "hi", "completion": "Hello, says NASA."}

    Cure: write the reply in sentence case.
    """

    name = "all-caps"

    roles: tuple[str, ...] = ("target",)
    max_share: Annotated[float, Meta(ge=0, le=1)] = 0.5
    min_letters: Annotated[int, Meta(ge=1)] = 8

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text written mostly in capitals."""
        for part in record.texts(self.roles):
            letters = [char for char in part.text if char.isalpha()]
            share = sum(map(str.isupper, letters)) / len(letters) if letters else 0.0
            if len(letters) >= self.min_letters and share > self.max_share:
                yield self.finding(part.at(), "most letters are capitals", score=round(share, 3))
