"""The JSON Schema of the configuration: the core's keys, and the options of all installed rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, get_args, get_type_hints

import msgspec

from dslint.model import Confidence, Severity
from dslint.registry import ALWAYS, Catalogue
from dslint.rules import OptionFile, Rule, summary

DIALECT = "https://json-schema.org/draft/2020-12/schema"
COLUMN_KINDS = ("label", "id", "source", "language", "created", "split")

_STRINGS = {"type": "array", "items": {"type": "string"}}
_GLOBS = {"anyOf": [{"type": "string"}, _STRINGS]}
_SHARE = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^\s*(100(\.0*)?|\d{1,2}(\.\d+)?)\s*%\s*$"},
    ]
}
_COUNT = {"type": "integer", "minimum": 0}
_BOUNDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"min": {"type": "number"}, "max": {"type": "number"}},
}
_RULE_KEYS: dict[str, Any] = {
    "severity": {"enum": Severity.names(), "description": "severity of the rule's findings"},
    "max-count": {**_COUNT, "description": "the most findings that pass"},
    "max-rate": {**_SHARE, "description": "the largest share of judged records that passes: 0.02 or '2%'"},
    "max-total": {**_COUNT, "description": "the most findings that pass, suppressed ones counted"},
    "limits": {
        "type": "object",
        "additionalProperties": _BOUNDS,
        "description": "limits on the rule's measures, by name",
    },
}


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


def option_schema(kind: Any, default: Any) -> dict[str, Any]:
    """Return the JSON Schema of an option."""
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


def _rule_schema(rule: type[Rule], *, core: bool = False) -> dict[str, Any]:
    defaults = {field.name.replace("_", "-"): field.default for field in dataclasses.fields(rule)}  # type: ignore[arg-type]
    options = {} if core else {name: option_schema(kind, defaults[name]) for name, kind in option_types(rule).items()}
    return {
        "type": "object",
        "additionalProperties": False,
        "description": summary(rule),
        "properties": {**_RULE_KEYS, **options},
    }


def _namespace_schema(rules: Iterable[type[Rule]]) -> dict[str, Any]:
    """Return the schema for all rules of a namespace together: any option that one of them has."""
    options: dict[str, Any] = {}
    for rule in rules:
        for name, kind in option_types(rule).items():
            options.setdefault(name, option_schema(kind, None))
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"severity": _RULE_KEYS["severity"], **options},
    }


def schema(known: Catalogue, shapes: Iterable[str]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a configuration, for the installed plugins."""
    spaces: dict[str, list[type[Rule]]] = {}
    tables: dict[str, Any] = {}
    for name, entry in known.items():
        core = name.startswith(f"{ALWAYS}/")
        tables[name] = _rule_schema(entry.rule, core=core)
        if not core:
            spaces.setdefault(name.partition("/")[0], []).append(entry.rule)
    tables.update({space: _namespace_schema(rules) for space, rules in spaces.items()})
    selection = {"select": _STRINGS, "ignore": _STRINGS, "extend-select": _STRINGS}
    rules = {"type": "object", "additionalProperties": False, "properties": {**selection, **tables}}
    overriding = {key: {**table, "properties": {**table["properties"], "off": {"type": "boolean"}}} for key, table in tables.items()}
    judging = {
        "fail-on": {"enum": [*Severity.names(), "never"]},
        "min-confidence": {"enum": Confidence.names()},
        "scope": {"enum": ["record", "dataset", "all"]},
    }
    return {
        "$schema": DIALECT,
        "title": "dslint configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "required-version": {
                "type": "string",
                "description": "versions of dslint that this configuration is for, as '>=0.1,<2'",
            },
            "required-plugins": {**_STRINGS, "description": "distributions that must be installed, with versions"},
            "extends": {**_STRINGS, "description": "presets"},
            "dataset": {"anyOf": [_dataset_schema(shapes, tables), {"type": "array", "items": _dataset_schema(shapes, tables)}]},
            "rules": rules,
            "profiles": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {**selection, **judging, "rules": rules},
                },
            },
            "overrides": {"type": "array", "items": _override_schema(overriding)},
            "suppress": {"type": "array", "items": _suppress_schema()},
            "allow-paths": {**_STRINGS, "description": "files outside of the project, as globs, that may be read in CI"},
            "max-record-bytes": {"type": "integer", "minimum": 1},
            "max-depth": {"type": "integer", "minimum": 1, "maximum": 500},
            **judging,
        },
    }


def _dataset_schema(shapes: Iterable[str], tables: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string"},
            "files": _GLOBS,
            "exclude": _GLOBS,
            "shape": {"enum": list(shapes)},
            "splits": {"type": "object", "additionalProperties": _GLOBS},
            "columns": {
                "type": "object",
                "additionalProperties": False,
                "properties": {kind: {"type": "string"} for kind in COLUMN_KINDS},
            },
            "slices": {"type": "array", "items": {"enum": list(COLUMN_KINDS)}},
            "rules": {"type": "object", "additionalProperties": False, "properties": tables},
        },
    }


def _override_schema(tables: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["files"],
        "properties": {
            "files": _GLOBS,
            "rules": {"type": "object", "additionalProperties": False, "properties": tables},
        },
    }


def _suppress_schema() -> dict[str, Any]:
    scalar = {"type": ["string", "integer", "number", "boolean"]}
    values = {"anyOf": [scalar, {"type": "array", "items": scalar}]}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["rule", "reason"],
        "properties": {
            "rule": {"type": "string"},
            "reason": {"type": "string", "minLength": 1},
            "where": {
                "type": "object",
                "additionalProperties": False,
                "properties": dict.fromkeys(COLUMN_KINDS, values),
            },
            "files": _GLOBS,
            "fingerprint": {"type": "string"},
            "expires": {
                "type": "string",
                "pattern": r"^\d{4}-\d{2}-\d{2}$",
                "description": "the last day on which it holds",
            },
        },
    }
