"""Progress of a long run on a terminal: one line of standard error, removed at the end."""

import os
import sys
import time

from dslint.reporters.style import visible
from dslint.run.api import Watch

_FIRST = 1.0
"""Seconds after which progress is shown: a shorter run needs none."""
_EVERY = 0.2


class Plain(Watch):
    """Shows no progress; with `debug`, the tracebacks of rules that crash."""

    def __init__(self, *, debug: bool) -> None:
        self._debug = debug

    def crashed(self, rule: str, trace: str) -> None:
        """Print the traceback of a rule."""
        if self._debug:
            self.close()
            shown = "\n".join(map(visible, trace.split("\n")))
            sys.stderr.write(f"rule {rule} failed:\n{shown}\n")


class Progress(Plain):
    """Shows records, rate and remaining time while reading, then the rule that concludes."""

    def __init__(self, *, debug: bool) -> None:
        super().__init__(debug=debug)
        self._start = time.monotonic()
        self._next = self._start + _FIRST
        self._records = 0
        self._part = 0.0
        self._shown = False

    def begins(self, total: int) -> None:
        """Start a dataset."""
        del total
        self._start, self._records, self._part = time.monotonic(), 0, 0.0

    def read(self, records: int, part: float) -> None:
        """Show the number of records, their rate and the remaining time."""
        self._records += records
        self._part = max(self._part, part)
        elapsed = time.monotonic() - self._start
        rate = self._records / elapsed if elapsed else 0.0
        left = f", {_time(elapsed / self._part - elapsed)} left" if self._part else ""
        self._show(f"{self._records:,} records, {rate:,.0f} per second{left}")

    def concludes(self, rule: str) -> None:
        """Show which rule concludes."""
        self._show(f"{self._records:,} records; finishing {rule}", soon=True)

    def close(self) -> None:
        """Remove the line."""
        if self._shown:
            self._shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _show(self, text: str, *, soon: bool = False) -> None:
        now = time.monotonic()
        if now < self._next and not (soon and self._shown):
            return
        self._next, self._shown = now + _EVERY, True
        width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        sys.stderr.write(f"\r\x1b[K{text[: width - 1]}")
        sys.stderr.flush()


def watching(*, wanted: bool, debug: bool) -> Watch:
    """Return a watch that shows progress on a terminal if `wanted`, and tracebacks if `debug`."""
    shown = wanted and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return Progress(debug=debug) if shown else Plain(debug=debug)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return (
        f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
    )
