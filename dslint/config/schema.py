"""The JSON Schema of the configuration: the core's keys, and the options of all installed rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from dslint.data.shapes.custom import ROLES as CUSTOM_ROLES
from dslint.data.shapes.custom import Custom
from dslint.model import Confidence, Severity
from dslint.registry.selection import ALWAYS, Catalogue
from dslint.rules.base import DatasetRule, OptionFile, Rule, summary
from dslint.settings import Settings

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
    "max-rate": {
        **_SHARE,
        "description": "the largest share of judged records that passes: 0.02 or '2%'",
    },
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
    selection = {
        "select": {
            **_STRINGS,
            "description": "rules to run: ids, namespaces, 'namespace/*' or 'all'; else all recommended ones",
        },
        "ignore": {**_STRINGS, "description": "rules not to run"},
        "extend-select": {**_STRINGS, "description": "rules to run besides"},
    }
    rules = {"type": "object", "additionalProperties": False, "properties": {**selection, **tables}}
    overriding = {
        **tables,
        **{
            name: _overriding_schema(table, known[name].rule if name in known else None)
            for name, table in tables.items()
            if not name.startswith(f"{ALWAYS}/")
        },
    }
    judging = {
        "fail-on": {
            "enum": [*Severity.names(), "never"],
            "default": "error",
            "description": "the mildest severity that fails",
        },
        "min-confidence": {
            "enum": Confidence.names(),
            "default": "medium",
            "description": "the least confidence at which a finding fails",
        },
        "scope": {
            "enum": ["record", "dataset", "all"],
            "default": "all",
            "description": "run record rules, dataset rules, or all",
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
                "description": "versions of dslint that this configuration is for, as '>=0.1,<2'",
            },
            "required-plugins": {
                **_STRINGS,
                "description": "distributions that must be installed, with versions",
            },
            "extends": {**_STRINGS, "description": "presets"},
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
                "description": "a file of accepted findings and numbers, made by `dslint baseline create`",
            },
            "allow-paths": {
                **_STRINGS,
                "description": "files outside of the project, as globs, that may be read in CI",
            },
            "max-record-bytes": {
                "type": "integer",
                "minimum": 1,
                "default": Settings().max_record_bytes,
                "description": "a longer record is not read, and is a finding",
            },
            "max-depth": {
                "type": "integer",
                "minimum": 1,
                "maximum": 500,
                "default": Settings().max_depth,
                "description": "a record nested deeper is not read, and is a finding",
            },
            **judging,
        },
    }


def _overriding_schema(table: dict[str, Any], rule: type[Rule] | None) -> dict[str, Any]:
    """Return the schema of a rule's table in an override: the rule may be off there, and a dataset rule, which sees all files, has no options."""
    properties = {
        key: value
        for key, value in table["properties"].items()
        if key in _RULE_KEYS or rule is None or not issubclass(rule, DatasetRule)
    }
    return {
        **table,
        "properties": {
            **properties,
            "off": {"type": "boolean", "description": "do not run it on these files"},
        },
    }


def _dataset_schema(shapes: Iterable[str], tables: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "description": "its name in reports; else its folder"},
            "files": {**_GLOBS, "description": "its files: globs relative to the configuration"},
            "exclude": {**_GLOBS, "description": "files that are not part of it"},
            "shape": {
                "enum": [*shapes, Custom.name],
                "description": "the shape of its records; else detected",
            },
            "texts": {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "description": "where the texts of a custom shape are: role to column paths",
                "properties": {
                    role: {**_GLOBS, "description": f"where the {role} texts are: column paths"}
                    for role in CUSTOM_ROLES
                },
            },
            "text-record": {
                "enum": ["line", "file"],
                "default": "line",
                "description": "what a record of a plain text file is",
            },
            "splits": {
                "type": "object",
                "additionalProperties": _GLOBS,
                "description": "the files of each split; else told by their names",
            },
            "columns": {
                "type": "object",
                "additionalProperties": False,
                "properties": {kind: {"type": "string"} for kind in COLUMN_KINDS},
                "description": "fields by what they hold: a key, a dotted path, or a JSON pointer",
            },
            "languages": {
                **_GLOBS,
                "description": "the languages that its texts are in, as codes; of a single one, no text is doubted",
            },
            "slices": {
                "type": "array",
                "items": {"enum": list(COLUMN_KINDS)},
                "description": "columns for each value of which there are measures as well",
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
            "files": {**_GLOBS, "description": "the files that these settings are for"},
            "rules": {
                "type": "object",
                "additionalProperties": False,
                "properties": tables,
                "description": "rule settings, and `off`",
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
            "rule": {"type": "string", "description": "a rule, or a namespace"},
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
                "description": "the last day on which it holds",
            },
        },
    }
