"""text/mojibake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from dslint.plugin import Batch, Finding, Record, RecordRule, pattern

_SUSPECT = pattern(
    r"[^\x00-\x7f\u0400-\u04ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3000-\u9fff\uac00-\ud7af"
    r"\uff00-\uffef]|[\u0400-\u04ff]{2}"
)
_LOST = "\N{REPLACEMENT CHARACTER}"
_RIGHT = {"utf-8": "UTF-8", "utf-8-variants": "UTF-8"}

Span = tuple[int, int, str | None]
"""Start, end, and the wrong decoding; None for that where a character was lost."""


@dataclass(frozen=True)
class Mojibake(RecordRule):
    """Texts that were decoded in the wrong encoding, or lost characters in decoding.

    Why: a model learns the garbled letters, wastes tokens on them, and shows them to users.

    Each line is judged by ftfy, a library that repairs such text and takes care to leave good
    text alone: a line is garbled if undoing a wrong decoding gives plausible text. The suggestion
    names the confused encodings, never the repaired text, which may be a personal name. U+FFFD,
    the replacement character for lost ones, is flagged too.

    Measured: ftfy's own 161 test cases: 109 of the 123 that its full repair changes are found, 1
    of the 38 good ones is flagged. Of the other 14, seven contain no mojibake (curly quotes,
    digraphs of one character), two contain control characters, which are left to
    text/invisible-characters, one an HTML entity, and four are missed. In 4,045 records of eleven
    public demo sets 9 findings, all true; in the Declaration of Human Rights in 388 languages and
    scripts (NLTK's udhr2) three files, all true.

    Blind spots: a few garbled letters that could be intended, such as a Cyrillic letter in a
    French word; text that was partly repaired.

    Options: `roles`, which texts to check.

    Flags::

        {"prompt": "Where is it?", "completion": "In the cafÃ© on the left."}
        {"prompt": "Is it hot?", "completion": "No, 20\ufffd only."}

    Passes::

        {"prompt": "Where is it?", "completion": "In the café, «à gauche» — 20 °C, naïve…"}

    Cure: decode the source again, in the encoding that the suggestion names, or repair the text
    with `ftfy.fix_encoding`.
    """

    name = "mojibake"
    sees = "all"

    roles: tuple[str, ...] = ("all",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each line that is garbled or lost a character."""
        for part in record.texts(self.roles):
            for start, end, confused in _spans(part.text):
                if confused is None:
                    yield self.finding(
                        part.at(start, end),
                        "a replacement character: a character was lost in decoding",
                    )
                else:
                    yield self.finding(
                        part.at(start, end), "garbled by a wrong decoding", suggestion=confused
                    )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Run `check` only on records with letters that could be garbled."""
        texts = batch.texts(self.roles)
        hit = {
            position
            for position, item in zip(texts.positions, texts.items, strict=True)
            if not item.text.isascii() and _SUSPECT.search(item.text)
        }
        for position in sorted(hit):
            yield from self.check(batch.records[position])


def _spans(text: str) -> Iterator[Span]:
    """Yield the garbled span of each line, or its first lost character."""
    if text.isascii() or not _SUSPECT.search(text):
        return
    begin = 0
    for line in text.split("\n"):
        if not line.isascii() and _SUSPECT.search(line):
            repaired, steps = _ftfy().fix_encoding_and_explain(line)
            if repaired != line:
                yield *_difference(line, repaired, begin), _confused(steps)
            elif _LOST in line:
                at = begin + line.index(_LOST)
                yield at, at + 1, None
        begin += len(line) + 1


def _difference(line: str, repaired: str, begin: int) -> tuple[int, int]:
    """Return the span of the first line that differs from the second."""
    shorter = min(len(line), len(repaired))
    head = next(
        (n for n, (a, b) in enumerate(zip(line, repaired, strict=False)) if a != b), shorter
    )
    rest = shorter - head
    tail = next((n for n in range(rest) if line[-1 - n] != repaired[-1 - n]), rest)
    return begin + head, begin + len(line) - tail


def _confused(steps: Iterable[tuple[str, str]]) -> str:
    """Return which encodings were confused, from the steps that undo it, the last mistake first.

    Quotes no text.
    """
    mistakes: list[str] = []
    wrong = ""
    for step, name in steps:
        if step == "encode":
            wrong = name.removeprefix("sloppy-")
        elif step == "decode":
            mistakes.append(f"decoded as {wrong} instead of {_RIGHT.get(name, name)}")
        elif name == "decode_inconsistent_utf8":
            mistakes.append("partly decoded in another encoding than UTF-8")
        elif name == "fix_c1_controls":
            mistakes.append("decoded as latin-1 instead of windows-1252")
    return ", and before that ".join(dict.fromkeys(mistakes))


@cache
def _ftfy() -> Any:
    import ftfy  # 0.2 s, and few texts need it

    return ftfy
