"""structure/unfilled-template."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from dslint.plugin import (
    Batch,
    Confidence,
    Finding,
    Location,
    Record,
    RecordRule,
    outside_code,
    pattern,
)

_DOUBLE = r"(?<![\w\\}\$^{])\{\{\s*[A-Za-z_][\w.\- |]{0,60}\}\}(?!\})"
_WORD = "[A-Za-z'’/&,-]+"  # noqa: RUF001 - an apostrophe
_PARTY = (
    "Recipient|Sender|Company|Customer|Client|Employer|Employee|Manager|Supervisor|Candidate"
    "|Applicant|Friend|Product|Project|Event|Job|Position|School|University|Organi[sz]ation"
    "|Business|Department|Team|Street|Contact|Person|Author|Salesperson|Hiring Manager|Landlord"
    "|Tenant|Teacher|Student"
)
_DATUM = (
    "Names?|Title|Address|E-?mail|Email Address|Phone|Phone Number|Telephone|Number|Dates?|Time"
    "|Location|City|State|Zip|ZIP|Code|Position|Signature|Website|URL|ID|Amount|Details|Info"
    "|Information|Here"
)
_ALONE = (
    "Name|Date|Company|Recipient|Sender|Manager|Customer|Client|Employer|Candidate|Applicant"
    "|Position|City|Signature"
)
_FORM = (
    rf"(?:Your|your|Insert|insert)(?: {_WORD}){{1,6}}"
    rf"|Enter (?:your|the|an?|name|date|address)(?: {_WORD}){{0,5}}"
    rf"|(?:{_PARTY}|First|Last|Full|{_DATUM})(?:['’]s)?,?(?: {_WORD}){{0,3}} (?:{_DATUM})"  # noqa: RUF001 - an apostrophe
    rf"|{_ALONE}|(?:{_PARTY})['’]s {_WORD}"  # noqa: RUF001 - an apostrophe
)
_LOUD = (
    r"YOUR(?: [A-Z'’/&-]+){1,5}|INSERT(?: [A-Z'’/&-]+){1,5}"  # noqa: RUF001 - an apostrophe
    rf"|(?:{_PARTY.upper()})(?: [A-Z'’/&-]+){{0,2}} (?:NAME|ADDRESS|TITLE|NUMBER)"  # noqa: RUF001 - an apostrophe
)
_ON_PURPOSE = pattern(
    r"\b(?:templates?|placeholders?|mad ?libs?|fill(?:ing|ed)?[ -]in|form letter)\b", re.IGNORECASE
)
_BRACKETS = rf"\[(?:{_FORM}|{_LOUD})\](?![(\[:])"
_SINGLE = r"(?<![\w\\}\$^{])\{[A-Za-z_][A-Za-z0-9_]{1,40}\}(?!\})"
_ANGLE = (
    r"<(?:your|insert|enter|name|company|date|customer|client|user|product)[ _-]?[a-z_ -]{0,30}>"
)


@dataclass(frozen=True)
class UnfilledTemplate(RecordRule):
    """Texts with a placeholder that nobody filled in.

    Why: a model that reads `{{name}}` or `[Your Name]` in its targets says exactly that to its
    users.

    Flags double braces around a name, and brackets around the words of a form ([Your Name],
    [Company Name], [Insert date]). Code and mathematics pass, and so do brackets in records that
    mention templates, placeholders or blanks to fill in.

    Measured: in LLaMA-Factory's identity.json all 85 records with a placeholder, and none of the
    6 without. Brackets: 30 findings in 11 of 2,774 records of its alpaca, dpo and kto demos and
    of Stanford's seed tasks, all true; none in 696 records of six other files.

    Blind spots: other notations; lists of fields in languages other than English; fields with
    words that are not in the list, such as [Charity Name].

    Options: `roles`, which texts to check; `single_braces` also flags `{name}`; `angle_brackets`
    also flags `<your name>`.

    Flags::

        {"prompt": "Who are you?", "completion": "I am {{name}}, made by {{author}}."}
        {"prompt": "Write a letter.", "completion": "Dear Sir, ... Yours, [Your Name]"}

    Passes::

        {"prompt": "Who are you?", "completion": "I am Ada."}
        {"prompt": "Jinja?", "completion": "Write `{{ name }}` in the template."}

    Cure: fill the placeholder in, or remove the record.
    """

    name = "unfilled-template"

    roles: tuple[str, ...] = ("prompt", "target")
    single_braces: bool = False
    angle_brackets: bool = False

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        options = [
            (True, _DOUBLE),
            (True, _BRACKETS),
            (self.single_braces, _SINGLE),
            (self.angle_brackets, f"(?i:{_ANGLE})"),
        ]
        return re.compile("|".join(pattern for wanted, pattern in options if wanted))

    def _places(self, text: str) -> list[tuple[int, int]]:
        if "{" not in text and "[" not in text and not (self.angle_brackets and "<" in text):
            return []
        return outside_code(text, self._pattern.finditer(text))

    def _found(self, at: Location, text: str) -> Finding:
        double = text.startswith("{{")
        message = (
            "a template variable was not filled in"
            if text.startswith(("{", "<"))
            else "a form placeholder was not filled in"
        )
        return self.finding(
            at, message, confidence=Confidence.HIGH if double else Confidence.MEDIUM
        )

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each placeholder."""
        on_purpose: bool | None = None
        for part in record.texts(self.roles):
            for start, end in self._places(part.text):
                if part.text[start] == "[":
                    on_purpose = _about_templates(record) if on_purpose is None else on_purpose
                    if on_purpose:
                        continue
                yield self._found(part.at(start, end), part.text[start:end])

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Run `check` only on records with a placeholder."""
        texts = batch.texts(self.roles)
        hit = {
            position
            for position, item in zip(texts.positions, texts.items, strict=True)
            if self._places(item.text)
        }
        for position in sorted(hit):
            yield from self.check(batch.records[position])


def _about_templates(record: Record) -> bool:
    return any(_ON_PURPOSE.search(part.text) for part in record.texts(("prompt", "target")))
