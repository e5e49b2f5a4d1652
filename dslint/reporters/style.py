"""How a report looks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
# What the runners of GitHub and Azure take for a command in a log: `::` where a line begins, as any word may once lines are wrapped; `##[` and
# `##vso[` anywhere.
_COMMAND = re.compile(r"(?<!\S)::|##(?=\[|vso\[)", re.IGNORECASE)
_encode = msgspec.json.Encoder().encode


class Style(Struct, frozen=True, kw_only=True):
    """What the user asked of the looks. `max_show` caps the findings shown of one rule; machine-readable reports list all.

    `base` leads from the root of the repository to that of the project, for reports whose readers start there: empty, or with a `/` at its end.
    `values` are matched texts by the fingerprints of their findings, where the user asked to see them; the text report alone shows them.
    """

    color: bool = False
    width: int = 80
    max_show: int = 20
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False
    timings: bool = False
    base: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def paint(self, text: str, *looks: str) -> str:
        """Return the text in these looks, if colours are wanted."""
        if not self.color or not looks:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in looks)}m{text}\x1b[0m"


def printable(text: str) -> str:
    """Return the text with control and invisible characters written out: it may come from the data, and try to steer a terminal or a reader."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def visible(text: str) -> str:
    """Return the text printable, and with what a runner of CI would take for a command written out too: it may end up in a log."""
    return _COMMAND.sub(lambda match: f"\\x{ord(match[0][0]):x}{match[0][1:]}", printable(text))


def json_text(value: Any) -> str:
    """Return a value as JSON in one line, in which no runner of CI sees a command, and no terminal a control character. It stands for the same."""
    text = _encode(value).decode().replace("##", "#\\u0023")
    if text.isascii() and "\x7f" not in text:
        return text
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def shortened(text: str, limit: int) -> str:
    """Return the text, cut to `limit` characters, with an ellipsis in place of what is cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
