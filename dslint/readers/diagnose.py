"""What is wrong with a JSON text: slow and exact, for the few that the fast decoder refuses or that look doubtful."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from dslint.batch import escape

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class _NonFiniteError(ValueError):
    pass


def diagnose(raw: bytes) -> tuple[int | None, str]:
    """Return the 1-based column in code points (None if unknown) and the reason why a text is no JSON; the message quotes nothing of it."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return invalid_utf8(raw, error)
    try:
        value = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return error.pos + 1, f"not valid JSON: {_reason(error.msg)}"
    except _NonFiniteError as error:
        return text.find(str(error)) + 1, f"not valid JSON: {error} is not a JSON number"
    except RecursionError:
        return 1, "nested too deeply"
    except ValueError:
        return 1, "a number has more digits than can be read"
    place = _surrogate(text)
    if place is not None:
        return place, "half of a surrogate pair: not a Unicode character"
    del value
    return 1, "a number is out of range"


def invalid_utf8(raw: bytes, error: UnicodeDecodeError) -> tuple[int, str]:
    """Return column and reason for a text that is not UTF-8."""
    column = len(raw[: error.start].decode(errors="replace")) + 1
    return column, f"invalid UTF-8: byte 0x{raw[error.start]:02X} at byte offset {error.start} of the record"


def _refuse(constant: str) -> NoReturn:
    raise _NonFiniteError(constant)


def _reason(message: str) -> str:
    """Return the decoder's words in our style; they name syntax only."""
    return message[:1].lower() + message[1:].rstrip(":").removesuffix(" at")


def _surrogate(text: str) -> int | None:
    for match in re.finditer(r"\\u([dD][89a-fA-F][0-9a-fA-F]{2})", text):
        high = match[1].lower() < "dc00"
        follows = re.match(r"\\u[dD][c-fC-F][0-9a-fA-F]{2}", text[match.end() :]) is not None
        led = re.search(r"\\u[dD][89abAB][0-9a-fA-F]{2}$", text[: match.start()]) is not None
        if (high and not follows) or (not high and not led):
            return match.start() + 1
    return None


def count_keys(value: Any) -> int:
    """Return the number of keys of all objects in a decoded value."""
    if type(value) is dict:
        total = len(value)
        for item in value.values():
            if type(item) is dict or type(item) is list:
                total += count_keys(item)
        return total
    if type(value) is list:
        return sum(count_keys(item) for item in value if type(item) is dict or type(item) is list)
    return 0


def duplicate_keys(raw: bytes) -> str | None:
    """Return None if no object of a JSON text has a key twice, else the pointer of such a key, or an empty string where it is nested."""
    found: list[str] = []
    outermost: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        outermost.clear()
        if len(result) < len(pairs):
            seen: set[str] = set()
            outermost.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            found.extend(outermost)
        return result

    value = json.loads(raw, object_pairs_hook=collect)
    if not found:
        return None
    return f"/{escape(outermost[0])}" if outermost and type(value) is dict else ""


def too_deep(raw: bytes, limit: int) -> bool:
    """Say whether a JSON text nests more than `limit` levels."""
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return False
    depth = 0
    for token in _TOKEN.finditer(raw):
        if token[0] in (b"[", b"{"):
            depth += 1
            if depth > limit:
                return True
        elif token[0] in (b"]", b"}"):
            depth -= 1
    return False
