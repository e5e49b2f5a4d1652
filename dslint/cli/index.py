"""The command that makes an index of files, for a rule that takes either."""

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
            metavar="FILE...", help="Files of a benchmark: JSON, JSON Lines, CSV, TSV or text."
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The index; of several files, the folder of their indices.",
        ),
    ],
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A column of a task to compare; repeat for several."),
    ] = None,
    ngram: Annotated[int, typer.Option(min=4, max=20, help="Words of an n-gram.")] = 8,
) -> None:
    """Make an index of a benchmark's files that tells none of their text, for `duplicates/benchmark-overlap`."""
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
                made = maker(OptionFile(path, stream.read()), tuple(field or ()), ngram)
        except OSError as error:
            raise ConfigError(f"{error.filename}: {error.strerror}") from None
        except ValueError as error:
            raise ConfigError(str(error)) from None
        outputs.write_file(target, [made])
        typer.echo(f"{target}: made of {path}")
