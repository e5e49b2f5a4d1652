"""Copies of data for as long as a run takes: files that this process and its workers read by path, and that nobody finds afterwards.

Where the system shows the open files of a process by path (Linux), a copy has no name on disk: only a link leads to it, which leads nowhere when the
process has ended, however it ended. Elsewhere the copies stand in a folder that only the user can read, and that is removed at the end.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

MOST = 200
"""Copies without a name: each is an open file, and a process may have some 1,000 or even 256. Further ones have names."""


class Scratch:
    """A folder of copies."""

    def __init__(self, folder: str, held: ExitStack) -> None:
        self._folder = folder
        self._held = held
        self._count = 0

    def place(self, name: str) -> str:
        """Return the path of a file, to write into and to read: an empty one, or what it already holds.

        The name may have a folder before it.
        """
        path = os.path.join(self._folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.lexists(path) and not (self._count < MOST and self._linked(path)):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path

    def _linked(self, path: str) -> bool:
        file = tempfile.TemporaryFile(prefix="dslint-")  # noqa: SIM115 - it is held until the end
        shown = f"/proc/{os.getpid()}/fd/{file.fileno()}"
        try:
            if os.path.samestat(os.stat(shown), os.fstat(file.fileno())):
                os.symlink(shown, path)
                self._held.enter_context(file)
                self._count += 1
                return True
        except OSError:
            pass
        file.close()
        return False


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Hold a folder of copies open, and leave nothing of it behind."""
    with ExitStack() as held:
        yield Scratch(held.enter_context(tempfile.TemporaryDirectory(prefix="dslint-")), held)
