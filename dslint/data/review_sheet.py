"""The review sheet: a row per finding on a label, with empty columns for the reviewer."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from dslint.errors import ConfigError
from dslint.helpers.lazy_re import pattern

COLUMNS = (
    "path",
    "row",
    "line",
    "rule",
    "text",
    "label",
    "suggestion",
    "score",
    "fingerprint",
    "verdict",
    "corrected",
)
_FORMULA = pattern(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")  # noqa: RUF001 - full-width signs
"""Start of a cell that a spreadsheet takes for a formula.

Excel ignores blanks and line ends before the sign, and accepts full-width signs.
"""
_CONTROL = pattern(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Characters that control a terminal or are invisible.

Line ends, tabs, and the joiners that scripts and emojis need are not included.
"""
_ESCAPE_CODE = r"x[0-9a-f]{2}|u[0-9a-f]{4}"
_BACKSLASHES = pattern(rf"\\+(?={_ESCAPE_CODE}|{_CONTROL.pattern})")
_ESCAPED = pattern(rf"(\\+)({_ESCAPE_CODE})")
_DELIMITERS = ",;\t"
"""Delimiters that spreadsheets use in CSV files."""
_HEAD = pattern(
    rb'"?fingerprint"?[,;\t]"?verdict"?[,;\t]"?corrected'
    rb'|"fingerprint": ?"[0-9a-f]{32}", ?"verdict": ?"'
)


class ReviewedRecord(msgspec.Struct, frozen=True):
    """A row of a review sheet with a decision.

    Rule and fingerprint identify the finding; `text` (masked) and `label` are those reviewed.
    `right` means that the verdict is `ok`: a false positive. `corrected` is the right label,
    empty if there is none.
    """

    rule: str
    fingerprint: str
    text: str
    label: str
    right: bool
    corrected: str


def is_sheet(start: bytes) -> bool:
    """Return whether a file that starts with these bytes is a review sheet."""
    return _HEAD.search(start.partition(b"\n")[0]) is not None


def disarmed(value: object) -> str:
    """Return a value as a cell that is safe in a spreadsheet.

    Control characters are escaped, and what looks like a formula is prefixed with an apostrophe.
    """
    text = "" if value is None else str(value)
    text = _BACKSLASHES.sub(lambda match: 2 * match[0], text)
    text = _CONTROL.sub(
        lambda match: f"\\x{ord(match[0]):02x}" if match[0] < "\x80" else f"\\u{ord(match[0]):04x}",
        text,
    )
    return f"'{text}" if _FORMULA.match(text) else text


def read(path: str, data: bytes) -> list[ReviewedRecord]:
    """Return the rows of a review sheet that have a decision.

    Raises ConfigError if the file is not a review sheet.
    """
    import csv  # 2 ms at import, needed for sheets only

    try:
        rows = list(_rows(data))
    except (ValueError, csv.Error, RecursionError):
        rows = None
    if rows is None or not is_sheet(data):
        raise ConfigError(
            f"{path or 'the file'} is not a review sheet",
            "create one: dslint check --output review=sheet.csv",
        )
    reviewed = [_reviewed(row) for row in rows]
    return [row for row in reviewed if row.right or row.corrected]


def _rows(data: bytes) -> Iterator[Mapping[str, Any]]:
    import csv

    if data.lstrip().startswith(b"{"):
        yield from (
            msgspec.json.decode(line, type=dict[str, Any])
            for line in data.splitlines()
            if line.strip()
        )
    else:
        text = data.decode("utf-8-sig")
        delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
        for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield {name: armed(row.get(name) or "") for name in COLUMNS}


def _reviewed(row: Mapping[str, Any]) -> ReviewedRecord:
    rule, fingerprint, text, label, verdict, corrected = (
        str(row.get(name) or "")
        for name in ("rule", "fingerprint", "text", "label", "verdict", "corrected")
    )
    return ReviewedRecord(
        rule, fingerprint, text, label, verdict.strip().lower() == "ok", corrected.strip()
    )


def armed(cell: str) -> str:
    """Return the original value of a cell from `disarmed`."""
    text = cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell
    return _ESCAPED.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    count, odd = divmod(len(match[1]), 2)
    return count * "\\" + (chr(int(match[2][1:], 16)) if odd else match[2])
