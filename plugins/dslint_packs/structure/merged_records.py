"""structure/merged-records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Record, RecordRule, outside_code, pattern

_WORD = r"(?:Instruction|Task|Input|Output|Response)"
_MERGED = pattern(
    rf"(?:^|\n)[ \t]*+#{{2,}}+[ \t]*+\n?[ \t]*+\d{{1,3}}[.)][ \t]*{_WORD}[ \t]*:"
    r"|(?:^|\n)[ \t]*(\d{1,3})[.)][ \t]*Instruction[ \t]*:[^\n]*(?:\n(?!\d)[^\n]*){0,20}"
    r"\n[ \t]*\1[.)][ \t]*(?:Input|Output)[ \t]*:"
)
_MESSAGE = "the next numbered instruction starts inside this text"


@dataclass(frozen=True)
class MergedRecords(RecordRule):
    r"""Texts in which several numbered instructions run together.

    Why: generated instruction data is split out of numbered lists; where the split failed, the
    text teaches a model to answer and then go on with a task that nobody set.

    Flags a separator and a numbered heading as in the prompts of self-instruct and Alpaca (`##`,
    then `18. Instruction:`), or a numbered instruction with its own numbered input or output.
    Code is skipped.

    Measured: no false positive in 4,061 records of thirteen public demo files, which contain no
    true positive either.

    Blind spots: headings in other languages.

    Options: `roles`, which texts to check.

    Flags::

        {"prompt": "Name a bird.", "completion": "Robin.\n\n##\n18. Instruction: Name a fish."}

    Passes::

        {"prompt": "List two steps.", "completion": "1. Instruction: read.\n2. Practice: do."}

    Cure: cut the text before the heading; the rest may become a record of its own.
    """

    name = "merged-records"

    roles: tuple[str, ...] = ("prompt", "target")

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each place where another record starts."""
        for part in record.texts(self.roles):
            for start, end in _places(part.text):
                yield self.finding(part.at(start, end), _MESSAGE)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check all texts of the batch in one pass."""
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            for start, end in _places(item.text):
                yield self.finding(texts.at(number, start, end), _MESSAGE)


def _places(text: str) -> list[tuple[int, int]]:
    if "##" not in text and not ("Instruction" in text and ("Input" in text or "Output" in text)):
        return []
    return outside_code(text, _MERGED.finditer(text))
