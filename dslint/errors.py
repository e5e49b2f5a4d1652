"""The errors that a user can act on. Anything else is a bug of dslint or of a plugin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class DslintError(Exception):
    """Something that keeps a run from starting; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[DslintError], tuple[Any, ...]]:
        return type(self), (self.message, self.hint)


class ConfigError(DslintError):
    """The configuration, or a flag, asks for something that cannot be."""


class PluginError(DslintError):
    """A plugin does not load, or breaks its contract."""


class NotApplicableError(Exception):
    """What a dataset rule raises in `conclude` when only the data shows that it does not apply; the reason, which is reported, quotes no data."""


class InputError(DslintError):
    """A file cannot be read, or not to its end; `kind` is the kind of the problem that the report shows."""

    def __init__(
        self, message: str, hint: str = "", kind: str = "unreadable-file", path: str | None = None
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.path = path

    def __reduce__(self) -> tuple[type[InputError], tuple[Any, ...]]:
        return type(self), (self.message, self.hint, self.kind, self.path)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the known name nearest to `name`, or an empty string."""
    import difflib  # needed where something is wrong only

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""
