"""Paths into a decoded record: JSON pointers (RFC 6901) and column paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

LONGEST_NAME = 64
_ORDINARY = re.compile(r"(?:[^\W_]{1,15}(?![^\W_])|[_ $./-])*")


def leaves(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield the JSON pointer and text of every string in a decoded value, in order."""
    if type(value) is dict and {dict, list}.isdisjoint(
        map(type, value.values())
    ):  # a faster way for most records
        return (
            yield from [
                (f"{pointer}/{escape(key)}", item)
                for key, item in value.items()
                if type(item) is str
            ]
        )
    stack: list[tuple[str, object]] = [(pointer, value)]
    while stack:
        where, item = stack.pop()
        if type(item) is str:
            yield where, item
        elif type(item) is dict:
            stack.extend((f"{where}/{escape(key)}", item[key]) for key in reversed(item))
        elif type(item) is list:
            stack.extend(
                (f"{where}/{number}", item[number]) for number in range(len(item) - 1, -1, -1)
            )


def names(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield the JSON pointer and the name of every field in a decoded value, in order."""
    stack: list[tuple[str, object]] = [(pointer, value)]
    while stack:
        where, item = stack.pop()
        if type(item) is dict:
            inner = [(f"{where}/{escape(key)}", key, one) for key, one in item.items()]
            yield from ((place, key) for place, key, _ in inner)
            stack.extend((place, one) for place, _, one in reversed(inner))
        elif type(item) is list:
            stack.extend(
                (f"{where}/{number}", item[number]) for number in range(len(item) - 1, -1, -1)
            )


def distinct_names(values: list[Any]) -> set[str]:
    """Return the names of all fields in decoded values; much faster than one value at a time."""
    found: set[str] = set()
    stack: list[Any] = [values]
    while stack:
        item = stack.pop()
        if type(item) is dict:
            found.update(item)
            stack.extend([one for one in item.values() if type(one) is dict or type(one) is list])
        else:
            stack.extend([one for one in item if type(one) is dict or type(one) is list])
    return found


def is_ordinary(name: str) -> bool:
    """Return whether a field name looks like one that people give, and so holds no value.

    Such names consist of short words and have hardly any digits.
    """
    return len(name) <= LONGEST_NAME and _ordinary(name)


@lru_cache(maxsize=1 << 14)
def _ordinary(name: str) -> bool:
    return _ORDINARY.fullmatch(name) is not None and sum(map(str.isdigit, name)) < 3


def escape(key: str) -> str:
    """Escape a key for use in a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def lookup(value: object, path: str) -> object:
    """Return the value at a column path, or None.

    A column path is `label`, `meta.url`, or a JSON pointer.
    """
    if type(value) is dict and path in value:
        return value[path]
    for key in _keys(path):
        if type(value) is dict:
            value = value.get(key)
        elif type(value) is list and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def without(value: object, path: str) -> object:
    """Return the value without what `lookup` finds at a column path; copies only what is needed."""
    if type(value) is dict and path in value:
        rest = value.copy()
        del rest[path]
        return rest
    return _cut(value, _keys(path))


def _cut(value: object, keys: list[str]) -> object:
    key, rest = keys[0], keys[1:]
    if type(value) is dict and key in value:
        return (
            {**value, key: _cut(value[key], rest)}
            if rest
            else {name: item for name, item in value.items() if name != key}
        )
    if type(value) is list and key.isdecimal() and int(key) < len(value):
        number = int(key)
        return [
            *value[:number],
            *([_cut(value[number], rest)] if rest else []),
            *value[number + 1 :],
        ]
    return value


def pointer_of(value: object, path: str) -> str:
    """Return the JSON pointer of what `lookup` finds at a column path."""
    return (
        f"/{escape(path)}"
        if type(value) is dict and path in value
        else "".join(f"/{escape(key)}" for key in _keys(path))
    )


def _keys(path: str) -> list[str]:
    return (
        [key.replace("~1", "/").replace("~0", "~") for key in path[1:].split("/")]
        if path.startswith("/")
        else path.split(".")
    )
