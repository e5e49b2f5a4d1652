"""Records and texts of the files that options name: references, benchmarks, glossaries.

These files are small compared with the data, and are read completely.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from dslint.data.batch import selected
from dslint.data.shapes import BUILT_IN, detect
from dslint.rules.base import OptionFile

_SAMPLE = 50


def records_in(file: OptionFile) -> Iterator[tuple[int, Any]]:
    """Yield the records of a file with their line numbers, from 1.

    The file is JSON, JSON Lines, CSV or TSV with a header, or text with one record per line. JSON
    is an array, an object with one array of objects, or a single record. Raises ValueError, naming
    file and line, if it cannot be read.
    """
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.path} is not UTF-8 at byte {error.start}") from None
    suffix = file.path.rpartition(".")[2].lower()
    if suffix in ("csv", "tsv"):
        yield from _rows(text, "\t" if suffix == "tsv" else ",", file.path)
    elif suffix in ("json", "jsonl", "ndjson") or not file.path:
        yield from _array(text, file.path) if suffix in ("json", "") else _lines(text, file.path)
    else:
        yield from (
            (number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()
        )


def texts_in(file: OptionFile, roles: Sequence[str] = ("prompt", "target")) -> list[str]:
    """Return one string per record of a file: its texts in the given roles, joined by newlines.

    The shape of the records is detected.
    """
    values = [value for _, value in records_in(file)]
    shape, _ = detect(values[:_SAMPLE], BUILT_IN)
    found = (
        "\n".join(text.text for text in shape.read(value)[0] if selected(text, roles))
        for value in values
    )
    return [text for text in found if text.strip()]


def _lines(text: str, path: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, msgspec.json.decode(line)
            except msgspec.DecodeError as error:
                raise ValueError(f"{path} line {number} is not JSON: {error}") from None
            except RecursionError:
                raise ValueError(f"{path} line {number} is nested too deeply") from None


def _array(text: str, path: str) -> Iterator[tuple[int, Any]]:
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"{path or 'the option'} is not JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"{path or 'the option'} is nested too deeply") from None
    lists = (
        [
            value
            for value in document.values()
            if isinstance(value, list) and isinstance(next(iter(value), None), dict)
        ]
        if isinstance(document, dict)
        else []
    )
    yield from enumerate(
        document if isinstance(document, list) else lists[0] if len(lists) == 1 else [document],
        start=1,
    )


def _rows(text: str, delimiter: str, path: str) -> Iterator[tuple[int, Any]]:
    import csv  # only few rules need it
    import io

    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield (
                reader.line_num,
                {
                    name: value
                    for name, value in row.items()
                    if name is not None and value is not None
                },
            )
    except csv.Error as error:
        raise ValueError(f"{path} line {reader.line_num}: {error}") from None
