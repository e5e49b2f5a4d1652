"""A configuration with the present ids of rules in the place of former ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dslint.names import Names

SELECTORS = ("select", "ignore", "extend-select")


def present(document: Mapping[str, Any], names: Names, place: str) -> dict[str, Any]:
    """Return a valid configuration, from a file or preset `place`, with present ids of rules.

    Where a table has a former and a present id, what stands under the present one goes first.
    """
    made = _with_ids(document, names, place)
    for key in ("dataset", "overrides"):
        if isinstance(made.get(key), list):
            made[key] = [_with_ids(item, names, place) for item in made[key]]
        elif key in made:
            made[key] = _with_ids(made[key], names, place)
    if "profiles" in made:
        profiles = made["profiles"].items()
        made["profiles"] = {name: _with_ids(item, names, place) for name, item in profiles}
    if "suppress" in made:
        made["suppress"] = [
            {**entry, "rule": names.current(entry["rule"], place)} for entry in made["suppress"]
        ]
    return made


def _with_ids(holder: Mapping[str, Any], names: Names, place: str) -> dict[str, Any]:
    """Return a part of a configuration with present ids in its selectors and its rules' tables."""
    made = _selected(holder, names, place)
    if "rules" in made:
        former_first = sorted(made["rules"].items(), key=lambda pair: pair[0] not in names.renamed)
        tables: dict[str, Any] = {}
        for name, table in former_first:
            tables = over(tables, {names.current(name, place): table})
        made["rules"] = _selected(tables, names, place)
    return made


def _selected(holder: Mapping[str, Any], names: Names, place: str) -> dict[str, Any]:
    return {
        key: [names.current(token, place) for token in value] if key in SELECTORS else value
        for key, value in holder.items()
    }


def over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return one document laid over another: tables are merged, other values replaced."""
    merged = dict(below)
    for key, value in above.items():
        merged[key] = (
            over(merged[key], value)
            if isinstance(value, dict) and isinstance(merged.get(key), dict)
            else value
        )
    return merged
