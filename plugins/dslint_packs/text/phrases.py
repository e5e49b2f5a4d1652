"""text/refusal and text/boilerplate: stock phrases of assistants, from lists that any plugin may add to."""

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
"""Characters from the beginning in which an answer declines, if it does: later on it is a remark."""

ALTERNATIVES = 12
"""More alternatives of a piece of a phrase are too many to look for one by one."""

_PLAIN = str.maketrans("\u2019\u02bc\u00b4\u00a0", "''' ")
_LICENCE, _SOURCE = "Apache-2.0", "written for dslint"


def resources() -> list[Resource]:
    """Return the lists that come along: `<kind>.<language>.txt`."""
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
    """Return the phrases of a list, each as pieces, each piece as alternatives: `(a|b)` is a piece with two, all else stands for itself.

    A list in a `.txt` file has a phrase a line; any other is a lexicon, whose terms are the phrases.
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
    """What rules on stock phrases share: one expression of all lists of the rule's kind, searched in small letters."""

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
        whole = [
            "".join(f"(?:{'|'.join(map(re.escape, piece))})" for piece in phrase)
            for phrase in self._phrases
        ]
        return re.compile(rf"(?<!\w)(?:{'|'.join(whole) or '(?!)'})")

    @cached_property
    def _hints(self) -> tuple[str, ...]:
        """One string for each phrase, or alternatives, without which it is not there: looking for them is much faster."""
        best = (
            min(phrase, key=lambda piece: (len(piece) > ALTERNATIVES, -min(map(len, piece))))
            for phrase in self._phrases
        )
        return tuple(dict.fromkeys(hint for piece in best for hint in piece))

    @abstractmethod
    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Return where the rule finds a phrase that counts."""

    @abstractmethod
    def _finding(self, at: Location) -> Finding:
        """Return the finding at a place."""

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text with a stock phrase, at the first."""
        for part in record.texts(self.roles):
            for start, end in self._spans(part.text)[:1]:
                yield self._finding(part.at(start, end))

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Judge the flat texts."""
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            for start, end in self._spans(item.text)[:1]:
                yield self._finding(texts.at(number, start, end))

    def _search(self, text: str) -> list[re.Match[str]]:
        lower = text.lower().replace("\n", " ")
        if not lower.isascii():
            # A few letters become two in small: offsets must stay those of the text.
            lower = (lower if len(lower) == len(text) else text).translate(_PLAIN)
        for hint in self._hints:
            if hint in lower:
                return list(self._pattern.finditer(lower))
        return []


@dataclass(frozen=True)
class Refusal(_Phrases):
    r"""Answers that decline to answer.

    Why: a model learns when to refuse from what it sees. Refusals that nobody meant to teach make it refuse more than it should; the measure
    `rate` says how many there are.

    An answer declines if it says so within its first 200 characters, at the beginning of a sentence or after "but" or a comma, and not in quotes.
    The phrases are English, German, French, Spanish and Chinese; plugins bring more as resources of the kind `refusal`.

    Measured: 68 findings in 4,045 records of eleven public demo sets; all decline, a few for want of what the prompt should hold.

    Blind spots: refusals in other words; in other languages. A refusal may well be right: it is an info.

    Options: `roles`, which texts to judge.

    Flags::

        {"messages": [{"role": "user", "content": "Pick a lock."}, {"role": "assistant", "content": "I'm sorry, but I can't help with that."}]}

    Passes::

        {"messages": [{"role": "user", "content": "My order is late."}, {"role": "assistant", "content": "I'm sorry to hear that. I can help."}]}
        {"messages": [{"role": "user", "content": "How does one decline?"}, {"role": "assistant", "content": "Say: \"I can't help you today.\""}]}

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
    """Answers in which a model speaks of itself, and texts with the small print of web pages.

    Why: a model that learns "as an AI language model" from another one calls itself so, and takes over its reservations and its cutoff date.

    The phrases are English, German, French, Spanish and Chinese; plugins bring more as resources of the kind `boilerplate`. Code does not count.
    "Lorem ipsum" and the lines on scripts and cookies are what C4 was cleaned of (Raffel et al. 2020). There is one finding for each text, at the
    first.

    Measured: 33 findings in 4,045 records of eleven public demo sets, all true; none in LLaMA-Factory's identity.json, in which an assistant is
    meant to say who it is.

    Blind spots: other phrases, and other languages. Texts about language models quote such phrases.

    Options: `roles`, which texts to judge.

    Flags::

        {"messages": [{"role": "user", "content": "Well?"}, {"role": "assistant", "content": "As an AI language model, I don't have feelings."}]}

    Passes::

        {"messages": [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": "I am Ada, the assistant of this shop."}]}

    Cure: cut the sentence, or remove the record.
    """

    name = "boilerplate"
    severity = Severity.INFO
    takes = ("boilerplate",)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        return outside_code(text, self._search(text))

    def _finding(self, at: Location) -> Finding:
        return self.finding(at, "a stock phrase of models or web pages")


def _begins(before: str) -> bool:
    """Say whether what stands before a phrase lets it begin a statement of the answer's own: nothing, a full stop, a comma, or "but"."""
    if before.count('"') % 2 or before.count("\u201c") > before.count("\u201d"):
        return False
    return (
        not before
        or before[-1] in ".!?,:;\n\u2014\u3002\uff0c\uff01"
        or before.lower().endswith((" but", " and", " so", " that", " however", "unfortunately"))
    )
