"""text/html-residue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import (
    Batch,
    Finding,
    Part,
    Record,
    RecordRule,
    Severity,
    outside,
    outside_code,
    pattern,
)

_RESIDUE = pattern(
    r"&(?:nbsp|amp|quot|apos|lt|gt|[lr][sd]quo|[mn]dash|hellip|copy|reg|trade|bull|middot|#\d{2,5}|#x[0-9a-fA-F]{2,5});"
    r"|(?:(?<!\w)<p|</p|</?(?:br|div|span|font|center|table|tbody|tr|td|th|ul|ol|li|h[1-6]|img|iframe|script|style|blockquote|strong|em|section|article))"
    r"(?:\s+[a-z-]++(?:\s*=\s*(?:(?:\"[^\"<>]*\"|'[^'<>]*')(?=\s|/?>)|[^\s<>]+))?)*+\s*/?>"
)
_ABOUT = pattern(
    r"\b(?:x?html5?|xml|css|java ?script|js|php|svg|jsx|markup|markdown|tags?|entit(?:y|ies)|escap\w+|regex\w*|scrap\w+|parser?s?|dom|selectors?"
    r"|web ?pages?|front-?end|angular|react|vue|django|flask|code|script|snippet|element|table)\b|html",
)
_ROW = pattern(r"^[^\n]*\|[^\n]*\|[^\n]*$", 8)


@dataclass(frozen=True)
class HtmlResidue(RecordRule):
    """Texts with tags or character entities that were left over from a web page.

    Why: a model that learns `&nbsp;` and `<br>` in its answers writes them where no browser reads them.

    Character entities such as `&amp;` and tags such as `<p>`, outside of code, tables of Markdown and mathematics. Texts that mostly are markup,
    and records that speak of HTML, tags, code, tables or web pages, are left alone: there it is meant. There is one finding for each text, at the
    first.

    Measured: 4 findings in 4,045 records of eleven public demo sets, all true: `&apos;` in three pages of c4_demo, and `R&amp;B`.

    Blind spots: records that speak of code and have residue all the same; other tags and entities.

    Options: `roles`, which texts to judge.

    Flags::

        {"messages": [{"role": "user", "content": "Who sells it?"}, {"role": "assistant", "content": "Marks &amp; Spencer<br>sell it."}]}

    Passes::

        {"messages": [{"role": "user", "content": "How do I break a line in HTML?"}, {"role": "assistant", "content": "With <br> or <p>."}]}
        {"messages": [{"role": "user", "content": "Compare."}, {"role": "assistant", "content": "If a<b and b>c, `&amp;` stays. R&D; x & y;"}]}

    Cure: take the text out of the page once more, with a parser; or unescape it.
    """

    name = "html-residue"
    severity = Severity.INFO

    roles: tuple[str, ...] = ("target",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text with residue, at the first."""
        parts = [(part, spans) for part in record.texts(self.roles) if (spans := _spans(part))]
        if parts and not any(
            _ABOUT.search(part.text.lower()) for part in record.texts(("prompt", "target"))
        ):
            for part, spans in parts:
                yield self.finding(
                    part.at(*spans[0]), f"the first of {len(spans)} left over from HTML"
                )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Look for records with signs of residue in the flat texts."""
        texts = batch.texts(self.roles)
        for position in sorted(
            {
                position
                for position, item in zip(texts.positions, texts.items, strict=True)
                if _possible(item.text)
            }
        ):
            yield from self.check(batch.records[position])


def _possible(text: str) -> bool:
    return ("&" in text and ";" in text) or ("<" in text and ">" in text)


def _spans(part: Part) -> list[tuple[int, int]]:
    text = part.text
    if not _possible(text):
        return []
    found = outside_code(text, _RESIDUE.finditer(text))
    spans = (
        outside(found, [match.span() for match in _ROW.finditer(text)])
        if found and "|" in text
        else found
    )
    return (
        [] if sum(end - start for start, end in spans) > len(text) / 4 and len(spans) > 3 else spans
    )
