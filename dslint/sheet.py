"""The review sheet: a row for each finding on a label, with empty columns for what people say of it. Its form, and how it is read again."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from dslint.errors import ConfigError
from dslint.patterns import pattern

COLUMNS = ("path", "row", "line", "rule", "text", "label", "suggestion", "score", "fingerprint", "verdict", "corrected")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DELIMITERS = ",;\t"
"""What spreadsheets write between the cells of a CSV file."""
_HEAD = pattern(rb'"?fingerprint"?[,;\t]"?verdict"?[,;\t]"?corrected|"fingerprint": ?"[0-9a-f]{32}", ?"verdict": ?"')


class Reviewed(msgspec.Struct, frozen=True):
    """A row of a review sheet: the finding by its rule and fingerprint, the masked text and the label as they were, and what a person says.

    `right`: the verdict is `ok`, so the finding is none. `corrected`: the right label, empty if nobody wrote one.
    """

    rule: str
    fingerprint: str
    text: str
    label: str
    right: bool
    corrected: str


def is_sheet(start: bytes) -> bool:
    """Say whether a file that starts with these bytes is a review sheet."""
    return _HEAD.search(start.partition(b"\n")[0]) is not None


def disarmed(value: object) -> str:
    """Return a value as a cell, with an apostrophe before what a spreadsheet would take for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def read(path: str, data: bytes) -> list[Reviewed]:
    """Return the rows of a review sheet on which somebody has said something. Raises ConfigError for what is none."""
    import csv  # 2 ms at import, needed for sheets only

    try:
        rows = list(_rows(data))
    except (ValueError, csv.Error, RecursionError):
        rows = None
    if rows is None or not is_sheet(data):
        raise ConfigError(f"{path or 'the file'} is no review sheet", "make one: dslint check --output review=sheet.csv")
    said = [_reviewed(row) for row in rows]
    return [row for row in said if row.right or row.corrected]


def _rows(data: bytes) -> Iterator[Mapping[str, Any]]:
    import csv

    if data.lstrip().startswith(b"{"):
        yield from (msgspec.json.decode(line, type=dict[str, Any]) for line in data.splitlines() if line.strip())
    else:
        text = data.decode("utf-8-sig")
        delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
        for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield {name: _armed(row.get(name) or "") for name in COLUMNS}


def _reviewed(row: Mapping[str, Any]) -> Reviewed:
    rule, fingerprint, text, label, verdict, corrected = (
        str(row.get(name) or "") for name in ("rule", "fingerprint", "text", "label", "verdict", "corrected")
    )
    return Reviewed(rule, fingerprint, text, label, verdict.strip().lower() == "ok", corrected.strip())


def _armed(cell: str) -> str:
    """Return a cell without the apostrophe that disarms it."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell
