"""language/grammar."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from math import sqrt
from typing import Any, Literal

from dslint.plugin import (
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Measure,
    Severity,
    Source,
    State,
    digest,
    is_code,
    lookup,
    pattern,
    prose,
)
from dslint_packs.language.spelling import wordlist

SENTENCES = 5
"""Sentences taken from each text: more texts say more about a dataset than longer ones."""
FEWEST_WORDS = 100
"""Words below which no rate is given."""
SHORTEST = 4
"""Minimum number of words of a sentence; shorter ones are labels or greetings."""
LONGEST = 2_000
"""Maximum number of characters of a sentence, because Harper's time grows with its square.

Longer ones are lists, or texts without punctuation.
"""

_SENTENCE = pattern(r"[^\s.!?][^.!?\n]*+(?:[.!?]++[\"'”’)]*+(?=\s|\Z)())?")  # noqa: RUF001 - quotes
"""A sentence, which has a group, or text without an end of sentence, which has none.

The latter is matched to be skipped in one step.
"""
_NOT_LATIN = pattern(r"[^\x00-\u024f\u2000-\u206f]")

CURATED = frozenset(
    """
    AdjectiveDoubleDegree AllowTo AnA AnAnother ArriveTo AskNoPreposition AspireTo AwaitFor
    CapitalizePersonalPronouns CommaFixes CriteriaPhenomena DespiteOf DidPast Discuss DoubleModal
    EachOthersPossessive FewUnitsOfTimeAgo HadOf HeDos IAmAgreement InflectedVerbAfterTo
    InterestedIn IsBeenAuxSequence ItsContraction ItsPossessive LetsConfusion LookingForwardTo
    MissingDeterminer MissingPreposition MissingTo ModalBeAdjective ModalOf MoreBetter MostNumber
    NeedToNoun OneOfTheSingular PayForPrice PossessiveYour ProgressiveNeedsBe PronounAre
    PronounInflectionBe PronounKnew PronounVerbAgreement QuantifierNeedsOf
    QuantifierNumeralConflict QuiteMany RedundantProgressiveComparative RepeatedWords SaveToSafe
    SimplePastToPastParticiple SinceDuration SpellCheck SubjectPronoun SupposedTo TheAnother TheMy
    TheirToThere TheirToTheyre ThenThan ThereIsAgreement ThereToTheir ThesesThese TheyToThem
    ThoughThought ToTwoToo TooTo VerbToAdjective WereWhere WillNonLemma WorthToDo
    YourPredicateAdjective
    """.split()  # noqa: SIM905 - read as a text
)
"""Harper's rules for errors, not those for style or those that fire on good text as often."""


