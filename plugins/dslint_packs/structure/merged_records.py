"""structure/merged-records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Record, RecordRule, outside_code, pattern

_WORD = r"(?:Instruction|Task|Input|Output|Response)"
_MERGED = pattern(
    rf"(?:^|\n)[ \t]*+#{{2,}}+[ \t]*+\n?[ \t]*+\d{{1,3}}[.)][ \t]*{_WORD}[ \t]*:"
    rf"|(?:^|\n)[ \t]*(\d{{1,3}})[.)][ \t]*Instruction[ \t]*:[^\n]*(?:\n(?!\d)[^\n]*){{0,20}}\n[ \t]*\1[.)][ \t]*(?:Input|Output)[ \t]*:"
)
_MESSAGE = "the next numbered instruction begins inside of this text"


@dataclass(frozen=True)
class MergedRecords(RecordRule):
    r"""Texts in which several numbered instructions run together.

    Why: generated instruction data is cut out of numbered lists; where the cut failed, the text teaches a model to answer and then go on with a
    task that nobody set.

    A separator and a numbered heading as in the prompts of self-instruct and Alpaca (`##`, then `18. Instruction:`), or a numbered instruction with
    its own numbered input or output. Code is left alone.

    Measured: no false alarm in 4,061 records of thirteen public demo files; there is no true one in them to be found.

    Blind spots: headings in other languages.

    Options: `roles`, which texts to judge.

    Flags::

        {"instruction": "Name a bird.", "input": "", "output": "Robin.\n\n##\n18. Instruction: Name a fish.\n18. Input:\nNone"}

    Passes::

        {"instruction": "List two steps.", "input": "", "output": "1. Instruction: read it.\n2. Practice: do it."}

    Cure: cut the text before the heading; what follows may become a record of its own.
    """

    name = "merged-records"

    roles: tuple[str, ...] = ("prompt", "target")

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each place where another record begins."""
        for part in record.texts(self.roles):
            for start, end in _places(part.text):
                yield self.finding(part.at(start, end), _MESSAGE)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Go through the texts flat."""
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            for start, end in _places(item.text):
                yield self.finding(texts.at(number, start, end), _MESSAGE)


def _places(text: str) -> list[tuple[int, int]]:
    if "##" not in text and not ("Instruction" in text and ("Input" in text or "Output" in text)):
        return []
    return outside_code(text, _MERGED.finditer(text))
