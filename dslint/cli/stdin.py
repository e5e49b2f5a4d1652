"""The standard input as a file: it can be read once only, and records are fetched again."""

from __future__ import annotations

import errno
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dslint.errors import ConfigError
from dslint.settings import Stdin
from dslint.system.scratch import scratch


@contextmanager
def kept(name: str | None) -> Iterator[Stdin]:
    """Copy the standard input for as long as it is needed. Raises ConfigError where it is closed."""
    with scratch() as copies:
        location = copies.place("stdin")
        with open(location, "wb") as stream:
            try:
                shutil.copyfileobj(sys.stdin.buffer, stream)
            except OSError as error:
                if error.errno == errno.EBADF:
                    raise ConfigError(
                        "the standard input is closed", "name a file, or pass the data to -"
                    ) from None
                raise
        yield Stdin(location=location, name=name or "")
