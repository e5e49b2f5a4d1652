"""Temporary copies of data that this process and its workers read by path, gone after the run.

On Linux, which shows open files of a process by path, a copy has no name on disk: there is only a
link to it, dead once the process has ended in any way. Elsewhere the copies are in a folder
that only the user can read, and that is removed at the end.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

MOST = 200
"""Maximum number of copies without a name; further ones have names.

Each is an open file, of which a process may have some 1,000, or only 256.
"""


class Scratch:
    """A folder of copies."""

    def __init__(self, folder: str, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._count = 0

    def place(self, name: str) -> str:
        """Return the path of a file to write and read, new and empty unless it exists.

        The name may include a folder.
        """
        path = os.path.join(self._folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.lexists(path) and not (self._count < MOST and self._linked(path)):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path

    def _linked(self, path: str) -> bool:
        file = tempfile.TemporaryFile(prefix="dslint-")  # noqa: SIM115 - stays open until the end
        shown = f"/proc/{os.getpid()}/fd/{file.fileno()}"
        try:
            if os.path.samestat(os.stat(shown), os.fstat(file.fileno())):
                os.symlink(shown, path)
                self._stack.enter_context(file)
                self._count += 1
                return True
        except OSError:
            pass
        file.close()
        return False


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Provide a folder of copies, and remove all of it at the end."""
    with ExitStack() as stack:
        yield Scratch(stack.enter_context(tempfile.TemporaryDirectory(prefix="dslint-")), stack)
