"""Label values: their kinds and names, counts of them, and files with texts and labels."""

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
"""A longer label is a text rather than a name, and is never shown in a report."""
_TEXT_FIELDS = (
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
_LABEL_FIELDS = ("label", "intent", "category", "class", "target", "sentiment")


def parse_label(value: object) -> tuple[Kind, str | None]:
    """Return the kind of a label and its name.

    A string is its own name; a number or a boolean is named as JSON writes it.
    """
    if value is None or (type(value) is str and not value.strip()):
        return "missing", None
    if type(value) is str:
        return ("number", value) if _is_fraction(value) else ("class", value)
    if type(value) is bool:
        return "class", "true" if value else "false"
    if type(value) is int:
        return "class", str(value)
    if type(value) is float:  # tables with gaps store the class 1 as 1.0
        return ("class", str(int(value))) if value.is_integer() else ("number", str(value))
    return "several", None


def _is_fraction(text: str) -> bool:
    integer, point, fraction = text.strip().partition(".")
    return (
        bool(point)
        and integer.lstrip("+-").isdecimal()
        and fraction.isdecimal()
        and bool(fraction.strip("0"))
    )


def short_name(name: str) -> str | None:
    """Return a label that may be shown in a report, None if it is a text rather than a name."""
    return name if len(name) <= LONGEST_NAME else None


@dataclass(frozen=True)
class LabelCounts(Observer):
    """The number of records of each label in a batch, with its first record."""

    # A declaration, never changed.
    state = {"kind": "string", "label": "string", "count": "int64"}  # noqa: RUF012

    def observe(self, batch: Batch) -> Columns:
        """Return one row for each label of the batch."""
        first: dict[tuple[Kind, str | None], int] = {}
        counts = Counter[tuple[Kind, str | None]]()
        for position, value in enumerate(batch.column("label")):
            label = parse_label(value)
            first.setdefault(label, position)
            counts[label] += 1
        return {
            "record": list(first.values()),
            "kind": [kind for kind, _ in first],
            "label": [name for _, name in first],
            "count": [counts[label] for label in first],
        }


def class_counts(state: State) -> dict[str, tuple[int, Any]]:
    """Return the number of records of each class, and the state row of its first record.

    Raises NotApplicableError if the labels are not classes.
    """
    kinds = Counter[str]()
    classes: dict[str, tuple[int, Any]] = {}
    for row in state.rows():
        kinds[row.kind] += row.count
        if row.kind == "class":
            count, first = classes.get(row.label, (0, row))
            classes[row.label] = (
                count + row.count,
                min(first, row, key=lambda member: (member.file, member.row)),
            )
    require_classes(kinds, len(classes))
    return classes


def require_classes(kinds: Mapping[str, int], distinct: int) -> None:
    """Raise NotApplicableError if the labels are not classes.

    That is, many are fractions, most are lists or objects, or most are distinct.
    """
    given = sum(count for kind, count in kinds.items() if kind != "missing")
    if 2 * kinds.get("several", 0) > given:
        raise NotApplicableError(
            "the labels are lists or objects: multi-label data is not supported"
        )
    if 10 * kinds.get("number", 0) > given:
        raise NotApplicableError("the labels are fractions: regression targets are not classes")
    if distinct >= 20 and 2 * distinct > kinds.get("class", 0):
        raise NotApplicableError(
            "there are more than half as many distinct labels as records: they are not classes"
        )


def read_rows(file: OptionFile, option: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSONL, JSON or CSV file. Raises ConfigError if it is none of these."""
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
            "write one record per line, with a text and a label",
        ) from None


def text_and_label(
    row: Mapping[str, Any], label: str | None = None
) -> tuple[str | None, str | None]:
    """Return the text and the label of a row of a file, looked up under their usual names."""
    text = next((row[name] for name in _TEXT_FIELDS if type(row.get(name)) is str), None)
    value = next(
        (
            row[name]
            for name in ((label,) if label else ()) + _LABEL_FIELDS
            if row.get(name) is not None
        ),
        None,
    )
    return text, parse_label(value)[1]
