"""Readers for the tasks of a benchmark."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dslint.plugin import OptionFile, leaves, lookup

_QUESTION_FIELDS = ("question", "prompt", "instruction", "input", "problem", "query", "text")
_SPEAKER_KEYS = ("role", "from", "type")


class Task(NamedTuple):
    """A task: its row (from 0) and line (from 1) in its file, and its text.

    The line is 0 where the file has no lines.
    """

    row: int
    line: int
    text: str


def tasks(file: OptionFile, fields: Sequence[str] = ()) -> Iterator[Task]:
    """Yield the tasks of a file: JSON, JSON Lines, CSV, TSV, or text with a task per line.

    CSV and TSV may have a header. Raises ValueError, naming file and line, for unreadable
    content.
    """
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{file.path} is not UTF-8") from None
    suffix = file.path.rpartition(".")[2].lower()
    if suffix in ("csv", "tsv"):
        yield from _table_tasks(text, "\t" if suffix == "tsv" else ",", fields)
    elif suffix in ("json", "jsonl", "ndjson") or text.lstrip()[:1] in ("{", "["):
        yield from (
            Task(row, line, _text(value, fields))
            for row, (line, value) in enumerate(
                _values(text, file.path, lines=suffix in ("jsonl", "ndjson"))
            )
        )
    else:
        yield from (
            Task(number, number + 1, line)
            for number, line in enumerate(text.split("\n"))
            if line.strip()
        )


def _values(text: str, path: str, *, lines: bool) -> Iterator[tuple[int, Any]]:
    """Yield the records of JSON or JSON Lines, with their lines.

    JSON is an array, an object whose only list has the records, or a single record.
    """
    try:
        document = None if lines else json.loads(text)
    except json.JSONDecodeError:
        lines = True
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply") from None
    if lines:
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except (json.JSONDecodeError, RecursionError):
                    raise ValueError(f"{path} line {number} is not JSON") from None
        return
    lists = (
        [value for value in document.values() if isinstance(value, list)]
        if isinstance(document, dict)
        else []
    )
    records = (
        document
        if isinstance(document, list)
        else lists[0]
        if len(lists) == 1 and isinstance(next(iter(lists[0]), None), dict)
        else [document]
    )
    yield from ((0, record) for record in records)


def _table_tasks(text: str, delimiter: str, fields: Sequence[str]) -> Iterator[Task]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    fields = [name.lower() for name in fields]
    header: list[str] = []
    line = 1
    for row, cells in enumerate(reader):
        if row == 0 and {*fields, *(() if fields else _QUESTION_FIELDS)} & {
            cell.strip().lower() for cell in cells
        }:
            header = [cell.strip().lower() for cell in cells]
        else:
            yield Task(
                row - bool(header),
                line,
                _text(
                    dict(zip(header, cells, strict=False)) if header else cells,
                    fields if header else (),
                ),
            )
        line = reader.line_num + 1


def _text(value: Any, fields: Sequence[str]) -> str:
    """Return what a task asks: the named fields, else those with usual names, else all texts."""
    found = [
        item for name in fields or _QUESTION_FIELDS if (item := lookup(value, name)) is not None
    ]
    texts = leaves(found or ([] if fields else value))
    return "\n".join(
        text for pointer, text in texts if pointer.rpartition("/")[2] not in _SPEAKER_KEYS
    )
