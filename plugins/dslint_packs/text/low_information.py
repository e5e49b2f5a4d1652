"""text/low-information."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Record, RecordRule, Severity, is_code, pattern, prose

FEWEST = 50
"""Words below which the limits on words do not apply: Gopher's lower limit for a document."""
SHORTEST, LONGEST = 3, 10
"""Gopher's limits on the mean length of words."""
WORDS = 0.5
"""Minimum share of words with a letter. Gopher asks for 0.8 of web pages; answers may have less."""
SYMBOLS = 0.1
"""Gopher's limit on hash signs and ellipses per word."""
LINES = 5
"""Lines below which the limit on lines does not apply."""
TRAILING = 0.3
"""Gopher's limit on lines that end in an ellipsis."""

_SAYS = pattern(r"[^\W_]|[^\x00-\x7f\u2010-\u2027\u3000-\u303f]|[=<>+*/\\^%$#@]")
_SYMBOL = pattern(r"#|\.{3}|…")
_SPACELESS = pattern(
    r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


@dataclass(frozen=True)
class LowInformation(RecordRule):
    """Texts with almost no content: no letter or digit, or mostly symbols.

    Why: a model learns to answer with them; failed extractions and empty templates leave them.

    Flags texts without a letter, digit, symbol or emoji (`...`, `-`). Texts of 50 words and more
    are compared, code aside, with the limits that Gopher's data was filtered with (Rae et al.
    2021): words are 3 to 10 characters long on average; there is at most one `#` or ellipsis for
    every ten words; at most 30 % of the lines end in an ellipsis. Half of the words must have a
    letter: Gopher asks for 80 % in web pages, which answers with calculations do not reach. Its
    limits on bullets and on words such as "the" are left out: lists are good answers, and so are
    short answers.

    Measured: 1 finding in 4,045 records of eleven public demo sets: a forum post that is partly
    written in dots.

    Blind spots: fluent text without content; texts in scripts without spaces are only flagged
    if they have no letter, digit, symbol or emoji.

    Options: `roles`, which texts to check.

    Flags::

        {"prompt": "What is the capital of France?", "completion": "..."}

    Passes::

        {"prompt": "Is it open?", "completion": "Yes."}
        {"prompt": "6 * 7?", "completion": "42"}
        {"prompt": "Which operator adds?", "completion": "+"}

    Cure: remove the record, or answer it.
    """

    name = "low-information"
    severity = Severity.INFO

    roles: tuple[str, ...] = ("target",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text with almost no content."""
        for part in record.texts(self.roles):
            if (reason := _reason(part.text)) is not None:
                yield self.finding(part.at(), reason)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check all texts of the batch in one pass."""
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            if (reason := _reason(item.text)) is not None:
                yield self.finding(texts.at(number), reason)


def _reason(text: str) -> str | None:
    """Return why a text has almost no content, else None; blank texts are left to other rules."""
    if not _SAYS.search(text):
        return "the text has no letter or digit" if text.strip() else None
    if text.count(" ") + text.count("\n") < FEWEST:
        return None
    words = text.split()
    if len(words) < FEWEST or _fine(text, words):
        return None
    content = prose(text)
    words = content.split()
    if is_code(text) or _SPACELESS.search(text) or len(words) < FEWEST:
        return None
    if not SHORTEST <= sum(map(len, words)) / len(words) <= LONGEST:
        return f"words are {sum(map(len, words)) / len(words):.1f} characters long on average"
    if 2 * sum(any(map(str.isalpha, word)) for word in words) < len(words):
        return "less than half of the words have a letter"
    if len(_SYMBOL.findall(content)) > SYMBOLS * len(words):
        return "more than one word in ten is a hash sign or an ellipsis"
    lines = [line.rstrip() for line in content.splitlines() if line.strip()]
    if len(lines) >= LINES and sum(line.endswith(("...", "…")) for line in lines) > TRAILING * len(
        lines
    ):
        return "more than 30 % of the lines end in an ellipsis"
    return None


def _fine(text: str, words: list[str]) -> bool:
    """Return whether a cheap test shows that the text exceeds no limit."""
    mean = sum(map(len, words)) / len(words)
    wordy = 2 * sum(map(str.isalpha, words)) >= len(words)
    return (
        SHORTEST + 0.5 <= mean <= LONGEST - 2
        and wordy
        and "…" not in text
        and "..." not in text
        and "#" not in text
    )
