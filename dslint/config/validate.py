"""Validate a configuration by its JSON Schema; errors name the line and the nearest valid name."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from dslint.errors import ConfigError, nearest

DEEPEST = 60
"""Maximum nesting of a configuration, far more than any key needs."""


def plain(value: Any, room: int = DEEPEST) -> Any:
    """Return a TOML value as JSON, dates as text. Raises RecursionError if nested too deeply."""
    if room == 0:
        raise RecursionError
    if isinstance(value, dict):
        return {key: plain(item, room - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, room - 1) for item in value]
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value


def validate(
    document: Mapping[str, Any], schema: Callable[[], dict[str, Any]], name: str, text: str
) -> None:
    """Raise ConfigError for the first error in a configuration.

    `text` is its source, for line numbers. The schema is only made when needed: an empty
    configuration is valid, and a check without one starts sooner.
    """
    if not document:
        return
    import jsonschema_rs

    if jsonschema_rs.is_valid(schema(), document):
        return
    from jsonschema import Draft202012Validator

    from dslint.config.locate import line_of

    errors = [_deepest(error) for error in Draft202012Validator(schema()).iter_errors(document)]
    if not errors:
        return
    placed = [
        (line_of(text, _culprit(error)) or 0, str(list(error.absolute_path)), error)
        for error in errors
    ]
    line, _, error = min(placed, key=lambda item: item[:2])
    message, hint = _explain(error)
    raise ConfigError(f"{name}:{line}: {message}" if line else f"{name}: {message}", hint)


def _deepest(error: Any) -> Any:
    """Return the deepest error among alternative schemas: the author most likely meant that one."""
    while error.context:
        error = max(error.context, key=lambda e: (len(e.absolute_path), e.validator != "type"))
    return error


def _unknown(error: Any) -> list[str]:
    return sorted(set(error.instance) - set(error.schema.get("properties", {})))


def _culprit(error: Any) -> list[str | int]:
    path = list(error.absolute_path)
    return (
        [*path, _unknown(error)[0]]
        if error.validator == "additionalProperties" and _unknown(error)
        else path
    )


def _explain(error: Any) -> tuple[str, str]:
    where = (
        ".".join(
            f'"{key}"' if isinstance(key, str) and "/" in key else str(key)
            for key in error.absolute_path
        )
        or "the configuration"
    )
    if error.validator == "additionalProperties":
        key = _unknown(error)[0]
        properties = error.schema.get("properties", {})
        known = sorted(name for name in properties if not properties[name].get("deprecated"))
        parts = list(error.absolute_path)
        what = (
            "rule"
            if parts and parts[-1] == "rules"
            else "option"
            if len(parts) > 1 and parts[-2] == "rules"
            else "key"
        )
        listed = f"known: {', '.join(known)}" if len(known) <= 24 else "see: dslint rules"
        return f"unknown {what} {key!r} in {where}", nearest(key, known) or listed
    if error.validator == "enum":
        known = [str(item) for item in error.validator_value]
        given = str(error.instance)
        return f"{where}: {given!r} is not one of {', '.join(known)}", nearest(given, known)
    if error.validator == "type":
        kinds = (
            [error.validator_value]
            if isinstance(error.validator_value, str)
            else error.validator_value
        )
        wanted = " or ".join("table" if kind == "object" else kind for kind in kinds)
        return f"{where}: expected {wanted}, got {_kind(error.instance)}", ""
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{where}: {missing!r} is required", ""
    if error.validator in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        words = {
            "minimum": "at least",
            "maximum": "at most",
            "exclusiveMinimum": "more than",
            "exclusiveMaximum": "less than",
        }
        return (
            f"{where}: {error.instance} is not {words[error.validator]} {error.validator_value}",
            "",
        )
    return f"{where}: {error.message}", ""


def _kind(value: Any) -> str:
    names = {
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        list: "array",
        dict: "table",
    }
    return names.get(type(value), type(value).__name__)
