"""text/mojibake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from dslint.plugin import Batch, Finding, Record, RecordRule, pattern

_SUSPECT = pattern(
    r"[^\x00-\x7f\u0400-\u04ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]|[\u0400-\u04ff]{2}"
)
_LOST = "\N{REPLACEMENT CHARACTER}"
_RIGHT = {"utf-8": "UTF-8", "utf-8-variants": "UTF-8"}

Span = tuple[int, int, str | None]
"""Start, end, and how the text came about; None for that where a character is lost."""


@dataclass(frozen=True)
class Mojibake(RecordRule):
    """Texts that were decoded in the wrong encoding, or lost characters on the way.

    Why: a model learns the garble letter for letter, wastes tokens on it, and says it to users.

    A line is judged as ftfy judges it, a library that repairs such text and takes care to leave good text alone: it is garbled if undoing a wrong
    decoding gives plausible text. The suggestion names the encodings that were confused, never the repaired text, which may be anybody's name.
    U+FFFD, the character that stands for lost ones, is found as well.

    Measured: ftfy's own 161 test cases: 109 of the 123 that its full repair changes are found, 1 of the 38 good ones is flagged. Of the other 14,
    seven hold no mojibake (curly quotes, digraphs of one character), two hold control characters, the business of text/invisible-characters, one
    an HTML entity, and four are missed. In 4,045 records of eleven public demo sets 9 findings, all true; in the Declaration of Human Rights in
    388 languages and scripts (NLTK's udhr2) three files, all true.

    Blind spots: a few garbled letters that could be meant, such as a Cyrillic letter in a French word; text that was mended half.

    Options: `roles`, which texts to judge.

    Flags::

        {"messages": [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "In the cafÃ© on the left."}]}
        {"messages": [{"role": "user", "content": "Is it hot?"}, {"role": "assistant", "content": "No, 20\ufffd only."}]}

    Passes::

        {"messages": [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "In the café, «à gauche» — 20 °C, naïve…"}]}

    Cure: decode the source again, in the encoding that the suggestion names; or repair the text, with `ftfy.fix_encoding`.
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
                        "a replacement character stands where decoding lost one",
                    )
                else:
                    yield self.finding(
                        part.at(start, end), "garbled by a wrong decoding", suggestion=confused
                    )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Look for records with letters that could be garbled."""
        texts = batch.texts(self.roles)
        hit = {
            position
            for position, item in zip(texts.positions, texts.items, strict=True)
            if not item.text.isascii() and _SUSPECT.search(item.text)
        }
        for position in sorted(hit):
            yield from self.check(batch.records[position])


def _spans(text: str) -> Iterator[Span]:
    """Yield what is garbled in each line, or lost."""
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
    """Return where two lines differ, in the first one."""
    shorter = min(len(line), len(repaired))
    head = next(
        (n for n, (a, b) in enumerate(zip(line, repaired, strict=False)) if a != b), shorter
    )
    rest = shorter - head
    tail = next((n for n in range(rest) if line[-1 - n] != repaired[-1 - n]), rest)
    return begin + head, begin + len(line) - tail


def _confused(steps: Iterable[tuple[str, str]]) -> str:
    """Say which encodings were confused, by the steps that undo it, the last mistake first. It quotes no text."""
    said: list[str] = []
    wrong = ""
    for step, name in steps:
        if step == "encode":
            wrong = name.removeprefix("sloppy-")
        elif step == "decode":
            said.append(f"decoded as {wrong} instead of {_RIGHT.get(name, name)}")
        elif name == "decode_inconsistent_utf8":
            said.append("decoded in part as another encoding than UTF-8")
        elif name == "fix_c1_controls":
            said.append("decoded as latin-1 instead of windows-1252")
    return ", and before that ".join(dict.fromkeys(said))


@cache
def _ftfy() -> Any:
    import ftfy  # 0.2 s, and few texts need it

    return ftfy
