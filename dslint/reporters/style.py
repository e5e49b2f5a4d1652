"""How a report looks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, field

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


class Style(Struct, frozen=True, kw_only=True):
    """What the user asked of the looks. `max_show` caps the findings shown of one rule; machine-readable reports list all.

    `values` are matched texts by the fingerprints of their findings, where the user asked to see them; the text report alone shows them.
    """

    color: bool = False
    width: int = 80
    max_show: int = 20
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False
    timings: bool = False
    values: Mapping[str, str] = field(default_factory=dict)

    def paint(self, text: str, *looks: str) -> str:
        """Return the text in these looks, if colours are wanted."""
        if not self.color or not looks:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in looks)}m{text}\x1b[0m"


def visible(text: str) -> str:
    """Return the text with control and invisible characters written out: it may come from the data, and try to steer the terminal."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