@dataclass(frozen=True)
class Grammar(DatasetRule):
    """Rate of grammar and spelling errors in English texts, per 100 words.

    Why: a model learns to write as well as its training data. A single sentence says little; a
    few hundred show whether a dataset was proofread.

    Harper, an English checker that works offline, reads a sample: the texts with the lowest
    digests, so that the sample is random, and the same however the data is split or ordered. Of
    each text it reads the first five sentences that are prose: no code, digits, names with
    symbols, no lines without a full stop, no sentences of more than 2,000 characters. The rate
    comes with a 95 % interval over texts: `errors-per-100-words-low` and `-high`. Below 100 words
    there is no rate. With `full` every text is read completely, by all workers, and each record
    with errors has a finding with their number.

    Counted are Harper's rules on agreement, articles, prepositions, confused and repeated words,
    and capitals; and unknown words in lower case that are not British spelling, so that names do
    not count. Rules of style are off.

    Measured: 57 learners' sentences of JFLEG's test set (consecutive, detokenised) have 5.2 errors
    per 100 words (3.5 to 6.9), their corrections 0.9 (0.0 to 1.7); in 2,000 random draws of 25
    learners' sentences and 25 corrections of other sentences the rate always separates the two.
    Web pages (c4_demo, 190 texts) have 0.9 (0.6 to 1.2), answers of a model (alpaca_en_demo, 333
    texts) 0.2 (0.1 to 0.3). Of 900 minimal pairs of BLiMP (six paradigms on agreement, participles
    and islands) it flags the wrong sentence in 6, and the right one in 5: nothing to rely on. 250
    texts take about 5 CPU seconds.

    Blind spots: agreement over a distance, tense, word order: Harper does not parse deeply. Terms
    that it does not know count as misspelled. It is unreliable for a single text, so findings of
    `full` have severity info.

    Options: `sample`, how many texts; `full`, all of them; `dialect`, `en-us` or `en-gb`, else
    both are accepted; `allow`, words to accept; `roles`, which texts to check.

    Flags with {"full": true}::

        {"text": "I has seen a apple. He go to school yesterday and and buyed some breads."}

    Passes with {"full": true}::

        {"text": "I have seen an apple. He went to school yesterday and bought some bread."}

    Cure: check the records that `full` finds, and have them proofread; or set a limit on the rate,
    so that it does not grow.
    """

    name = "grammar"
    severity = Severity.INFO
    languages = ("en",)
    requires = ("harper",)
    extra = "grammar"
    takes = ("dialect",)
    state = {  # noqa: RUF012 - a declaration, never changed
        "text": "binary[16]",
        "field": "string",
        "errors": "int64",
        "words": "int64",
    }
    measures = {  # noqa: RUF012 - a declaration, never changed
        "errors-per-100-words": "errors per 100 words of the sample",
        "errors-per-100-words-low": "lower end of its 95 % interval",
        "errors-per-100-words-high": "upper end of its 95 % interval",
    }

    sample: int = 250
    full: bool = False
    dialect: Literal["any", "en-us", "en-gb"] = "any"
    allow: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("target",)

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each text with a sentence; with `full`, with the count of its errors."""
        texts = batch.texts(self.roles)
        columns: dict[str, list[Any]] = {
            "record": [],
            "text": [],
            "field": [],
            "errors": [],
            "words": [],
        }
        for position, item in zip(texts.positions, texts.items, strict=True):
            found = sentences(item.text) if self.full else sentences(item.text, 1)
            if not found:
                continue
            errors, words = self._count(found) if self.full else (0, 0)
            for name, value in (
                ("record", position),
                ("text", digest(item.text)),
                ("field", item.field),
                ("errors", errors),
                ("words", words),
            ):
                columns[name].append(value)
        return columns

    def compact(self, state: State) -> Columns | None:
        """Keep the rows of the sample; all with `full`."""
        if self.full:
            return None
        rows = self._lowest(state)
        return {name: [getattr(row, name) for row in rows] for name in state.schema}

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield the rate with its interval, and with `full` a finding for each faulty record."""
        if self.full:
            counts = [
                (row.errors, row.words)
                for row in sorted(
                    state.rows(), key=lambda row: (row.text, row.file, row.row, row.field)
                )
            ]
            yield from self._findings(state)
        else:
            counts = self._sampled(state, source)
        if sum(words for _, words in counts) >= FEWEST_WORDS:
            rate, low, high = rate_of(counts)
            yield Measure("errors-per-100-words", rate)
            yield Measure("errors-per-100-words-low", low)
            yield Measure("errors-per-100-words-high", high)

    def _findings(self, state: State) -> Iterator[Finding]:
        records: dict[tuple[int, int], list[Any]] = {}
        for row in state.rows():
            if row.errors:
                records.setdefault((row.file, row.row), []).append(row)
        for _, rows in sorted(records.items()):
            errors, words = sum(row.errors for row in rows), sum(row.words for row in rows)
            message = (
                f"{errors} grammar or spelling error{'s' if errors > 1 else ''} in {words} words"
            )
            yield self.finding(
                state.at(rows[0], rows[0].field if len(rows) == 1 else ""),
                message,
                score=min(1.0, errors / words),
            )

    def _lowest(self, state: State) -> list[Any]:
        """Return the sample: one row for each text, in the order of digests."""
        rows = sorted(state.rows(), key=lambda row: (row.text, row.file, row.row, row.field))
        first = [
            row
            for number, row in enumerate(rows)
            if not number or row.text != rows[number - 1].text
        ]
        return first[: self.sample]

    def _sampled(self, state: State, source: Source) -> list[tuple[int, int]]:
        rows = self._lowest(state)
        places = {(state.input(row).path, row.row, row.field): row.text for row in rows}
        found: dict[bytes, list[str]] = {}
        for record in source.records({state.at(row) for row in rows}):
            for (path, number, field), text in places.items():
                if (path, number) == (record.path, record.row):
                    found[text] = sentences(str(lookup(record.value, field)), SENTENCES)
        return (
            [self._count(found[text]) for text in sorted(found)]
            if sum(len(one.split()) for some in found.values() for one in some) >= FEWEST_WORDS
            else []
        )

    @cached_property
    def _fine(self) -> frozenset[str]:
        """Words that are right though Harper does not know them.

        Those of the other dialect, if both are accepted, and the allowed ones.
        """
        other = [
            item for item in self.resources if item.language == "en-us" and self.dialect == "any"
        ]
        return frozenset(word.lower() for word in self.allow).union(
            *(wordlist(item.data) for item in other)
        )

    def _count(self, found: Sequence[str]) -> tuple[int, int]:
        """Return the number of errors and of words."""
        with _quiet():
            lints = [
                lint
                for sentence in found
                for lint in _linter(self.dialect).lint(sentence, language="plaintext")
            ]
        errors = sum(
            lint.lint_kind != "Spelling"
            or (
                lint.problem_text.islower()
                and lint.problem_text.isalpha()
                and lint.problem_text not in self._fine
            )
            for lint in lints
        )
        return errors, sum(len(sentence.split()) for sentence in found)


def sentences(text: str, most: int | None = None) -> list[str]:
    """Return the first sentences of a text that are prose."""
    if is_code(text):
        return []
    found: list[str] = []
    for match in _SENTENCE.finditer(text):
        sentence = match[0]
        if (
            match.lastindex
            and len(sentence) <= LONGEST
            and sentence.count(" ") >= SHORTEST - 1
            and not _NOT_LATIN.search(sentence)
            and prose(sentence) == sentence
        ):
            found.append(sentence)
            if len(found) == most:
                break
    return found


def rate_of(counts: Sequence[tuple[int, int]]) -> tuple[float, float, float]:
    """Return the errors per 100 words of texts with (errors, words), and its 95 % interval.

    The rate is a ratio of sums, with the variance over texts.
    """
    errors, words = sum(count for count, _ in counts), sum(count for _, count in counts)
    ratio, number = errors / words, len(counts)
    spread = sum((error - ratio * count) ** 2 for error, count in counts)
    half = 1.96 * sqrt(number / (number - 1) * spread) / words if number > 1 else ratio
    return 100 * ratio, 100 * max(0.0, ratio - half), 100 * (ratio + half)


@cache
def _linter(dialect: str) -> Any:
    from harper import Dialect, Linter

    linter = Linter(dialect=Dialect.BRITISH if dialect == "en-gb" else Dialect.AMERICAN)
    linter.set_lint_config({name: name in CURATED for name in linter.get_default_lint_config()})
    return linter


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard what Harper prints to the standard output, which carries the report."""
    stdout, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
        os.close(null)
