"""text/repetition."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from dslint.plugin import (
    Batch,
    Finding,
    Record,
    RecordRule,
    Severity,
    is_code,
    outside_code,
    pattern,
)

FEWEST = 100
"""Characters below which a text is not checked."""
LONGEST = 1_000_000
"""Characters that are checked: only the start of a longer text, so that memory stays bounded."""
TOP = {2: 0.20, 3: 0.18, 4: 0.16}
REPEATED = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
LINES = 0.30
"""Gopher's limits (Rae et al. 2021, table A1), as shares of the whole text.

Characters in the most frequent n-gram, characters in repeated n-grams, and repeated lines.
"""

_TOKEN = pattern(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
    r"|[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,20}"
)
_LINE = pattern(r"[^\n]+")
_NO_ROW = pattern(r"^[^|\n]*(?:\|[^|\n]*)?$")


@dataclass(frozen=True)
class Repetition(RecordRule):
    r"""Texts that repeat themselves over and over.

    Why: texts on which a generator looped, and pages made for search engines, teach a model to
    loop.

    Flags a text if zlib makes it more than 3.2 times smaller, and it exceeds one of the limits on
    repeated lines and n-grams that Gopher's data was filtered with (Rae et al. 2021): 30 % of the
    lines are repeats, 20, 18 or 16 % of the characters are in the most frequent 2-, 3- or 4-gram,
    or 15 to 10 % in repeated 5- to 10-grams. Those limits alone were made for web pages, and would
    flag songs, calculations and lists in answers. Code, tables and lines of JSON do not count,
    and texts of fewer than 100 characters pass; of a text of more than 1,000,000 characters only
    the first 1,000,000 are checked.

    Measured: in 4,045 records of eleven public demo sets (LLaMA-Factory's, and Stanford's seed
    tasks) 2 findings, both true: a page of numbered lines and one made for search engines, both
    in c4_demo. Gopher's limits alone flag 65 of the 1,940 texts of 50 words and more in nine of
    them; nearly all are songs, calculations, code and lists.

    Blind spots: a phrase that is repeated a few times in a long text; repetition in other words.

    Options: `compression`, how many times smaller zlib must make the text; `roles`, which texts
    to check.

    Flags::

        {"text": "Call now and save! Call now and save! Call now and save! Call now and save! Call now and save! Call now and save! Call now!"}

    Passes::

        {"text": "Row, row, row your boat,\\nGently down the stream.\\nMerrily, merrily, merrily, merrily,\\nLife is but a dream. Row, row, row!"}

    Cure: cut the repeats, or remove the record.
    """  # noqa: E501

    name = "repetition"
    severity = Severity.INFO

    compression: float = 3.2
    roles: tuple[str, ...] = ("target",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each repetitive text."""
        for part in record.texts(self.roles):
            text = part.text[:LONGEST]
            if self._compresses(text) and (share := self._share(text)):
                yield self.finding(part.at(), f"{share:.0%} of the text is repeated", score=share)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Run `check` only on records with a text that compresses well."""
        texts = batch.texts(self.roles)
        hit = {
            position
            for position, item in zip(texts.positions, texts.items, strict=True)
            if self._compresses(item.text[:LONGEST])
        }
        for position in sorted(hit):
            yield from self.check(batch.records[position])

    def _compresses(self, text: str) -> bool:
        if len(text) < FEWEST:
            return False
        data = text.encode("utf-8", "replace")
        return len(data) > self.compression * len(zlib.compress(data, 1))

    def _share(self, text: str) -> float:
        """Return the greatest share above its limit, outside of code and tables, else 0."""
        spans = outside_code(text, _LINE.finditer(text))
        lines = [
            line
            for start, end in spans
            if (line := text[start:end].strip()) and _NO_ROW.match(line)
        ]
        content = "\n".join(lines)
        if is_code(content) or not self._compresses(content):
            return 0.0
        shares = [(repeated_lines(lines), LINES)]
        tokens = _TOKEN.findall(content)
        shares += [(top_ngram(tokens, size), limit) for size, limit in TOP.items()]
        shares += [(repeated_ngrams(tokens, size), limit) for size, limit in REPEATED.items()]
        return max((min(share, 1.0) for share, limit in shares if share > limit), default=0.0)


def repeated_lines(lines: list[str]) -> float:
    """Return the share of the lines that repeat an earlier one."""
    return 1 - len(set(lines)) / len(lines) if lines else 0.0


def top_ngram(tokens: list[str], size: int) -> float:
    """Return the share of the characters in the most frequent n-gram; 0 if none occurs twice."""
    grams = Counter(zip(*(tokens[start:] for start in range(size)), strict=False))
    gram, times = max(grams.items(), key=lambda item: (item[1], item[0]), default=((), 0))
    return times * sum(map(len, gram)) / sum(map(len, tokens)) if times > 1 else 0.0


def repeated_ngrams(tokens: list[str], size: int) -> float:
    """Return the share of the characters in repeated n-grams, each character counted once."""
    seen: set[tuple[str, ...]] = set()
    ends = [0, *accumulate(map(len, tokens))]
    covered = at = 0
    while at <= len(tokens) - size:
        gram = tuple(tokens[at : at + size])
        if gram in seen:
            covered += ends[at + size] - ends[at]
            at += size
        else:
            seen.add(gram)
            at += 1
    return covered / ends[-1] if tokens else 0.0
