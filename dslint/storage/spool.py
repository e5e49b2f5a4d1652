"""Data that does not fit into memory: frames of bytes in an unnamed temporary file.

The file is in the folder for temporary files (`TMPDIR`) but has no name there, so nothing of it
remains, however the process ends.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from typing import Any

from dslint.errors import DslintError


class Spool:
    """Frames of bytes, written once and read any number of times, in the order of writing."""

    def __init__(self) -> None:
        self._file: Any = None
        self._frames: list[tuple[int, int]] = []
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: bytes | memoryview) -> None:
        """Append a frame. Raises DslintError if it cannot be written."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(  # noqa: SIM115 - closed below
                    prefix="dslint-", buffering=0
                )
                weakref.finalize(self, self._file.close)
            self._frames.append((self.bytes, len(frame)))
            self.bytes += len(frame)
            rest = memoryview(frame)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise DslintError(
                f"cannot write temporary data to {tempfile.gettempdir()}: {error.strerror}",
                "free space there, set TMPDIR to another folder, or raise --memory",
            ) from None

    def __getitem__(self, number: int) -> bytes:
        """Return a frame."""
        start, size = self._frames[number]
        return (
            os.pread(self._file.fileno(), size, start)
            if hasattr(os, "pread")
            else self._read(start, size)
        )

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(len(self)))

    def _read(self, start: int, size: int) -> bytes:
        end = self._file.seek(0, os.SEEK_END)
        self._file.seek(start)
        frame = bytes(self._file.read(size))
        self._file.seek(end)
        return frame
