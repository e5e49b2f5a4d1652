"""What is wrong with a JSON text: slow and exact, for texts that the fast decoder refuses."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from dslint.helpers.lazy_re import pattern
from dslint.helpers.pointers import escape

_TOKEN = pattern(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_SCALAR = pattern(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN|-?[0-9][0-9.eE+-]*', re.DOTALL)
_STRING = pattern(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ESCAPE = pattern(r"\\u([0-9A-Fa-f]{4})|\\.", re.DOTALL)


_SIGNS = frozenset(b"\x80\x85\x91\x92\x93\x94\x96\x97")
"""The euro sign, ellipsis, quotation marks and dashes in Windows-1252."""
MAX_VALUES = 2_000_000
"""Maximum number of values of a record: each takes up to 100 bytes of memory, however short."""


class _NonFiniteError(ValueError):
    pass


def diagnose(raw: bytes) -> tuple[int | None, str]:
    """Return the column and the reason why a text is not JSON.

    The column is 1-based, in code points, or None if unknown. The reason does not quote the text.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return invalid_utf8(raw, error)
    if too_many(raw):
        return 1, f"the record has more than {MAX_VALUES:,} values"
    try:
        value = json.loads(text) if text.startswith("\ufeff") else _decode(text)
    except json.JSONDecodeError as error:
        return error.pos + 1, f"not valid JSON: {_reason(error.msg)}"
    except _NonFiniteError as error:
        name = str(error)
        return _place_of(text, name.__eq__), f"not valid JSON: {name} is not a JSON number"
    except RecursionError:
        return 1, "nested too deeply"
    except ValueError:
        limit = sys.get_int_max_str_digits()
        return _place_of(
            text, lambda token: token.lstrip("-").isdecimal() and len(token) > limit
        ), "a number has more digits than can be read"
    place = _surrogate(text)
    if place is not None:
        return place, "unpaired surrogate: not a Unicode character"
    del value
    return _place_of(
        text, lambda token: token[0] != '"' and math.isinf(float(token))
    ), "a number is out of range"


def _place_of(text: str, matches: Callable[[str], bool]) -> int:
    """Return the column of the first matching string, number or constant, or 1."""
    return next((match.start() + 1 for match in _SCALAR.finditer(text) if matches(match[0])), 1)


def invalid_utf8(raw: bytes, error: UnicodeDecodeError) -> tuple[int, str]:
    """Return the column and the reason for a text that is not UTF-8."""
    column = len(raw[: error.start].decode(errors="replace")) + 1
    byte, following = raw[error.start], raw[error.start + 1 : error.start + 2]
    clue = one_byte_clue(byte) if following < b"\x80" else ""
    return (
        column,
        f"invalid UTF-8: byte 0x{byte:02X} at byte offset {error.start} of the record{clue}",
    )


def one_byte_clue(byte: int) -> str:
    """Return a hint to append if an invalid byte may be a character in another encoding, else "".

    The byte must not be followed by another one that is not ASCII.
    """
    if 0xA0 <= byte < 0xFE or byte in _SIGNS:
        return (
            "; if the file is Latin-1 or Windows-1252, convert it: iconv -f WINDOWS-1252 -t UTF-8"
        )
    return ""


def _refuse(constant: str) -> NoReturn:
    raise _NonFiniteError(constant)


_decode = json.JSONDecoder(parse_constant=_refuse).decode


def _reason(message: str) -> str:
    """Return the decoder's message in our style; it names syntax only."""
    return message[:1].lower() + message[1:].rstrip(":").removesuffix(" at").removesuffix(
        " starting"
    )


def _surrogate(text: str) -> int | None:
    """Return the column of the first escaped surrogate without a partner."""
    high: re.Match[str] | None = None
    for match in _ESCAPE.finditer(text):
        code = int(match[1] or "0", 16)
        if high is not None:
            if 0xDC00 <= code < 0xE000 and match.start() == high.end():
                high = None
                continue
            return high.start() + 1
        if 0xDC00 <= code < 0xE000:
            return match.start() + 1
        high = match if 0xD800 <= code < 0xDC00 else None
    return None if high is None else high.start() + 1


def count_keys(value: Any) -> int:
    """Return the number of keys of all objects in a decoded value."""
    if type(value) is dict:
        total = len(value)
        items: Any = value.values()
    elif type(value) is list:
        total = 0
        items = value
    else:
        return 0
    for item in items:
        if type(item) is dict or type(item) is list:
            total += count_keys(item)
    return total


Lost = tuple[tuple[str, str, str], ...]
"""Texts missing from a decoded value: JSON pointer, kind, text.

The kind is `lost` for a value and `key` for the name of a field.
"""


def duplicate_keys(raw: bytes) -> tuple[str, Lost] | None:
    """Return the pointer of a duplicate key and the texts lost by it, or None without duplicates.

    Of equal keys, the last one counts. The pointer is empty if the key is in a nested object.
    """
    lost: dict[
        int, tuple[dict[str, Any], list[tuple[str, Any]]]
    ] = {}  # keeps the object alive, so that its id is not reused

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            last = {key: number for number, (key, _) in enumerate(pairs)}
            lost[id(result)] = (
                result,
                [pair for number, pair in enumerate(pairs) if last[pair[0]] != number],
            )
        return result

    value = json.loads(raw, object_pairs_hook=collect)
    if not lost:
        return None
    outermost = lost[id(value)][1] if id(value) in lost else []
    return (f"/{escape(outermost[0][0])}" if outermost else ""), tuple(_lost(value, lost))


def _lost(
    value: Any, lost: Mapping[int, tuple[Any, list[tuple[str, Any]]]]
) -> Iterator[tuple[str, str, str]]:
    stack: list[tuple[str, Any, bool]] = [("", value, False)]
    while stack:
        where, item, is_lost = stack.pop()
        if is_lost and type(item) is str:
            yield where, "lost", item
        elif type(item) is dict:
            inner = [(f"{where}/{escape(key)}", key, one) for key, one in item.items()]
            if is_lost:
                yield from ((place, "key", key) for place, key, _ in inner)
            stack.extend((place, one, is_lost) for place, _, one in inner)
            stack.extend(
                (f"{where}/{escape(key)}", one, True)
                for key, one in lost.get(id(item), (None, ()))[1]
            )
        elif type(item) is list:
            stack.extend((f"{where}/{number}", one, is_lost) for number, one in enumerate(item))


def too_many(raw: bytes) -> bool:
    """Return whether a JSON text has more values than a record may have."""
    if len(raw) <= MAX_VALUES or _openings(raw) <= MAX_VALUES:
        return False
    return _openings(_STRING.sub(b"", raw)) > MAX_VALUES


def _openings(raw: bytes) -> int:
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")


def too_deep(raw: bytes, limit: int) -> bool:
    """Return whether a JSON text is nested more than `limit` levels deep."""
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
