"""Where a text is prose: code, addresses and markup are left to rules that know them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from dslint.helpers.lazy_re import pattern

_CODE = pattern(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`|<(code|pre|script|style)\b.*?(?:</\1>|\Z)"
    r"|\$\$.+?\$\$|\\[\[(]|\\begin\{(\w+\*?)\}.*?(?:\\end\{\2\}|\Z)",
    re.DOTALL,
)
_FORMULAS = {"\\[": "\\]", "\\(": "\\)"}
_HINTS = ("`", "~~~", "<", "$$", "\\")
_WORD = r"[!-\u024f]"  # what words of Latin script and names of things are made of; scripts without spaces are not
_NAMES = pattern(
    rf"(?<!{_WORD}){_WORD}*?(?:[/\\@_\d<>=|{{}}~^$]|[a-z][A-Z]|\w[.(:]\w|&\w+;|#\w|(?<!\w)--?\w){_WORD}*"
)
"""Words with a sign in them that prose has not: addresses, paths, markup, identifiers, figures, flags."""
_STRONG = pattern(r"[{};=<>_\\|$&^~]")
_VARIABLE = pattern(r"\{\{ ?\w+ ?\}\}")
"""A template variable, which stands in letters as well as in code."""
_LINES = pattern(
    r"^[ \t]*+(?:(?:def|class|import|from|return|public|private|static|void|function|const|let|var|if|for|while|elif|else|try|except|print"
    r"|SELECT|INSERT|UPDATE|CREATE|#include|using|package|func|fn|struct|end)\b[^\n]*[:;{})\]]|[^\n]*[;{}])[ \t]*$",
    re.MULTILINE,
)


def code_spans(text: str) -> list[tuple[int, int]]:
    """Return where a text is marked as code or mathematics: fenced, in backticks, in HTML's code elements, in LaTeX's delimiters."""
    if not any(hint in text for hint in _HINTS):
        return []
    spans = []
    last = {opening: text.rfind(closing) for opening, closing in _FORMULAS.items()}
    at = 0
    while found := _CODE.search(text, at):
        start, at = found.span()
        opening = text[start : start + 2]
        if opening in last:  # that it is never closed must not be found out from each opening anew
            if last[opening] < start + 3:
                continue
            at = text.index(_FORMULAS[opening], start + 3) + 2
        spans.append((start, at))
    return spans


def outside(
    spans: Iterable[tuple[int, int]], holes: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the spans that do not begin in one of the holes, which are in order and disjoint."""
    starts = [start for start, _ in holes]
    return [
        span
        for span in spans
        if not (at := bisect_right(starts, span[0])) or span[0] >= holes[at - 1][1]
    ]


def outside_code(text: str, found: Iterable[re.Match[str]]) -> list[tuple[int, int]]:
    """Return the spans of those matches that do not begin in code."""
    spans = [match.span() for match in found]
    return outside(spans, code_spans(text)) if spans else spans


def prose(text: str) -> str:
    """Return a text of the same length in which code, mathematics, addresses, markup, identifiers and figures are blank."""
    pieces, done = [], 0
    for start, end in code_spans(text):
        pieces += [
            text[done:start],
            "\n".join(" " * len(line) for line in text[start:end].split("\n")),
        ]
        done = end
    return _NAMES.sub(lambda match: " " * len(match[0]), "".join([*pieces, text[done:]]))


def is_code(text: str) -> bool:
    """Say whether a text as a whole looks like code, JSON or markup rather than prose, though nothing marks it as such."""
    strong = len(_STRONG.findall(_VARIABLE.sub("", text)))
    if strong < 2:
        return False
    if text.lstrip()[:1] in ("{", "[", "<") and text.rstrip()[-1:] in ("}", "]", ">"):
        return True
    lines = text.count("\n") + 1
    return strong > len(text) / 25 or (lines > 2 and 2 * len(_LINES.findall(text)) > lines)
