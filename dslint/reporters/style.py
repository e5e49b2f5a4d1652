"""How a report looks."""

from __future__ import annotations

from msgspec import Struct

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


class Style(Struct, frozen=True, kw_only=True):
    """What the user asked of the looks. `max_show` caps the findings shown of one rule; machine-readable reports list all."""

    color: bool = False
    width: int = 80
    max_show: int = 20
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False
    timings: bool = False

    def paint(self, text: str, *looks: str) -> str:
        """Return the text in these looks, if colours are wanted."""
        if not self.color or not looks:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in looks)}m{text}\x1b[0m"
