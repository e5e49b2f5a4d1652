"""The review sheet (`-o review=FILE`), in which people decide whether labels are right.

Its texts are read from the data again, and masked.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from dslint.cli.output import Output, taken
from dslint.data.datasets import open_inputs
from dslint.data.readers.source import FileSource
from dslint.data.record import Record
from dslint.data.review_sheet import COLUMNS, disarmed
from dslint.errors import ConfigError
from dslint.masking.redact import redact
from dslint.model import Finding, Report
from dslint.reporters import Style
from dslint.reporters.style import json_text
from dslint.run import api
from dslint.settings import Settings

Row = dict[str, Any]


def placeholder(report: Report, style: Style) -> Iterator[str]:
    """Yield nothing; stands for the sheet among the reporters until the data is available."""
    del report, style
    return iter(())


def permit(outputs: Iterable[Output]) -> None:
    """Raise ConfigError for a sheet without a file, or one that already exists.

    An existing sheet may hold the verdicts of people.
    """
    for output in outputs:
        if output.reporter is placeholder:
            if output.path is None or not output.path.endswith((".csv", ".jsonl")):
                raise ConfigError(
                    "a review sheet must be a CSV or JSONL file",
                    "write it as --output review=sheet.csv",
                )
            if taken(output.path):
                raise ConfigError(
                    f"{output.path} already exists and may contain verdicts of reviewers",
                    "choose another name, or move it away",
                )


def with_sheets(
    outputs: Sequence[Output],
    env: api.Environment,
    settings: Settings,
    paths: Sequence[str],
    report: Report,
) -> list[Output]:
    """Return the outputs with a reporter for each sheet; reads the records of findings again."""
    if all(output.reporter is not placeholder for output in outputs):
        return list(outputs)
    rows = list(_rows(env, settings, paths, report))

    def reporter(path: str) -> Any:
        return lambda _report, _style: as_csv(rows) if path.endswith(".csv") else as_jsonl(rows)

    return [
        replace(output, reporter=reporter(output.path or ""))
        if output.reporter is placeholder
        else output
        for output in outputs
    ]


def as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the sheet as CSV, with cells escaped that a spreadsheet would run as formulas."""
    for cells in [dict(zip(COLUMNS, COLUMNS, strict=True)), *rows]:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([disarmed(cells[name]) for name in COLUMNS])
        yield line.getvalue()


def as_jsonl(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the sheet as JSON lines."""
    for row in rows:
        yield json_text(row) + "\n"


def _rows(
    env: api.Environment, settings: Settings, paths: Sequence[str], report: Report
) -> Iterator[Row]:
    """Yield a row for each finding of a rule on labels, highest score first."""
    about_labels = {
        name for name, known in env.known.items() if "label" in known.rule.needs_columns
    }
    findings = [
        finding
        for finding in report.findings
        if finding.rule in about_labels
        and finding.at.row is not None
        and finding.suppressed is None
    ]
    opened = {
        item.input.path: item
        for item in open_inputs(paths, settings, env.readers, env.shapes).files
    }
    source = FileSource(opened, {}, settings.max_record_bytes, settings.max_depth)
    records = source.records({finding.at for finding in findings})
    contents = {(record.path, record.row): (_text(record), _label(record)) for record in records}
    for finding in sorted(findings, key=lambda finding: (-(finding.score or 0.0), finding.order())):
        if (place := (finding.at.path or "", finding.at.row or 0)) in contents:
            yield _row(finding, *contents[place])


def _row(finding: Finding, text: str, label: str) -> Row:
    at = finding.at
    values = (
        at.path,
        at.row,
        at.line,
        finding.rule,
        text,
        label,
        finding.suggestion or "",
        finding.score,
        finding.fingerprint,
        "",
        "",
    )
    return dict(zip(COLUMNS, values, strict=True))


def _text(record: Record) -> str:
    return redact("\n".join(part.text for part in record.texts(("prompt", "target"))))


def _label(record: Record) -> str:
    value = record.column("label")
    if isinstance(value, float) and value.is_integer():  # integers of a column with missing values
        value = int(value)
    return redact(
        value
        if isinstance(value, str)
        else ""
        if value is None
        else msgspec.json.encode(value, enc_hook=str).decode()
    )
