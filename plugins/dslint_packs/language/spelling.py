"""language/spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from dslint.plugin import (
    Batch,
    Finding,
    OptionFile,
    Part,
    Record,
    RecordRule,
    Resource,
    Severity,
    is_code,
    pattern,
    primary,
    prose,
)

_WORD = pattern(r"[^\W\d_]+")
_ALONE = r"(?<![\w'’@#./\\-])(?:{})(?![\w'’@/\\-]|\.\w)"  # noqa: RUF001 - an apostrophe

_ORIGINS = {
    "misspellings": (
        "MIT OR Apache-2.0",
        "typos-dict of crate-ci/typos, selected; see the head of the file",
        "1.52.0",
    ),
    "dialect": ("Apache-2.0", "written for dslint", "1"),
}
"""Licence, source and version of each kind of list."""


def resources() -> list[Resource]:
    """Return the built-in word lists: `<kind>.<language>.csv`."""
    return [
        Resource(
            kind=kind,
            name=f"{kind}-{language}",
            path=str(path),
            language=language,
            licence=licence,
            source=source,
            version=version,
        )
        for path in sorted((Path(__file__).parent / "words").glob("*.csv"))
        for kind, language in [path.stem.split(".")]
        for licence, source, version in [_ORIGINS[kind]]
    ]


def wordlist(data: bytes) -> dict[str, str]:
    """Return words with the text after each, from lines `word,text`; `#` starts a comment."""
    lines = data.decode("utf-8-sig").splitlines()
    head = next((number for number, line in enumerate(lines) if line[:1] != "#"), len(lines))
    cells = "\n".join(lines[head:]).replace("\n", ",").split(",")
    if (
        len(cells) == 2 * (len(lines) - head)
        and "#" not in cells[0]
        and not any(cell[:1] == "#" for cell in cells[::2])
    ):
        # Every line has one comma: reading them as pairs is much faster.
        return dict(zip(cells[::2], cells[1::2], strict=True))
    return {
        word: more
        for word, _, more in (line.partition(",") for line in lines if line and line[0] != "#")
    }


@dataclass(frozen=True)
class Spelling(RecordRule):
    """Misspelled words.

    Why: a model that learns from misspelled answers misspells its own.

    Flags known misspellings, with the right word as suggestion: words that are not in the list
    pass, and with them names, terms and slang. The list is the dictionary of typos, without the
    words that are rare words, names, dialect, or words of other languages. Texts that are known
    to be in another language than that of a list, code, mathematics, addresses, identifiers, and
    capitalized words, which may be names, pass. So does both American and British spelling,
    unless `dialect` requires one. Plugins add lists for other languages as resources of the kind
    `misspellings`.

    Measured: 12 findings in 4,045 records of eleven public demo sets, all true: 11 in c4_demo,
    which are web pages, 1 in alpaca_en_demo. Of 57 learners' sentences of JFLEG (922 words) 11
    words are found; in their corrections (920 words) 2, which the correctors had overlooked. The
    21,324 sentences of NLTK's sentence_polarity and subjectivity (465,000 words of film reviews
    and plots, all in lower case): 87 findings, nearly all true. In the Declaration of Human Rights
    in 22 other languages none.

    Blind spots: misspellings that are not in the list, or that are words (`form` for "from");
    capitalized words.

    Options: `dialect`: `any`, `en-us` or `en-gb`; `allow`, words to accept; `dictionary`, a file
    of such words, one a line; `roles`, which texts to check: users may misspell.

    Flags::

        {"prompt": "Is it in stock?", "completion": "Unfortunately we did not recieve any."}

    Passes::

        {"prompt": "did u recieve it", "completion": "Yes, in grey colour, as `recieve()`."}

    Flags with {"dialect": "en-us"}::

        {"text": "The colour of the sea is what we came for."}

    Cure: use the suggestion, or allow the word.
    """

    name = "spelling"
    severity = Severity.INFO
    takes = ("misspellings", "dialect")

    dialect: Literal["any", "en-us", "en-gb"] = "any"
    allow: tuple[str, ...] = ()
    dictionary: OptionFile | None = None
    roles: tuple[str, ...] = ("target",)

    @cached_property
    def _lists(self) -> Mapping[str, Mapping[str, str]]:
        """The misspellings of each language, with the right spelling."""
        allowed = {word.lower() for word in self.allow} | {
            word.lower() for word in wordlist(self.dictionary.data if self.dictionary else b"")
        }
        lists: dict[str, dict[str, str]] = {}
        for resource in self.resources:
            if resource.kind == "misspellings" or resource.language == self.dialect:
                lists.setdefault(primary(resource.language) or "", {}).update(
                    wordlist(resource.data)
                )
        for words in lists.values():
            for word in allowed.intersection(words):
                del words[word]
        return lists

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset().union(*self._lists.values())

    def _suspects(self, text: str) -> frozenset[str]:
        return self._known.intersection(_WORD.findall(text))

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each misspelled word."""
        for part in record.texts(self.roles):
            if suspects := self._suspects(part.text):
                yield from self._misspelled(part, suspects)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Run `check` only on records with a suspect word."""
        texts = batch.texts(self.roles)
        known = self._known
        hit = {
            position
            for position, item in zip(texts.positions, texts.items, strict=True)
            if not known.isdisjoint(_WORD.findall(item.text))
        }
        for position in sorted(hit):
            yield from self.check(batch.records[position])

    def _misspelled(self, part: Part, suspects: frozenset[str]) -> Iterable[Finding]:
        """Yield a finding for each suspect in prose.

        The text must not be known to be in another language than the list of the suspect.
        """
        language = part.language
        right = {
            word: words[word]
            for code, words in self._lists.items()
            if language in (code, None)
            for word in suspects & words.keys()
        }
        if not right or is_code(part.text):
            return
        text = prose(part.text)
        expression = _ALONE.format("|".join(sorted(map(re.escape, right))))
        for match in re.finditer(expression, text):
            yield self.finding(
                part.at(*match.span()),
                "a misspelled word",
                suggestion=right[match[0]].split(",")[0] or None,
            )
