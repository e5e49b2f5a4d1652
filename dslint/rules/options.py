"""The options of a rule: its fields, with their types, and how they stand in a configuration."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from dslint.rules.base import OptionFile, Rule


def option_types(rule: type[Rule]) -> dict[str, Any]:
    """Return the options of a rule, named as in the configuration, with their types."""
    hints = _hints(rule)
    return {field.name.replace("_", "-"): hints[field.name] for field in dataclasses.fields(rule)}  # type: ignore[arg-type]


@lru_cache(maxsize=1024)
def _hints(rule: type[Rule]) -> dict[str, Any]:
    return get_type_hints(rule, include_extras=True)


def takes_file(kind: Any) -> bool:
    """Say whether an option is a file."""
    return kind is OptionFile or OptionFile in get_args(kind)


def takes_files(kind: Any) -> bool:
    """Say whether an option is a list of files."""
    return get_origin(kind) is tuple and takes_file(kind)


def option_schema(kind: Any, default: Any) -> dict[str, Any]:
    """Return the JSON Schema of an option."""
    if takes_files(kind):
        paths = {
            "type": "array",
            "items": {"type": "string"},
            "description": "paths or globs relative to the configuration",
        }
        return {"anyOf": [paths, {"type": "string", "description": "comma-separated"}]}
    if takes_file(kind):
        return {
            "type": ["string", "object"],
            "description": "a path relative to the configuration, or the content itself",
        }
    made: dict[str, Any] = msgspec.json.schema(kind)
    if made.get("type") == "array":
        made = {"anyOf": [made, {"type": "string", "description": "comma-separated"}]}
    if isinstance(default, (str, int, float, bool)):
        made["default"] = default
    return made
