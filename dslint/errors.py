"""Errors that a user can act on. Any other exception is a bug in dslint or in a plugin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class DslintError(Exception):
    """An error that prevents or stops a run; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[DslintError], tuple[Any, ...]]:
        return type(self), (self.message, self.hint)


class ConfigError(DslintError):
    """The configuration or a flag is invalid."""


class PluginError(DslintError):
    """A plugin fails to load or breaks its contract."""


class NotApplicableError(Exception):
    """Raised in `conclude` by a dataset rule that finds from the data that it does not apply.

    The message is the reason that reports show; it must not quote the data.
    """


class InputError(DslintError):
    """A file cannot be read, or not completely; `kind` is the kind of problem in the report."""

    def __init__(
        self, message: str, hint: str = "", kind: str = "unreadable-file", path: str | None = None
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.path = path

    def __reduce__(self) -> tuple[type[InputError], tuple[Any, ...]]:
        return type(self), (self.message, self.hint, self.kind, self.path)


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return "did you mean 'x'?" for the closest known name, or an empty string.

    `cutoff` is the lowest similarity, from 0 to 1, that counts as close.
    """
    import difflib  # only needed for error messages

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return f"did you mean {close[0]!r}?" if close else ""
