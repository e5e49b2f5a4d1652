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
    r"&(?:nbsp|amp|quot|apos|lt|gt|[lr][sd]quo|[mn]dash|hellip|copy|reg|trade|bull|middot"
    r"|#\d{2,5}|#x[0-9a-fA-F]{2,5});"
    r"|(?:(?<!\w)<p|</p|</?(?:br|div|span|font|center|table|tbody|tr|td|th|ul|ol|li|h[1-6]|img"
    r"|iframe|script|style|blockquote|strong|em|section|article))"
    r"(?:\s+[a-z-]++(?:\s*=\s*(?:(?:\"[^\"<>]*\"|'[^'<>]*')(?=\s|/?>)|[^\s<>]+))?)*+\s*/?>"
)
_ABOUT = pattern(
    r"\b(?:x?html5?|xml|css|java ?script|js|php|svg|jsx|markup|markdown|tags?|entit(?:y|ies)"
    r"|escap\w+|regex\w*|scrap\w+|parser?s?|dom|selectors?|web ?pages?|front-?end|angular|react"
    r"|vue|django|flask|code|script|snippet|element|table)\b|html",
)
_ROW = pattern(r"^[^\n]*\|[^\n]*\|[^\n]*$", 8)


@dataclass(frozen=True)
class HtmlResidue(RecordRule):
    """Texts with tags or character entities left over from a web page.

    Why: a model that learns `&nbsp;` and `<br>` in its answers writes them where no browser
    renders them.

    Flags character entities such as `&amp;` and tags such as `<p>`, outside of code, Markdown
    tables and mathematics. Texts that consist mostly of markup pass, and so do records that
    mention HTML, tags, code, tables or web pages: markup is intended there. One finding for each
    text, at the first occurrence.

    Measured: 4 findings in 4,045 records of eleven public demo sets, all true: `&apos;` in three
    pages of c4_demo, and `R&amp;B`.

    Blind spots: residue in records that mention code; other tags and entities.

    Options: `roles`, which texts to check.

    Flags::

        {"prompt": "Who sells it?", "completion": "Marks &amp; Spencer<br>sell it."}

    Passes::

        {"prompt": "How do I break a line in HTML?", "completion": "With <br> or <p>."}
        {"prompt": "Compare.", "completion": "If a<b and b>c, `&amp;` stays. R&D; x & y;"}

    Cure: extract the text from the page again, with a parser; or unescape it.
    """

    name = "html-residue"
    severity = Severity.INFO

    roles: tuple[str, ...] = ("target",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text with residue, at the first occurrence."""
        parts = [(part, spans) for part in record.texts(self.roles) if (spans := _spans(part))]
        if parts and not any(
            _ABOUT.search(part.text.lower()) for part in record.texts(("prompt", "target"))
        ):
            for part, spans in parts:
                yield self.finding(part.at(*spans[0]), f"HTML residue (first of {len(spans)})")

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Run `check` only on records that may have residue."""
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
