"""Regular expressions that are compiled when they are first used: compiling all of them at every start would take longer than a small check."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Pattern:
    """Stands for a compiled pattern; what is asked of it once is kept."""

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
    """Return a regular expression that behaves as a compiled one, and is compiled at its first use."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
