"""Plain text: a record a line, blank lines aside."""

from __future__ import annotations

from dslint.readers.diagnose import invalid_utf8
from dslint.readers.jsonl import JsonLines, Lines


class _TextLines(Lines):
    def decode(self, raw: bytes, *, spaced: bool) -> None:
        """Take one line in."""
        del spaced
        raw = raw.removesuffix(b"\r")
        if raw.strip(b" \t\r"):
            try:
                self.add(raw.decode(), self.line)
            except UnicodeDecodeError as error:
                self.bad(self.line, *invalid_utf8(raw, error), raw)


class TextLines(JsonLines):
    """The reader of `.txt` files; it cuts them as JSON Lines are cut."""

    name = "text"
    suffixes: tuple[str, ...] = (".txt",)
    collector = _TextLines
