"""structure/json-schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from dslint.plugin import Batch, Finding, OptionFile, Record, RecordRule, Severity, escape

_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}

_DIALECTS = {
    *(
        f"{scheme}://json-schema.org/draft-0{number}/schema"
        for scheme in ("http", "https")
        for number in (4, 6, 7)
    ),
    *(f"https://json-schema.org/draft/{year}/schema" for year in ("2019-09", "2020-12")),
}
_BY_NAME = (
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
    "dependencies",
)


@dataclass(frozen=True)
class JsonSchema(RecordRule):
    """Records that violate your JSON Schema.

    Why: a schema says what the team agreed on; a violation of it was not intended.

    Every violation is reported with the JSON pointer of its place. Messages name the keyword and
    the types, never a value. `$ref` may only point into the schema itself, and `$schema` must
    name a published draft: nothing is ever fetched. `format` is an annotation, as in the
    standard. Patterns are matched in time linear in the text, so that no record can stall a run
    (except those of `patternProperties` in a schema with `unevaluatedProperties`); look-around
    and back references, which cannot be matched that way, are refused.

    Options: `schema`, a path relative to the configuration, or the schema itself as a table.

    Flags with {"schema": {"required": ["text"], "properties": {"text": {"type": "string"}}}}::

        {"text": 7}
        {"label": "x"}

    Passes with {"schema": {"required": ["text"], "properties": {"text": {"type": "string"}}}}::

        {"text": "seven"}

    Cure: fix the record, or change the schema in its own commit.
    """

    name = "json-schema"
    severity = Severity.ERROR
    sees = "all"
    needs_options = ("schema",)

    schema: OptionFile | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for an invalid schema, or one that points outside of itself."""
        if self.schema is not None:
            name = self.schema.path or "the schema"
            try:
                _validate(name, self.schema.data)
            except RecursionError:
                raise ValueError(f"{name} is nested too deeply to be a schema") from None

    @cached_property
    def _document(self) -> Any:
        return json.loads(self.schema.data) if self.schema is not None else True

    @cached_property
    def _fast(self) -> Any:
        """Return the compiled validator.

        None for a `multipleOf` that is no integer: there it differs from the reference validator.
        """
        if any(
            not float(number).is_integer() for number in _keywords(self._document, "multipleOf")
        ):
            return None
        return _compiled(self._document, validate_formats=False).is_valid

    @cached_property
    def _exact(self) -> Any:
        from jsonschema.validators import Draft202012Validator, extend, validator_for

        # An explicit registry, because the default one fetches unknown schemas.
        from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

        kind = extend(validator_for(self._document, default=Draft202012Validator), _LINEAR)
        return kind(self._document, registry=REGISTRY)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each violation, in the order of their places."""
        if self._fast is not None and self._fast(record.value):
            return
        try:
            found = sorted(
                {
                    (_pointer(error), _message(error))
                    for error in self._exact.iter_errors(record.value)
                }
            )
        except RecursionError:
            found = [("", "violates the schema, nested too deeply to say where")]
        for field, message in found:
            yield self.finding(record.at(field), message)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check in full only what the compiled validator does not pass."""
        valid = self._fast
        for position, value in enumerate(batch.values):
            if valid is None or not valid(value):
                yield from self.check(batch.records[position])


def _validate(name: str, data: bytes) -> None:
    """Raise ValueError for an invalid schema, or one that points outside of itself.

    A deeply nested schema may raise RecursionError.
    """
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ValueError(f"{name} is not valid JSON: {error}") from None
    for reference in _references(document):
        if not reference.startswith("#"):
            raise ValueError(
                f"{name}: $ref {reference!r} points outside of the schema; "
                "put its target under $defs"
            )
    for dialect in _keywords(document, "$schema"):
        if not isinstance(dialect, str) or dialect.removesuffix("#") not in _DIALECTS:
            raise ValueError(
                f"{name}: $schema {dialect!r} is not a known draft, and nothing is fetched; "
                "write https://json-schema.org/draft/2020-12/schema"
            )
    try:
        _compiled(document)
    except ValueError as error:
        raise ValueError(
            f"{name} is not a valid JSON Schema: {str(error).partition(chr(10))[0]}"
        ) from None


