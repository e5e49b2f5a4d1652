"""The JSON Schema of the configuration: the core's keys and the options of all installed rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from dslint.data.shapes.custom import ROLES as CUSTOM_ROLES
from dslint.data.shapes.custom import Custom
from dslint.model import COLUMN_KINDS, Confidence, Severity
from dslint.registry.discovery import ALWAYS
from dslint.registry.selection import Catalogue, renamed
from dslint.rules.base import DatasetRule, Rule, summary
from dslint.rules.options import option_schema, option_types
from dslint.settings import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"

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
    "max-count": {**_COUNT, "description": "maximum number of findings"},
    "max-rate": {
        **_SHARE,
        "description": "maximum share of judged records with a finding: 0.02 or '2%'",
    },
    "max-total": {**_COUNT, "description": "maximum number of findings, including suppressed ones"},
    "limits": {
        "type": "object",
        "additionalProperties": _BOUNDS,
        "description": "limits of the rule's measures, by name",
    },
}


def _rule_schema(rule: type[Rule], *, core: bool = False) -> dict[str, Any]:
    defaults = {field.name.replace("_", "-"): field.default for field in dataclasses.fields(rule)}  # type: ignore[arg-type]
    options = (
        {}
        if core
        else {
            name: option_schema(kind, defaults[name]) for name, kind in option_types(rule).items()
        }
    )
    return {
        "type": "object",
        "additionalProperties": False,
        "description": summary(rule),
        "properties": {**_RULE_KEYS, **options},
    }


def _namespace_schema(rules: Iterable[type[Rule]]) -> dict[str, Any]:
    """Return the schema of a namespace's table: all options of its rules."""
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
    """Return the JSON Schema (draft 2020-12) of the configuration, for the installed plugins."""
    spaces: dict[str, list[type[Rule]]] = {}
    tables: dict[str, Any] = {}
    for name, entry in known.items():
        core = name.startswith(f"{ALWAYS}/")
        tables[name] = _rule_schema(entry.rule, core=core)
        if not core:
            spaces.setdefault(name.partition("/")[0], []).append(entry.rule)
    tables.update({space: _namespace_schema(rules) for space, rules in spaces.items()})
    selection = {
        "select": {
            **_STRINGS,
            "description": "rules to run: ids, namespaces, 'namespace/*' or 'all'; "
            "default: all recommended ones",
        },
        "ignore": {**_STRINGS, "description": "rules not to run"},
        "extend-select": {**_STRINGS, "description": "additional rules to run"},
    }
    overriding = {
        **tables,
        **{
            name: _overriding_schema(table, known[name].rule if name in known else None)
            for name, table in tables.items()
            if not name.startswith(f"{ALWAYS}/")
        },
    }
    for former, name in renamed(known).items():
        for kind in (tables, overriding):
            kind[former] = {**kind[name], "description": f"now {name}", "deprecated": True}
    rules = {"type": "object", "additionalProperties": False, "properties": {**selection, **tables}}
    judging = {
        "fail-on": {
            "enum": [*Severity.names(), "never"],
            "default": "error",
            "description": "lowest severity that fails the gate",
        },
        "min-confidence": {
            "enum": Confidence.names(),
            "default": "medium",
            "description": "lowest confidence at which a finding fails the gate",
        },
        "scope": {
            "enum": ["record", "dataset", "all"],
            "default": "all",
            "description": "run only record rules, only dataset rules, or all",
        },
    }
    return {
        "$schema": DIALECT,
        "title": "dslint configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "required-version": {
                "type": "string",
                "description": "versions of dslint that this configuration is for: '>=0.1,<2'",
            },
            "required-plugins": {
                **_STRINGS,
                "description": "plugin distributions that must be installed, with versions",
            },
            "extends": {**_STRINGS, "description": "presets of plugins to build on"},
            "dataset": {
                "anyOf": [
                    _dataset_schema(shapes, tables),
                    {"type": "array", "items": _dataset_schema(shapes, tables)},
                ]
            },
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
            "baseline": {
                "type": "string",
                "description": "file of accepted findings and numbers, made by "
                "`dslint baseline create`",
            },
            "allow-paths": {
                **_STRINGS,
                "description": "globs of files outside the project that may be read in CI",
            },
            "max-record-bytes": {
                "type": "integer",
                "minimum": 1,
                "default": Settings().max_record_bytes,
                "description": "longer records are not read and are reported as findings",
            },
            "max-depth": {
                "type": "integer",
                "minimum": 1,
                "maximum": 500,
                "default": Settings().max_depth,
                "description": "records nested deeper are not read and are reported as findings",
            },
            **judging,
        },
    }


