"""`dslint index`: make an index of benchmark files, for a rule that takes either."""

import os
from typing import Annotated, Any

import typer

from dslint import registry
from dslint.cli import output as outputs
from dslint.errors import ConfigError
from dslint.rules.base import OptionFile
from dslint.run import api

RULE = "duplicates/benchmark-overlap"


def make(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Benchmark files: JSON, JSON Lines, CSV, TSV or text."
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="File to write; for several benchmark files, the folder for their indexes.",
        ),
    ],
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Field of a task to compare. Repeatable."),
    ] = None,
    ngram: Annotated[int, typer.Option(min=4, max=20, help="Number of words per n-gram.")] = 8,
) -> None:
    """Make indexes of benchmark files that do not reveal their text.

    The rule `duplicates/benchmark-overlap` takes an index in place of a benchmark file.
    """
    entry = api.environment().known.get(RULE)
    maker: Any = getattr(entry.rule, "index", None) if entry else None
    if entry is None or maker is None:
        raise ConfigError(f"no installed plugin has the rule {RULE}", "see: dslint plugins")
    if entry.missing:
        raise ConfigError(
            f"{', '.join(entry.missing)} not installed", registry.install_line([entry])
        )
    folder = output if len(files) > 1 or os.path.isdir(output) else None
    targets = [
        output if folder is None else os.path.join(folder, os.path.basename(path) + ".dslint-index")
        for path in files
    ]
    outputs.permit(targets, files)
    for path, target in zip(files, targets, strict=True):
        try:
            with open(path, "rb") as stream:
                content = maker(OptionFile(path, stream.read()), tuple(field or ()), ngram)
        except OSError as error:
            raise ConfigError(f"{error.filename}: {error.strerror}") from None
        except ValueError as error:
            raise ConfigError(str(error)) from None
        outputs.write_file(target, [content])
        typer.echo(f"{target}: made from {path}")
