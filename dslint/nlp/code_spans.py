"""Tell prose from code, addresses and markup, which are for other rules."""

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
_WORD = r"[!-\u024f]"
"""A character of Latin words and identifiers, but not of scripts without spaces."""
_NAMES = pattern(
    rf"(?<!{_WORD}){_WORD}*?"
    r"(?:[/\\@_\d<>=|{}~^$]|[a-z][A-Z]|\w[.(:]\w|&\w+;|#\w|(?<!\w)--?\w)"
    rf"{_WORD}*"
)
"""Words with a sign that prose does not have: addresses, paths, markup, identifiers, numbers."""
_STRONG = pattern(r"[{};=<>_\\|$&^~]")
_VARIABLE = pattern(r"\{\{ ?\w+ ?\}\}")
"""A template variable, which occurs in prose as well as in code."""
_LINES = pattern(
    r"^[ \t]*+(?:(?:def|class|import|from|return|public|private|static|void|function|const|let|var"
    r"|if|for|while|elif|else|try|except|print|SELECT|INSERT|UPDATE|CREATE|#include|using|package"
    r"|func|fn|struct|end)\b[^\n]*[:;{})\]]|[^\n]*[;{}])[ \t]*$",
    re.MULTILINE,
)


def code_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of a text that are marked as code or mathematics.

    That is in fences, backticks, code elements of HTML, or delimiters of LaTeX.
    """
    if not any(hint in text for hint in _HINTS):
        return []
    spans = []
    last = {opening: text.rfind(closing) for opening, closing in _FORMULAS.items()}
    at = 0
    while found := _CODE.search(text, at):
        start, at = found.span()
        opening = text[start : start + 2]
        if opening in last:  # do not search again for a closing delimiter that does not exist
            if last[opening] < start + 3:
                continue
            at = text.index(_FORMULAS[opening], start + 3) + 2
        spans.append((start, at))
    return spans


def outside(
    spans: Iterable[tuple[int, int]], holes: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the spans that do not begin inside `holes`, which are sorted and disjoint."""
    starts = [start for start, _ in holes]
    return [
        span
        for span in spans
        if not (at := bisect_right(starts, span[0])) or span[0] >= holes[at - 1][1]
    ]


def outside_code(text: str, found: Iterable[re.Match[str]]) -> list[tuple[int, int]]:
    """Return the spans of the matches that do not begin in code."""
    spans = [match.span() for match in found]
    return outside(spans, code_spans(text)) if spans else spans


def prose(text: str) -> str:
    """Return a text of the same length with everything but prose replaced by spaces.

    That is code, mathematics, addresses, markup, identifiers and numbers.
    """
    pieces, done = [], 0
    for start, end in code_spans(text):
        pieces += [
            text[done:start],
            "\n".join(" " * len(line) for line in text[start:end].split("\n")),
        ]
        done = end
    return _NAMES.sub(lambda match: " " * len(match[0]), "".join([*pieces, text[done:]]))


def is_code(text: str) -> bool:
    """Return whether a text is mostly code, JSON or markup, even if nothing marks it as such."""
    strong = len(_STRONG.findall(_VARIABLE.sub("", text)))
    if strong < 2:
        return False
    if text.lstrip()[:1] in ("{", "[", "<") and text.rstrip()[-1:] in ("}", "]", ">"):
        return True
    lines = text.count("\n") + 1
    return strong > len(text) / 25 or (lines > 2 and 2 * len(_LINES.findall(text)) > lines)
