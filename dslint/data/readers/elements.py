"""Find where the elements of a JSON array end, without decoding what is in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dslint.data.readers.collect import REFUSED, decode_json
from dslint.data.readers.diagnose import MAX_VALUES
from dslint.helpers.lazy_re import pattern

MORE = -1
"""The element does not end in this buffer."""
DAMAGED = -2
"""No end can be found: an unclosed string, mismatched brackets, or too deep nesting."""
DEEPEST = 10_000
"""Maximum nesting depth when searching for the end of an element; no decoder allows as much."""

_SPACE = pattern(rb"[ \t\r\n]*+")
_COMMA = pattern(rb"[ \t\r\n]*+,[ \t\r\n]*+")
_TOKEN = pattern(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|[\[\]{}]|"')
_SCALAR = pattern(rb'[^\s,\[\]{}":]++')
_FIRST_KEY = pattern(rb'\{[ \t\r\n]*("(?:[^"\\\n]++|\\.)*+")[ \t\r\n]*:')
_CLOSES = {0x7D: 0x7B, 0x5D: 0x5B}


def past_space(buffer: bytes, start: int) -> int:
    """Return the position of the first byte that is not white space."""
    return _SPACE.match(buffer, start).end()  # type: ignore[union-attr]


def plain_objects(buffer: bytes, start: int, braces: int) -> Iterator[tuple[int, int, Any]]:
    """Yield for each simple object its end, the start of the next element, and its value.

    Braces are counted, with the fast methods of the buffer, and at most `braces` closing ones.
    What they enclose is the element if it decodes: no other text that starts here can be one.
    Where braces in strings make this fail, use `element`.
    """
    size = len(buffer)
    while start < size and buffer[start] == 0x7B:
        depth, end = 0, start
        for _ in range(braces):
            position = end
            end = buffer.find(b"}", position) + 1
            if not end:
                return
            depth += buffer.count(b"{", position, end) - 1
            if depth == 0:
                break
        comma = _COMMA.match(buffer, end)
        if depth or comma is None or comma.end() == size or end - start > MAX_VALUES:
            return
        try:
            value = decode_json(buffer[start:end])
        except REFUSED:
            return
        start = comma.end()
        yield end, start, value


def element(buffer: bytes, start: int) -> tuple[int, int]:
    """Return the end of the element at `start`, or MORE or DAMAGED, and how far was searched."""
    if buffer[start] not in b'{["':
        scalar = _SCALAR.match(buffer, start)
        if scalar is None:
            return DAMAGED, start + 1
        return (scalar.end() if scalar.end() < len(buffer) else MORE), scalar.end()
    stack = bytearray()
    for token in _TOKEN.finditer(buffer, start):
        sign = buffer[token.start()]
        if sign == 0x22:
            if token.end() - token.start() == 1:
                line_end = buffer.find(b"\n", token.end())
                return (DAMAGED, line_end) if line_end >= 0 else (MORE, len(buffer))
            if not stack:
                return token.end(), token.end()
        elif sign in _CLOSES:
            if stack.pop() != _CLOSES[sign]:
                return DAMAGED, token.end()
            if not stack:
                return token.end(), token.end()
        elif len(stack) == DEEPEST:
            return DAMAGED, token.end()
        else:
            stack.append(sign)
    return MORE, len(buffer)


class Landmark:
    """How objects start in this file, to find the next one after a damaged one.

    If each starts on its own line, that is its indentation. Otherwise it is a comma followed by the
    object's first key, because commas precede nested objects too.
    """

    def __init__(self) -> None:
        self.count = 0
        self._pattern: re.Pattern[bytes] | None = None

    def learn(self, buffer: bytes, start: int) -> None:
        """Learn from how an object starts."""
        self.count += 1
        line = buffer.rfind(b"\n", 0, start)
        indent = buffer[line + 1 : start]
        if line >= 0 and not indent.strip():
            self._pattern = re.compile(rb"\n" + re.escape(indent) + rb"(?=\{)")
        elif self._pattern is None and (key := _FIRST_KEY.match(buffer, start)) is not None:
            self._pattern = re.compile(
                rb",[ \t\r\n]*(?=\{[ \t\r\n]*" + re.escape(key[1]) + rb"[ \t\r\n]*:)"
            )

    def find(self, buffer: bytes, start: int) -> int:
        """Return where the next object starts, or -1."""
        found = self._pattern.search(buffer, start) if self._pattern is not None else None
        return -1 if found is None else found.end()
