"""Standard input as a file: it can be read only once, but records are read again for reports."""

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
def copy_stdin(name: str | None) -> Iterator[Stdin]:
    """Copy standard input to a temporary file. Raises ConfigError if it is closed."""
    with scratch() as copies:
        location = copies.place("stdin")
        with open(location, "wb") as stream:
            try:
                shutil.copyfileobj(sys.stdin.buffer, stream)
            except OSError as error:
                if error.errno == errno.EBADF:
                    raise ConfigError(
                        "standard input is closed", "name a file, or pipe the data to -"
                    ) from None
                raise
        yield Stdin(location=location, name=name or "")