def _overriding_schema(table: dict[str, Any], rule: type[Rule] | None) -> dict[str, Any]:
    """Return the schema of a rule's table in an override.

    The rule can be off there. A dataset rule has no options there, since it sees all files.
    """
    properties = {
        key: value
        for key, value in table["properties"].items()
        if key in _RULE_KEYS or rule is None or not issubclass(rule, DatasetRule)
    }
    return {
        **table,
        "properties": {
            **properties,
            "off": {"type": "boolean", "description": "do not run the rule on these files"},
        },
    }


def _dataset_schema(shapes: Iterable[str], tables: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "description": "name in reports; default: its folder"},
            "files": {**_GLOBS, "description": "globs of its files, relative to the configuration"},
            "exclude": {**_GLOBS, "description": "globs of files to leave out"},
            "shape": {
                "enum": [*shapes, Custom.name],
                "description": "shape of its records; default: detected",
            },
            "texts": {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "description": "columns with the texts of a custom shape, by role",
                "properties": {
                    role: {**_GLOBS, "description": f"paths of the columns with {role} texts"}
                    for role in CUSTOM_ROLES
                },
            },
            "text-record": {
                "enum": ["line", "file"],
                "default": "line",
                "description": "unit of a plain text file that is one record",
            },
            "splits": {
                "type": "object",
                "additionalProperties": _GLOBS,
                "description": "globs of the files of each split; default: by file name",
            },
            "columns": {
                "type": "object",
                "additionalProperties": False,
                "properties": {kind: {"type": "string"} for kind in COLUMN_KINDS},
                "description": "field of each kind: a key, a dotted path, or a JSON Pointer",
            },
            "languages": {
                **_GLOBS,
                "description": "codes of the languages of its texts; with a single one, all texts "
                "are taken to be in it",
            },
            "slices": {
                "type": "array",
                "items": {"enum": list(COLUMN_KINDS)},
                "description": "columns for whose values there are separate measures",
            },
            "rules": {
                "type": "object",
                "additionalProperties": False,
                "properties": tables,
                "description": "rule settings for this dataset",
            },
        },
    }


def _override_schema(tables: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["files"],
        "properties": {
            "files": {**_GLOBS, "description": "globs of the files that these settings are for"},
            "rules": {
                "type": "object",
                "additionalProperties": False,
                "properties": tables,
                "description": "rule settings; `off` disables a rule",
            },
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
            "rule": {"type": "string", "description": "id of a rule, or a namespace"},
            "reason": {
                "type": "string",
                "minLength": 1,
                "description": "why these findings are accepted",
            },
            "where": {
                "type": "object",
                "additionalProperties": False,
                "properties": dict.fromkeys(COLUMN_KINDS, values),
                "description": "only records whose columns have one of these values",
            },
            "files": {**_GLOBS, "description": "only findings in these files"},
            "fingerprint": {
                "type": "string",
                "description": "only the finding with this fingerprint",
            },
            "review": {
                "type": "string",
                "description": "only findings whose verdict is `ok` in this review sheet",
            },
            "expires": {
                "type": "string",
                "pattern": r"^\d{4}-\d{2}-\d{2}$",
                "description": "last day on which the suppression applies",
            },
        },
    }
