"""text/refusal and text/boilerplate: stock phrases, from lists that plugins can extend."""

from __future__ import annotations

import re
import unicodedata
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dslint.plugin import (
    Batch,
    Finding,
    Location,
    Record,
    RecordRule,
    Resource,
    Severity,
    lexicon_of,
    outside_code,
)

EARLY = 200
"""Characters within which a refusal must start: later in an answer it is a remark."""

ALTERNATIVES = 12
"""Maximum number of alternatives of a piece of a phrase that are searched for one by one."""

_PLAIN = str.maketrans("\u2019\u02bc\u00b4\u00a0", "''' ")
_LICENCE, _SOURCE = "Apache-2.0", "written for dslint"


def resources() -> list[Resource]:
    """Return the built-in lists: `<kind>.<language>.txt`."""
    return [
        Resource(
            kind=kind,
            name=f"{kind}-{language}",
            path=str(path),
            language=language,
            licence=_LICENCE,
            source=_SOURCE,
            version="1",
        )
        for path in sorted((Path(__file__).parent / "phrases").glob("*.txt"))
        for kind, language in [path.stem.split(".")]
    ]


def phrases(resource: Resource) -> list[list[list[str]]]:
    """Return the phrases of a list: each a list of pieces, each piece a list of alternatives.

    `(a|b)` is a piece with two alternatives; all else is literal.

    A `.txt` file has one phrase a line; any other list is a lexicon, whose terms are the phrases.
    """
    if not resource.path.endswith(".txt"):
        return [
            [[unicodedata.normalize("NFC", term).lower()]]
            for entry in lexicon_of(resource).entries
            for term in (entry.term, *entry.forms)
        ]
    lines = [line.strip() for line in resource.data.decode("utf-8-sig").splitlines()]
    return [
        [
            piece[1:-1].split("|") if piece[0] == "(" else [piece]
            for piece in re.findall(r"\([^)]*\)|[^(]+", line)
        ]
        for line in lines
        if line and not line.startswith("#")
    ]


@dataclass(frozen=True)
class _Phrases(RecordRule):
    """Base of the rules on stock phrases: one regex of all lists of the kind, on lower case."""

    roles: tuple[str, ...] = ("target",)

    @cached_property
    def _phrases(self) -> list[list[list[str]]]:
        return [
            phrase
            for resource in self.resources
            if resource.kind in self.takes
            for phrase in phrases(resource)
        ]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        alternatives = [
            "".join(f"(?:{'|'.join(map(re.escape, piece))})" for piece in phrase)
            for phrase in self._phrases
        ]
        return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives) or '(?!)'})")

    @cached_property
    def _hints(self) -> tuple[str, ...]:
        """Strings of which every match contains one: searching for them first is much faster."""
        best = (
            min(phrase, key=lambda piece: (len(piece) > ALTERNATIVES, -min(map(len, piece))))
            for phrase in self._phrases
        )
        return tuple(dict.fromkeys(hint for piece in best for hint in piece))

    @abstractmethod
    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Return the spans of phrases that count."""

    @abstractmethod
    def _finding(self, at: Location) -> Finding:
        """Return the finding at a place."""

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text with a stock phrase, at the first one."""
        for part in record.texts(self.roles):
            for start, end in self._spans(part.text)[:1]:
                yield self._finding(part.at(start, end))

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check all texts of the batch in one pass."""
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            for start, end in self._spans(item.text)[:1]:
                yield self._finding(texts.at(number, start, end))

    def _search(self, text: str) -> list[re.Match[str]]:
        lower = text.lower().replace("\n", " ")
        if not lower.isascii():
            # Lower case may be longer for a few letters: offsets must stay those of the text.
            lower = (lower if len(lower) == len(text) else text).translate(_PLAIN)
        for hint in self._hints:
            if hint in lower:
                return list(self._pattern.finditer(lower))
        return []


@dataclass(frozen=True)
class Refusal(_Phrases):
    r"""Answers that decline to answer.

    Why: a model learns from its examples when to refuse. Refusals that nobody intended make it
    refuse more than it should; the measure `rate` shows how many there are.

    Flags answers that refuse with a known phrase within their first 200 characters, at the start
    of a sentence or after "but" or a comma, and not in quotes. The phrases are English, German,
    French, Spanish and Chinese; plugins add more as resources of the kind `refusal`.

    Measured: 68 findings in 4,045 records of eleven public demo sets; all decline, a few because
    of something missing from the prompt.

    Blind spots: refusals in other words; in other languages. A refusal may well be right, so the
    severity is info.

    Options: `roles`, which texts to check.

    Flags::

        {"prompt": "Pick a lock.", "completion": "I'm sorry, but I can't help with that."}

    Passes::

        {"prompt": "My order is late.", "completion": "I'm sorry to hear that. I can help."}
        {"prompt": "How to decline?", "completion": "Say: \"I can't help you today.\""}

    Cure: decide which refusals to teach, and remove the others.
    """

    name = "refusal"
    severity = Severity.INFO
    takes = ("refusal",)

    roles: tuple[str, ...] = ("assistant",)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        found = (match.span() for match in self._search(text[: 2 * EARLY]))
        return [span for span in found if span[0] <= EARLY and _begins(text[: span[0]].rstrip())]

    def _finding(self, at: Location) -> Finding:
        return self.finding(at, "the answer declines to answer")


@dataclass(frozen=True)
class Boilerplate(_Phrases):
    """Answers in which a model refers to itself, and texts with web page boilerplate.

    Why: a model that learns "as an AI language model" from another one calls itself so, and
    adopts its reservations and its cutoff date.

    The phrases are English, German, French, Spanish and Chinese; plugins add more as resources of
    the kind `boilerplate`. Code is skipped. "Lorem ipsum" and the lines on scripts and cookies
    are what C4 was cleaned of (Raffel et al. 2020). One finding for each text, at the first
    phrase.

    Measured: 33 findings in 4,045 records of eleven public demo sets, all true; none in
    LLaMA-Factory's identity.json, in which an assistant is meant to say who it is.

    Blind spots: other phrases, and other languages. Texts about language models quote such
    phrases and are flagged too.

    Options: `roles`, which texts to check.

    Flags::

        {"prompt": "Well?", "completion": "As an AI language model, I don't have feelings."}

    Passes::

        {"prompt": "Who are you?", "completion": "I am Ada, the assistant of this shop."}

    Cure: cut the sentence, or remove the record.
    """

    name = "boilerplate"
    severity = Severity.INFO
    takes = ("boilerplate",)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        return outside_code(text, self._search(text))

    def _finding(self, at: Location) -> Finding:
        return self.finding(at, "a stock phrase of a model or a web page")


def _begins(before: str) -> bool:
    """Return whether a phrase after this text starts a statement of the answer's own.

    It does after nothing, a full stop, a comma or a word such as "but", and not in quotes.
    """
    if before.count('"') % 2 or before.count("\u201c") > before.count("\u201d"):
        return False
    return (
        not before
        or before[-1] in ".!?,:;\n\u2014\u3002\uff0c\uff01"
        or before.lower().endswith((" but", " and", " so", " that", " however", "unfortunately"))
    )
