"""Appearance of a report, and escaping."""

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
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    "\ufeff\ufffe\uffff\ud800-\udfff]"
)
# What GitHub and Azure runners take for a command in a log: `::` at the start of a line, which
# may be any word after wrapping; `##[` and `##vso[` anywhere.
_COMMAND = re.compile(r"(?<!\S)::|##(?=\[|vso\[)", re.IGNORECASE)
_encode = msgspec.json.Encoder().encode


class Style(Struct, frozen=True, kw_only=True):
    """Appearance of a report, as chosen by the user.

    `max_show` limits the findings shown per rule; machine-readable reports list all.
    `base` is the path from the root of the repository to that of the project, for reports that are
    read from there: empty, or with a `/` at the end.
    `values` has matched texts by fingerprint, if the user asked to see them, for the text report.
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

    def paint(self, text: str, *styles: str) -> str:
        """Return the text with these ANSI styles, if color is on."""
        if not self.color or not styles:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in styles)}m{text}\x1b[0m"


def printable(text: str) -> str:
    """Escape control and invisible characters, by which data could affect a terminal or reader."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def visible(text: str) -> str:
    """Return the text printable, and with commands to CI runners escaped: it is safe in logs."""
    return _COMMAND.sub(lambda match: f"\\x{ord(match[0][0]):x}{match[0][1:]}", printable(text))


def json_text(value: Any) -> str:
    """Return a value as one line of JSON, with CI commands and control characters escaped.

    It decodes to the same value.
    """
    text = _encode(value).decode().replace("##", "#\\u0023")
    if text.isascii() and "\x7f" not in text:
        return text
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def shortened(text: str, limit: int) -> str:
    """Return the text cut to `limit` characters, with an ellipsis if it is cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
