"""Options that several commands have, with the same words in each."""

from typing import Annotated

import typer

Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        help="Configuration file. Default: the closest dslint.toml, .dslint.toml or "
        "pyproject.toml.",
        metavar="FILE",
        envvar="DSLINT_CONFIG",
    ),
]
Isolated = Annotated[bool, typer.Option("--isolated", help="Ignore configuration files.")]
Select = Annotated[
    list[str] | None,
    typer.Option(
        help="Rules or namespaces to run instead of the configured ones, separated by commas. "
        "Repeatable.",
        metavar="IDS",
        envvar="DSLINT_SELECT",
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        help="Rules or namespaces not to run. Repeatable.", metavar="IDS", envvar="DSLINT_IGNORE"
    ),
]
Shape = Annotated[
    str | None,
    typer.Option(
        help="Shape of the records, such as chat or preference. Default: detected.",
        metavar="SHAPE",
    ),
]
Column = Annotated[
    list[str] | None,
    typer.Option(
        help="Field to use as label, id, source, language, created or split. Repeatable.",
        metavar="KIND=FIELD",
    ),
]
Split = Annotated[
    list[str] | None,
    typer.Option(
        help="Files of a split, such as test=data/test.jsonl. Repeatable.", metavar="NAME=GLOB"
    ),
]
Jobs = Annotated[
    str,
    typer.Option(
        "--jobs",
        "-j",
        help="Number of processes, or auto (one for small data).",
        metavar="N|auto",
        envvar="DSLINT_JOBS",
    ),
]
Color = Annotated[
    str,
    typer.Option(
        help="When to use colours: auto, always or never.", metavar="WHEN", envvar="DSLINT_COLOR"
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")]
