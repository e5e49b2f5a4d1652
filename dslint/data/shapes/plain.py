"""The shapes without turns: text with a label, text alone, and anything at all."""

from __future__ import annotations

from typing import Any

from dslint.helpers.pointers import leaves
from dslint.model import ShapeProblem, Text, Turn

TEXT_FIELDS = (
    "text",
    "sentence",
    "utterance",
    "content",
    "document",
    "review",
    "comment",
    "tweet",
    "query",
    "question",
)
_POINTERS = {field: f"/{field}" for field in TEXT_FIELDS}
LABEL_FIELDS = (
    "label",
    "intent",
    "category",
    "class",
    "labels",
    "target",
    "sentiment",
    "label_text",
)


def _first(value: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        if name in value:
            return name
    return None


def _read_text(value: Any) -> tuple[list[Text], list[ShapeProblem]]:
    """Return the text of a record."""
    if type(value) is not dict:
        return [], [ShapeProblem("", "the record is not an object")]
    for field, pointer in _POINTERS.items():
        if field in value:
            text = value[field]
            if type(text) is not str:
                return [], [ShapeProblem(pointer, "the text is not a string")]
            return [Text(pointer, "text", text, True)], []
    return [], [
        ShapeProblem("", f"the record has no text: none of {', '.join(TEXT_FIELDS[:3])} ...")
    ]


class Classification:
    """`{"text": ..., "label": ...}`, under these or other usual names."""

    name = "classification"
    roles: frozenset[str | None] = frozenset({"text"})

    def fits(self, value: object) -> bool:
        """Return whether a record has a text and a scalar label."""
        if type(value) is not dict:
            return False
        text, label = _first(value, TEXT_FIELDS), _first(value, LABEL_FIELDS)
        return (
            text is not None
            and label is not None
            and type(value[text]) is str
            and type(value[label]) not in (dict, list)
        )

    read = staticmethod(_read_text)
    """Return the text; the label is a column, not a text."""

    def turns(self, value: Any) -> list[Turn]:
        """Return nothing: this is not a conversation."""
        del value
        return []


class PlainText:
    """`{"text": ...}` or a bare string, as used for pre-training."""

    name = "text"
    roles: frozenset[str | None] = frozenset({"text"})

    def fits(self, value: object) -> bool:
        """Return whether a record is a text."""
        return type(value) is str or (
            type(value) is dict
            and (field := _first(value, ("text", "content"))) is not None
            and type(value[field]) is str
        )

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return the text."""
        if type(value) is str:
            return [Text("", "text", value, True)], []
        return _read_text(value)

    def turns(self, value: Any) -> list[Turn]:
        """Return nothing: this is not a conversation."""
        del value
        return []


class AnyShape:
    """No assumed structure: any value is a record, and its strings are texts of unknown role."""

    name = "any"
    roles: frozenset[str | None] = frozenset({None})

    def fits(self, value: object) -> bool:
        """Return True: everything fits."""
        del value
        return True

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return every string of the record."""
        return [Text(where, None, text) for where, text in leaves(value)], []

    def turns(self, value: Any) -> list[Turn]:
        """Return nothing: this is not a conversation."""
        del value
        return []


def label_field(value: Any) -> str | None:
    """Return the usual label field that a record has, or None."""
    return _first(value, LABEL_FIELDS) if type(value) is dict else None
