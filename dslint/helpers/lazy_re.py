"""Regular expressions that are compiled on first use.

Compiling all of them at every start would take longer than a small check.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Pattern:
    """A stand-in for a compiled pattern that keeps the attributes it has looked up."""

    def __init__(self, text: Any, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(re.compile(self._text, self._flags), name)
        self.__dict__[name] = value
        return value


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a regular expression that is compiled on first use, and otherwise like others."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
