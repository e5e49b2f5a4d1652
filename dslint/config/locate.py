"""Line numbers of the keys in a TOML text: the parser of the standard library has none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from dslint.helpers.lazy_re import pattern

_HEADER = pattern(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_PAIR = pattern(
    r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
    r"""(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_KEY = pattern(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(?:\.|$)""")

Path = tuple[str | int, ...]


def line_of(
    text: str, path: Sequence[str | int], renamed: Mapping[Any, str] | None = None
) -> int | None:
    """Return the line, from 1, of the longest prefix of `path` that the text has, or None.

    In a pyproject.toml, the path is below `tool.dslint`. `renamed` maps former ids of rules, which
    the text may have, to present ones, which the path has.
    """
    places = _places(text)
    if renamed:
        for place, line in list(places.items()):
            places.setdefault(tuple(renamed.get(key, key) for key in place), line)
    if ("tool", "dslint") in places:
        path = ("tool", "dslint", *path)
    for end in range(len(path), 0, -1):
        if tuple(path[:end]) in places:
            return places[tuple(path[:end])]
    return None


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(
        next(part for part in match.groups() if part is not None) for match in _KEY.finditer(dotted)
    )


def _places(text: str) -> dict[Path, int]:
    places: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    lines = text.split("\n")
    skip_to = 0
    for number, line in enumerate(lines, start=1):
        if number <= skip_to:
            continue
        if header := _HEADER.match(line):
            table = ()
            keys = _keys(header[2])
            for position, key in enumerate(keys):
                table = (*table, key)
                if header[1] == "[[" and position == len(keys) - 1:
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                elif table in counts:
                    table = (*table, counts[table])
                places.setdefault(table, number)
        elif pair := _PAIR.match(line):
            keys = _keys(pair[1])
            for end in range(1, len(keys) + 1):
                places.setdefault((*table, *keys[:end]), number)
            skip_to = _end_of_value(lines, number, pair.end())
            _inside((*table, *keys), lines[number - 1][pair.end() :], number, places)
    return places


def _end_of_value(lines: list[str], number: int, start: int) -> int:
    """Return the last line of a value that begins on line `number`.

    Lines are added until the value parses.
    """
    text = lines[number - 1][start:]
    for end in range(number, min(len(lines), number + 200) + 1):
        try:
            tomllib.loads(f"x ={text}")
        except (tomllib.TOMLDecodeError, RecursionError):
            if end < len(lines):
                text += "\n" + lines[end]
        else:
            return end
    return number


def _inside(path: Path, value: str, number: int, places: dict[Path, int]) -> None:
    """Add the keys of an inline table; they are on the line of the table."""
    for match in re.finditer(r"""[{,]\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""", value):
        places.setdefault((*path, match[1] or match[2] or match[3]), number)
