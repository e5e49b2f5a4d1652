"""`dslint show`: the one command that prints data, and therefore only to a terminal."""

import re
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Annotated, Any

import msgspec
import typer
from msgspec import Struct
from msgspec.structs import replace

from dslint import config, reporters
from dslint.cli import output
from dslint.cli.environment import confined
from dslint.cli.options import Color, Config, Debug, Isolated, Shape
from dslint.config.flags import with_dataset
from dslint.data.datasets import Dataset, open_inputs
from dslint.data.readers.find import display
from dslint.data.readers.source import DataFile
from dslint.errors import ConfigError
from dslint.helpers.pointers import escape
from dslint.model import Finding, Shard
from dslint.reporters.style import printable, visible
from dslint.reporters.text import finding_text
from dslint.run import api
from dslint.settings import Settings

LARGE = 100 << 20
"""Size of a dataset, in bytes, above which a message says that its rules take a while."""

Span = tuple[int, int]


class Place(Struct, frozen=True):
    """The requested record: by its number, or by the line that it begins on."""

    path: str
    row: int | None
    line: int | None


def show(
    place: Annotated[
        list[str],
        typer.Argument(
            metavar="PLACE",
            help="Place of the record as reports print it: PATH:LINE, or PATH row ROW. Lines are "
            "counted from 1, rows from 0.",
        ),
    ],
    line: Annotated[
        int | None,
        typer.Option(
            help="Line on which the record begins, from 1; PLACE is the path.", metavar="N", min=1
        ),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option(help="Number of the record, from 0; PLACE is the path.", metavar="N", min=0),
    ] = None,
    config_file: Config = None,
    isolated: Isolated = False,
    shape: Shape = None,
    color: Color = "auto",
    debug: Debug = False,
) -> int:
    """Show a record with its findings highlighted, in a terminal.

    Prints the data unmasked, therefore only to a terminal and never if the variable CI is set.
    The rules run on the complete dataset of the file.
    """
    del debug
    if not sys.stdout.isatty() or confined():
        raise ConfigError(
            "records are shown only in a terminal, because other output may be stored",
            "for findings without data: dslint check",
        )
    if isolated and config_file:
        raise ConfigError("--isolated and --config cannot be combined", "remove one of them")
    wanted = _place(" ".join(place), line, row)
    env = api.environment()
    settings = with_dataset(
        api.configure(env, None if isolated else config_file or config.find(".")), shape, (), ()
    )
    settings, paths = _narrowed(settings, wanted.path)
    inputs = open_inputs(paths, settings, env.readers, env.shapes)
    name = display(wanted.path, settings.root)
    found = [
        (dataset, opened)
        for dataset in inputs.datasets
        for opened in dataset.files
        if opened.input.path == name
    ]
    if not found:
        problem = next((problem for problem in inputs.problems if problem.path == name), None)
        raise ConfigError(
            f"{name}: {problem.message if problem else 'no such data file'}",
            (problem and problem.hint) or "check the path",
        )
    dataset, opened = found[0]
    number, value, at_line = _record(opened, wanted, settings)
    _announce(dataset, configured=not paths)
    report = api.run(env, settings, paths)
    findings = [
        finding
        for finding in report.findings
        if finding.at.path == name and finding.at.row == number
    ]
    style = reporters.Style(color=output.use_color(color))
    head = f"{visible(name)} row {number}" + (f", line {at_line}" if at_line is not None else "")
    sys.stdout.write(style.paint(head, "bold") + f", shape {opened.input.shape}\n\n")
    sys.stdout.writelines(
        record_text(value, findings) if value is not _UNREAD else ["  (cannot be read)\n"]
    )
    sys.stdout.write(f"\n{len(findings)} finding{'s' if len(findings) != 1 else ''}\n")
    for finding in findings:
        sys.stdout.writelines(finding_text(finding, style))
    sys.stdout.flush()
    for problem in report.problems:
        typer.echo(
            f"dslint: {visible(problem.path or '')}: {visible(problem.message)}".replace(
                " : ", " "
            ),
            err=True,
        )
    return 2 if report.problems else 0


_UNREAD: Any = object()


def _place(text: str, line: int | None, row: int | None) -> Place:
    if line is not None and row is not None:
        raise ConfigError("--line and --row cannot be combined", "remove one of them")
    if line is not None or row is not None:
        return Place(text, row, line)
    match = re.fullmatch(r"(.+?)(?::([0-9]{1,18})(?::[0-9]{1,18})?)?(?: row ([0-9]{1,18}))?", text)
    if match is None or match[2] == match[3]:  # equal only if both are missing
        raise ConfigError(f"{text}: expected PATH:LINE", f"write it as {text}:1, or with --row 0")
    if match[3] is None and int(match[2]) == 0:
        raise ConfigError(
            f"{text}: lines are counted from 1",
            f"for the first record: dslint show {match[1]} --row 0",
        )
    return Place(
        match[1], None if match[3] is None else int(match[3]), None if match[3] else int(match[2])
    )


