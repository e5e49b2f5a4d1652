"""Where the elements of a JSON array end, found without decoding what lies between."""

from __future__ import annotations

import re
from typing import Any

from dslint.readers.collect import REFUSED, decode_json

MORE = -1
"""The element does not end in this buffer."""
DAMAGED = -2
"""No end can be told: a string is not closed on its line, or a bracket closes another one."""
UNDECODED = object()

_SPACE = re.compile(rb"[ \t\r\n]*+")
_TOKEN = re.compile(rb'"(?:[^"\\\n]++|\\.)*+"|[\[\]{}]|"')
_SCALAR = re.compile(rb'[^\s,\[\]{}":]++')
_FIRST_KEY = re.compile(rb'\{[ \t\r\n]*("(?:[^"\\\n]++|\\.)*+")[ \t\r\n]*:')
_CLOSES = {0x7D: 0x7B, 0x5D: 0x5B}
_TRIES = 64


def past_space(buffer: bytes, start: int) -> int:
    """Return the place of the first byte that is no white space."""
    return _SPACE.match(buffer, start).end()  # type: ignore[union-attr]


def element(buffer: bytes, start: int) -> tuple[int, int, Any]:
    """Return the end of the element at `start`, or MORE or DAMAGED with the place up to which the damage shows; and its value, if it was decoded.

    Braces are counted first, with the speed of the buffer's own methods. What they enclose is the element if it decodes: no other text that begins
    here can be one. Braces within strings lead this astray; then the tokens are looked at one by one.
    """
    if buffer[start] == 0x7B:
        depth, position = 0, start
        for _ in range(_TRIES):
            end = buffer.find(b"}", position) + 1
            if not end:
                break
            depth += buffer.count(b"{", position, end) - 1
            position = end
            if depth == 0:
                try:
                    return end, end, decode_json(buffer[start:end])
                except REFUSED:
                    break
    end, place = _end(buffer, start)
    return end, place, UNDECODED


def _end(buffer: bytes, start: int) -> tuple[int, int]:
    if buffer[start] not in b'{["':
        scalar = _SCALAR.match(buffer, start)
        if scalar is None:
            return DAMAGED, start + 1
        return (scalar.end() if scalar.end() < len(buffer) else MORE), scalar.end()
    stack: list[int] = []
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
        else:
            stack.append(sign)
    return MORE, len(buffer)


class Landmark:
    """How the elements that are objects begin in this file, to find the next one behind a damaged one.

    Where each begins on a line of its own, that is its indentation. Else it is the comma before it with its first key, since objects within the
    elements stand behind commas too.
    """

    def __init__(self) -> None:
        self.seen = 0
        self._pattern: re.Pattern[bytes] | None = None

    def learn(self, buffer: bytes, start: int) -> None:
        """Look at how an object begins."""
        self.seen += 1
        line = buffer.rfind(b"\n", 0, start)
        indent = buffer[line + 1 : start]
        if line >= 0 and not indent.strip():
            self._pattern = re.compile(rb"\n" + re.escape(indent) + rb"(?=\{)")
        elif self._pattern is None and (key := _FIRST_KEY.match(buffer, start)) is not None:
            self._pattern = re.compile(rb",[ \t\r\n]*(?=\{[ \t\r\n]*" + re.escape(key[1]) + rb"[ \t\r\n]*:)")

    def find(self, buffer: bytes, start: int) -> int:
        """Return where the next object begins, or -1."""
        found = self._pattern.search(buffer, start) if self._pattern is not None else None
        return -1 if found is None else found.end()
