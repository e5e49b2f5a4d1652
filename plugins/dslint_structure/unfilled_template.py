"""structure/unfilled-template."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from dslint.plugin import Batch, Confidence, Finding, Location, Record, RecordRule

_CODE = r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`|<(code|pre)\b.*?(?:</\1>|\Z)"
_DOUBLE = r"(?<![\w\\}\$^{])\{\{\s*[A-Za-z_][\w.\- |]{0,60}\}\}(?!\})"
_FIRST = (
    "Your|Insert|Enter|Recipient|Sender|Company|Customer|Client|Employer|Employee|Manager|Candidate|Applicant|Friend|Product|Project|Event|Job|Position|"
    "School|University|Organi[sz]ation|Business|City|Street|Address|Phone|Email|E-mail|Contact|Date|Name|First|Last|Full"
)
_BRACKETS = rf"\[(?:(?:{_FIRST})(?:['’]s)?(?: [A-Za-z'’/&-]+){{0,5}}|(?:{_FIRST.upper()})(?:['’]S)?(?: [A-Z'’/&-]+){{0,5}})\](?![(\[:])"  # noqa: RUF001
_SINGLE = r"(?<![\w\\}\$^{])\{[A-Za-z_][A-Za-z0-9_]{1,40}\}(?!\})"
_ANGLE = r"<(?:your|insert|enter|name|company|date|customer|client|user|product)[ _-]?[a-z_ -]{0,30}>"


@dataclass(frozen=True)
class UnfilledTemplate(RecordRule):
    """Texts with a placeholder that nobody filled in.

    Why: a model that reads `{{name}}` or `[Your Name]` in its targets says just that to its users.

    Double braces around a name, and brackets around the words of a form ([Your Name], [Company Name], [Insert date]); code and mathematics are left
    alone. Blind spots: other notations, and texts that are about templates on purpose.

    Options: `roles`, which texts to judge; `single_braces` also flags `{name}`; `angle_brackets` also flags `<your name>`.

    Flags::

        {"messages": [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": "I am {{name}}, made by {{author}}."}]}
        {"messages": [{"role": "user", "content": "Write a letter."}, {"role": "assistant", "content": "Dear Sir, ... Yours, [Your Name]"}]}

    Passes::

        {"messages": [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": "I am Ada."}]}
        {"messages": [{"role": "user", "content": "Jinja?"}, {"role": "assistant", "content": "Write `{{ name }}` in the template."}]}

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

    def _places(self, text: str) -> Iterable[tuple[int, int]]:
        if "{" not in text and "[" not in text and not (self.angle_brackets and "<" in text):
            return []
        found = list(self._pattern.finditer(text))
        if not found:
            return []
        code = [match.span() for match in re.finditer(_CODE, text, re.DOTALL)]
        return [match.span() for match in found if not any(start <= match.start() < end for start, end in code)]

    def _found(self, at: Location, text: str) -> Finding:
        double = text.startswith("{{")
        message = "a template variable was not filled in" if text.startswith(("{", "<")) else "a placeholder of a form was not filled in"
        return self.finding(at, message, confidence=Confidence.HIGH if double else Confidence.MEDIUM)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each placeholder."""
        for part in record.texts(self.roles):
            for start, end in self._places(part.text):
                yield self._found(part.at(start, end), part.text[start:end])

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Go through the texts flat."""
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            for start, end in self._places(item.text):
                yield self._found(texts.at(number, start, end), item.text[start:end])
