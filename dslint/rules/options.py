"""The options of a rule: its fields, with their types, and how they stand in a configuration."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from dslint.rules.base import OptionFile, Rule

RULE_SETTINGS = ("severity", "off", "limits", "max-count", "max-rate", "max-total")
"""What a configuration sets for any rule; no option has such a name."""


@lru_cache(maxsize=1024)
def option_types(rule: type[Rule]) -> Mapping[str, Any]:
    """Return the options of a rule, named as in the configuration, with their types.

    Raises whatever an annotation raises. Those of class attributes are left alone: they cost time,
    and may name what is imported for type checkers only.
    """
    names = [field.name for field in dataclasses.fields(rule)]  # type: ignore[arg-type]
    types: dict[str, Any] = {}
    for base in rule.__mro__:
        own = inspect.get_annotations(base)
        kinds = {name: own[name] for name in names if name in own and name not in types}
        if kinds:
            holder = SimpleNamespace(__annotations__=kinds)
            module = vars(sys.modules.get(base.__module__, SimpleNamespace()))
            types |= get_type_hints(holder, module, dict(vars(base)), include_extras=True)
    return {name.replace("_", "-"): types[name] for name in names}


def takes_file(kind: Any) -> bool:
    """Say whether an option is a file."""
    return kind is OptionFile or OptionFile in get_args(kind)


def takes_files(kind: Any) -> bool:
    """Say whether an option is a list of files."""
    return get_origin(kind) is tuple and takes_file(kind)


def expressible(kind: Any) -> bool:
    """Return whether a configuration can give values of a type.

    What a schema would have to define apart, such as enumerations and classes, has no place in that
    of a configuration.
    """
    try:
        return takes_file(kind) or not msgspec.json.schema_components((kind,))[1]
    except (TypeError, RecursionError):
        return False


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
