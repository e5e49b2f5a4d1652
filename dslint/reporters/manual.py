"""Manual pages of rules, for reports and for the documentation."""

from __future__ import annotations

import inspect
import re

_BLOCK = re.compile(
    r"^(Flags|Passes)(?: with (\{[^\n]*\}))?::\n\n((?:    .*\n?|\n)+)", re.MULTILINE
)
_HEADING = re.compile(r"^(Why|Measured|Blind spots|Options|Example|Cure): ", re.MULTILINE)
_WHY = re.compile(r"^Why: (.*?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)


def page(docstring: str) -> str:
    """Return a manual page from a docstring."""
    return inspect.cleandoc(docstring)


def purpose(text: str) -> str:
    """Return the first sentence of a manual page and its paragraph `Why`, in one line."""
    why = _WHY.search(text)
    return " ".join(f"{text.partition(chr(10))[0]} {why[1] if why else ''}".split())


def markdown(text: str) -> str:
    """Turn a manual page into Markdown: headings become bold, examples become blocks of JSON."""

    def block(match: re.Match[str]) -> str:
        body = "\n".join(line.removeprefix("    ") for line in match[3].strip("\n").splitlines())
        head = f"**{match[1]}** with `{match[2]}`" if match[2] else f"**{match[1]}**"
        return f"{head}\n\n```json\n{body}\n```\n\n"

    return _HEADING.sub(r"**\1:** ", _BLOCK.sub(block, text + "\n")).strip()