def _narrowed(settings: Settings, path: str) -> tuple[Settings, list[str]]:
    """Return settings and paths that select the configured dataset of a file, or only the file."""
    name = display(path, settings.root)
    for dataset in settings.datasets:
        if dataset.files:
            one = replace(settings, datasets=(dataset,), narrowed=True)
            if any(item.path == name for item in _files(one)):
                return one, []
    return replace(settings, narrowed=True), [path]


def _files(settings: Settings) -> Iterable[Any]:
    from dslint.data.readers.find import find

    return find((), settings, ()).found


def _record(opened: DataFile, wanted: Place, settings: Settings) -> tuple[int, Any, int | None]:
    """Return the number, content and line of the requested record.

    In formats without lines, a line number means a row. Raises ConfigError if there is no such
    record.
    """
    seen, lines = 0, False
    for batch in opened.reader.read(
        Shard(input=opened.input, location=opened.location),
        opened.shape,
        settings.max_record_bytes,
        settings.max_depth,
    ):
        places = [(record.row, record.line, record.value) for record in batch.records]
        places += [
            (defect.row, defect.line, _UNREAD)
            for defect in batch.defects
            if defect.rule == "dslint/parse-error"
        ]
        for row, line, value in places:
            if (
                wanted.row == row
                if wanted.line is None
                else wanted.line == (row if line is None else line)
            ):
                return row, value, line
        seen = max([seen, *(row + 1 for row, _, _ in places)])
        lines = lines or any(line is not None for _, line, _ in places)
    number = wanted.line if wanted.row is None else wanted.row
    what = (
        f"no record begins on line {number}"
        if lines and wanted.row is None
        else f"there is no row {number}"
    )
    raise ConfigError(
        f"{opened.input.path}: {what}; it has {seen:,} record{'s' if seen != 1 else ''}",
        "rows are counted from 0, lines from 1",
    )


def _announce(dataset: Dataset, *, configured: bool) -> None:
    size = sum(opened.input.bytes for opened in dataset.files)
    if not configured:
        typer.echo(
            "dslint: this file is in no configured dataset, so it is checked by itself", err=True
        )
    if size >= LARGE:
        count = len(dataset.files)
        typer.echo(
            f"dslint: running the rules on {size / 1e6:,.0f} MB in {count} "
            f"file{'s' if count > 1 else ''}; this takes a while",
            err=True,
        )


def record_text(value: Any, findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the fields of a record, with the spans of findings in reverse video."""
    spans: dict[str, list[Span]] = {}
    whole_fields: set[str] = set()
    for finding in findings:
        at = finding.at
        if at.start is not None and at.end is not None:
            spans.setdefault(at.field, []).append((at.start, at.end))
        elif at.field:
            whole_fields.add(at.field)
    for pointer, leaf in _leaves(value, ""):
        mark = pointer in whole_fields
        yield f"{reverse(printable(pointer)) if mark else printable(pointer) or '(the record)'}\n"
        text = leaf if isinstance(leaf, str) else _written(leaf)
        for line in _lines(text, spans.get(pointer, ()) if isinstance(leaf, str) else ()):
            yield f"  {line}\n"


def reverse(text: str) -> str:
    """Return the text in reverse video."""
    return f"\x1b[7m{text}\x1b[27m"


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if value and type(value) is dict:
        for key, item in value.items():
            yield from _leaves(item, f"{pointer}/{escape(str(key))}")
    elif value and type(value) is list:
        for number, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{number}")
    else:
        yield pointer, value


def _lines(text: str, spans: Iterable[Span]) -> Iterator[str]:
    """Yield the lines of a text with spans in reverse video and control characters escaped."""
    start = 0
    spans = list(spans)
    for line in text.split("\n"):
        end = start + len(line)
        cuts = sorted(
            {start, end, *(min(max(place, start), end) for span in spans for place in span)}
        )
        pieces = [
            reverse(printable(text[a:b]))
            if any(low <= a and b <= high for low, high in spans)
            else printable(text[a:b])
            for a, b in pairwise(cuts)
        ]
        yield "".join(pieces) + (
            reverse(" ") if any(low == high and start <= low <= end for low, high in spans) else ""
        )
        start = end + 1


def _written(value: Any) -> str:
    if isinstance(value, bytes):
        return f"({len(value):,} bytes)"
    return printable(msgspec.json.encode(value, enc_hook=str).decode())
