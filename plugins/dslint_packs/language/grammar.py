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
"""Sentences that are taken from a text: more texts tell more than longer ones."""
FEWEST_WORDS = 100
"""Words below which there is no rate per 100 of them."""
SHORTEST = 4
"""Words that a sentence has at the least; what is shorter is a label or a greeting."""
LONGEST = 2_000
"""Characters that a sentence has at the most; what is longer is a list or a text without punctuation, and Harper's time grows with its square."""

_SENTENCE = pattern(r"[^\s.!?][^.!?\n]*+(?:[.!?]++[\"'”’)]*+(?=\s|\Z)())?")  # noqa: RUF001 - quotes
"""A sentence, or what ends without being one, which has no group: it is passed in one go."""
_NOT_LATIN = pattern(r"[^\x00-\u024f\u2000-\u206f]")

CURATED = frozenset(
    """
    AdjectiveDoubleDegree AllowTo AnA AnAnother ArriveTo AskNoPreposition AspireTo AwaitFor CapitalizePersonalPronouns CommaFixes
    CriteriaPhenomena DespiteOf DidPast Discuss DoubleModal EachOthersPossessive FewUnitsOfTimeAgo HadOf HeDos IAmAgreement
    InflectedVerbAfterTo InterestedIn IsBeenAuxSequence ItsContraction ItsPossessive LetsConfusion LookingForwardTo MissingDeterminer
    MissingPreposition MissingTo ModalBeAdjective ModalOf MoreBetter MostNumber NeedToNoun OneOfTheSingular PayForPrice PossessiveYour
    ProgressiveNeedsBe PronounAre PronounInflectionBe PronounKnew PronounVerbAgreement QuantifierNeedsOf QuantifierNumeralConflict
    QuiteMany RedundantProgressiveComparative RepeatedWords SaveToSafe SimplePastToPastParticiple SinceDuration SpellCheck
    SubjectPronoun SupposedTo TheAnother TheMy TheirToThere TheirToTheyre ThenThan ThereIsAgreement ThereToTheir ThesesThese
    TheyToThem ThoughThought ToTwoToo TooTo VerbToAdjective WereWhere WillNonLemma WorthToDo YourPredicateAdjective
    """.split()  # noqa: SIM905 - read as a text
)
"""Rules of Harper that say what is wrong, not what is bad style; those that fire on good text as often are left out."""


@dataclass(frozen=True)
class Grammar(DatasetRule):
    """How many errors of grammar and spelling English texts have, for every 100 words.

    Why: a model learns to write as well as what it learns from. A single sentence tells little; a few hundred tell whether a dataset was proofread.

    Harper, an English checker that works offline, reads a sample: those texts whose digests are lowest, so that the sample is random, and the
    same however the data is cut or ordered. Of each text the first five sentences count, if they are prose: no code, figures, names of things
    with signs, no lines without a full stop, no sentences of more than 2,000 characters. The rate comes with a 95 % interval over texts:
    `errors-per-100-words-low` and `-high`. Below 100 words there is none. With `full` every text is read whole, by all workers, and each record
    with an error has a finding with the number of them.

    Counted are rules of Harper on agreement, articles, prepositions, confused and repeated words, and capitals; and unknown words in small
    letters that are not British spelling, so that names do not count. Rules of style are off.

    Measured: 57 learners' sentences of JFLEG's test set (consecutive, detokenised) have 5.2 errors per 100 words (3.5 to 6.9), their corrections
    0.9 (0.0 to 1.7); of 2,000 random draws of 25 learners' sentences and 25 corrections of other sentences the rate tells all apart. Web pages
    (c4_demo, 190 texts) have 0.9 (0.6 to 1.2), answers of a model (alpaca_en_demo, 333 texts) 0.2 (0.1 to 0.3). Of 900 minimal pairs of BLiMP
    (six paradigms on agreement, participles and islands) it finds the wrong one in 6, and takes the right one for it in 5: nothing to rely on.
    250 texts take about 5 CPU seconds.

    Blind spots: agreement over a distance, tense, word order: Harper does not parse deeply. Terms that it does not know count as misspelt. A single
    text is judged badly; so findings of `full` are infos.

    Options: `sample`, how many texts; `full`, all of them; `dialect`, `en-us` or `en-gb`, else both are right; `allow`, words that are right
    here; `roles`, which texts to judge.

    Flags with {"full": true}::

        {"text": "I has seen a apple. He go to school yesterday and and buyed some breads."}

    Passes with {"full": true}::

        {"text": "I have seen an apple. He went to school yesterday and bought some bread."}

    Cure: look at the records that `full` finds, and have them proofread; or set a limit on the rate, so that it does not grow.
    """

    name = "grammar"
    severity = Severity.INFO
    languages = ("en",)
    requires = ("harper",)
    extra = "grammar"
    takes = ("dialect",)
    state = {"text": "binary[16]", "field": "string", "errors": "int64", "words": "int64"}  # noqa: RUF012 - a declaration, never changed
    measures = {  # noqa: RUF012 - a declaration, never changed
        "errors-per-100-words": "errors for every 100 words of the sample",
        "errors-per-100-words-low": "lower end of its 95 % interval",
        "errors-per-100-words-high": "upper end of its 95 % interval",
    }

    sample: int = 250
    full: bool = False
    dialect: Literal["any", "en-us", "en-gb"] = "any"
    allow: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("target",)

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each text with a sentence; its errors are counted now if all texts are read."""
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
        """Keep the rows with the lowest digests; all if all texts are read."""
        if self.full:
            return None
        rows = self._lowest(state)
        return {name: [getattr(row, name) for row in rows] for name in state.schema}

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield the rate with its interval and, if all texts are read, a finding for each record with errors."""
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
                f"{errors} error{'s' if errors > 1 else ''} of grammar or spelling in {words} words"
            )
            yield self.finding(
                state.at(rows[0], rows[0].field if len(rows) == 1 else ""),
                message,
                score=min(1.0, errors / words),
            )

    def _lowest(self, state: State) -> list[Any]:
        """Return the sample: of each text one row, in the order of digests."""
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
        """The words that are right though Harper does not know them: those of the other dialect, if both are right, and the project's own."""
        other = [
            item for item in self.resources if item.language == "en-us" and self.dialect == "any"
        ]
        return frozenset(word.lower() for word in self.allow).union(
            *(wordlist(item.data) for item in other)
        )

    def _count(self, found: Sequence[str]) -> tuple[int, int]:
        """Return the number of errors, and of words."""
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
        said = match[0]
        if (
            match.lastindex
            and len(said) <= LONGEST
            and said.count(" ") >= SHORTEST - 1
            and not _NOT_LATIN.search(said)
            and prose(said) == said
        ):
            found.append(said)
            if len(found) == most:
                break
    return found


def rate_of(counts: Sequence[tuple[int, int]]) -> tuple[float, float, float]:
    """Return errors per 100 words of texts with (errors, words), and its 95 % interval: a ratio of sums, with the variance over texts."""
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
    """Keep what Harper prints while it works out of standard output, which carries the report."""
    kept, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nothing)