def _compiled(document: Any, *, validate_formats: bool | None = None) -> Any:
    """Return the compiled validator, which fetches nothing."""
    import jsonschema_rs

    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.validator_for(
        document, validate_formats=validate_formats, pattern_options=options, offline=True
    )


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return a predicate that searches a text for a pattern.

    It runs on the linear engine of the compiled validator instead of Python's `re`.
    """
    return _compiled({"pattern": pattern}).is_valid  # type: ignore[no-any-return]


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    del schema
    from jsonschema import ValidationError

    if validator.is_type(instance, "string") and not _matcher(pattern)(instance):
        yield ValidationError("pattern")


def _pattern_properties(
    validator: Any, properties: Any, instance: Any, schema: Any
) -> Iterator[Any]:
    del schema
    if validator.is_type(instance, "object"):
        for pattern, inner in properties.items():
            for key in filter(_matcher(pattern), instance):
                yield from validator.descend(instance[key], inner, path=key, schema_path=pattern)


def _additional_properties(validator: Any, inner: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if validator.is_type(instance, "object"):
        patterns = [_matcher(pattern) for pattern in schema.get("patternProperties", ())]
        more = [
            key
            for key in instance
            if key not in schema.get("properties", {}) and not any(found(key) for found in patterns)
        ]
        if inner is False and more:
            yield ValidationError("additionalProperties")
        elif inner is not False:
            for key in more:
                yield from validator.descend(instance[key], inner, path=key)


_LINEAR = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
}
"""Keywords whose patterns Python's `re` would run, which takes exponential time for some."""


def _references(schema: Any) -> Iterator[str]:
    yield from (
        value
        for keyword in ("$ref", "$dynamicRef")
        for value in _keywords(schema, keyword)
        if isinstance(value, str)
    )


def _keywords(schema: Any, name: str) -> Iterator[Any]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == name and not isinstance(value, (dict, list)):
                yield value
            elif key in _BY_NAME and isinstance(value, dict):
                # The keys of this table are names, even where they look like keywords.
                for inner in value.values():
                    yield from _keywords(inner, name)
            elif key not in ("const", "enum", "examples", "default"):
                yield from _keywords(value, name)
    elif isinstance(schema, list):
        for value in schema:
            yield from _keywords(value, name)


def _pointer(error: Any) -> str:
    return "".join(f"/{escape(str(key))}" for key in error.absolute_path)


def _message(error: Any) -> str:
    """Describe a violation by keyword and types, without quoting the data."""
    keyword, wanted = error.validator, error.validator_value
    kind = _TYPES.get(type(error.instance), "value")
    if keyword == "type":
        return (
            f"type: expected {' or '.join([wanted] if isinstance(wanted, str) else wanted)}, "
            f"got {kind}"
        )
    if keyword == "required":
        missing = [name for name in wanted if name not in error.instance]
        return f"required: missing {', '.join(repr(name) for name in missing)}"
    if keyword == "additionalProperties":
        return "additionalProperties: a property that the schema does not define"
    if keyword == "enum":
        return f"enum: the {kind} is none of the {len(wanted)} allowed values"
    if keyword == "const":
        return f"const: the {kind} is not the allowed value"
    if keyword in (
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ):
        return f"{keyword}: {len(error.instance)} against a limit of {wanted}"
    if keyword in (
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "pattern",
        "format",
    ):
        return f"{keyword}: the {kind} violates {keyword} {wanted}"
    if keyword is None:
        return "the schema allows no value here"
    return f"{keyword}: the {kind} does not satisfy it"
