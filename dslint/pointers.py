"""Ways into a decoded record: JSON pointers (RFC 6901) and column paths."""

from __future__ import annotations

from collections.abc import Iterator


def leaves(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield the JSON pointer and text of every string in a decoded value, in order."""
    if type(value) is dict and {dict, list}.isdisjoint(map(type, value.values())):  # most records, and then faster
        return (yield from [(f"{pointer}/{escape(key)}", item) for key, item in value.items() if type(item) is str])
    stack: list[tuple[str, object]] = [(pointer, value)]
    while stack:
        where, item = stack.pop()
        if type(item) is str:
            yield where, item
        elif type(item) is dict:
            stack.extend((f"{where}/{escape(key)}", item[key]) for key in reversed(item))
        elif type(item) is list:
            stack.extend((f"{where}/{number}", item[number]) for number in range(len(item) - 1, -1, -1))


def escape(key: str) -> str:
    """Escape a key for use in a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def lookup(value: object, path: str) -> object:
    """Return the value at a column path (`label`, `meta.url`, or a JSON pointer), or None where there is none."""
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
    """Return the value without what `lookup` finds at a column path. Only what is on the way there is copied."""
    if type(value) is dict and path in value:
        rest = value.copy()
        del rest[path]
        return rest
    return _cut(value, _keys(path))


def _cut(value: object, keys: list[str]) -> object:
    key, rest = keys[0], keys[1:]
    if type(value) is dict and key in value:
        return {**value, key: _cut(value[key], rest)} if rest else {name: item for name, item in value.items() if name != key}
    if type(value) is list and key.isdecimal() and int(key) < len(value):
        number = int(key)
        return [*value[:number], *([_cut(value[number], rest)] if rest else []), *value[number + 1 :]]
    return value


def pointer_of(value: object, path: str) -> str:
    """Return the JSON pointer of what `lookup` finds at a column path."""
    return f"/{escape(path)}" if type(value) is dict and path in value else "".join(f"/{escape(key)}" for key in _keys(path))


def _keys(path: str) -> list[str]:
    return [key.replace("~1", "/").replace("~0", "~") for key in path[1:].split("/")] if path.startswith("/") else path.split(".")
