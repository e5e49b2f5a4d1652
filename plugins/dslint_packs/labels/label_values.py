"""What a label is, and what all rules on labels ask of it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from dslint.plugin import (
    Batch,
    Columns,
    ConfigError,
    NotApplicableError,
    Observer,
    OptionFile,
    State,
)

Kind = Literal["class", "missing", "number", "several"]

LONGEST_NAME = 40
"""A longer label is a text rather than a name, and is never shown."""
_TEXTS = (
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
_LABELS = ("label", "intent", "category", "class", "target", "sentiment")


def read(value: object) -> tuple[Kind, str | None]:
    """Return what kind of label a value is, and its name: a string as it is, a number or a boolean as JSON writes it."""
    if value is None or (type(value) is str and not value.strip()):
        return "missing", None
    if type(value) is str:
        return ("number", value) if _fraction(value) else ("class", value)
    if type(value) is bool:
        return "class", "true" if value else "false"
    if type(value) is int:
        return "class", str(value)
    if type(value) is float:  # 1.0 is how tables with gaps write the class 1
        return ("class", str(int(value))) if value.is_integer() else ("number", str(value))
    return "several", None


def _fraction(text: str) -> bool:
    whole, point, rest = text.strip().partition(".")
    return (
        bool(point)
        and whole.lstrip("+-").isdecimal()
        and rest.isdecimal()
        and bool(rest.strip("0"))
    )


def shown(name: str) -> str | None:
    """Return a label as it may be shown, None if it is a text rather than a name."""
    return name if len(name) <= LONGEST_NAME else None


@dataclass(frozen=True)
class LabelCounts(Observer):
    """How often each label is there in a batch, with its first record."""

    state = {"kind": "string", "label": "string", "count": "int64"}  # noqa: RUF012 - a declaration, never changed

    def observe(self, batch: Batch) -> Columns:
        """Return one row for each label of the batch."""
        first: dict[tuple[Kind, str | None], int] = {}
        counts = Counter[tuple[Kind, str | None]]()
        for position, value in enumerate(batch.column("label")):
            said = read(value)
            first.setdefault(said, position)
            counts[said] += 1
        return {
            "record": list(first.values()),
            "kind": [kind for kind, _ in first],
            "label": [name for _, name in first],
            "count": [counts[said] for said in first],
        }


def class_counts(state: State) -> dict[str, tuple[int, Any]]:
    """Return how often each class is there, and the row of its first record. Raises NotApplicableError where labels are no classes."""
    kinds = Counter[str]()
    found: dict[str, tuple[int, Any]] = {}
    for row in state.rows():
        kinds[row.kind] += row.count
        if row.kind == "class":
            count, first = found.get(row.label, (0, row))
            found[row.label] = (
                count + row.count,
                min(first, row, key=lambda member: (member.file, member.row)),
            )
    require_classes(kinds, len(found))
    return found


def require_classes(kinds: Mapping[str, int], names: int) -> None:
    """Raise NotApplicableError where most labels are numbers, lists or objects, or nearly all different."""
    given = sum(count for kind, count in kinds.items() if kind != "missing")
    if 2 * kinds.get("several", 0) > given:
        raise NotApplicableError(
            "the labels are lists or objects: several labels a record are not judged"
        )
    if 10 * kinds.get("number", 0) > given:
        raise NotApplicableError("the labels are fractions: a number to predict is no class")
    if names >= 20 and 2 * names > kinds.get("class", 0):
        raise NotApplicableError(
            "more than half of the labels are there once only: they are no classes"
        )


def rows_of(file: OptionFile, option: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSONL, JSON or CSV file. Raises ConfigError where it is neither."""
    try:
        if file.path.endswith(".csv"):
            yield from csv.DictReader(
                io.StringIO(file.data.decode("utf-8-sig"), newline=""), strict=True
            )
        elif file.data.lstrip()[:1] == b"[":
            yield from msgspec.json.decode(file.data, type=list[dict[str, Any]])
        else:
            yield from (
                msgspec.json.decode(line, type=dict[str, Any])
                for line in file.data.splitlines()
                if line.strip()
            )
    except (ValueError, csv.Error, msgspec.DecodeError, RecursionError):
        raise ConfigError(
            f"option {option!r}: {file.path or 'the file'} is neither JSONL nor CSV",
            "one record a line, with a text and a label",
        ) from None


def text_and_label(
    row: Mapping[str, Any], label: str | None = None
) -> tuple[str | None, str | None]:
    """Return the text and the label of a row of a file, under their usual names."""
    text = next((row[name] for name in _TEXTS if type(row.get(name)) is str), None)
    value = next(
        (row[name] for name in ((label,) if label else ()) + _LABELS if row.get(name) is not None),
        None,
    )
    return text, read(value)[1]
