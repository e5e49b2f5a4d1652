"""`dslint init`."""

import os
import tomllib
from typing import Annotated

import typer
from msgspec.structs import replace

from dslint import config
from dslint.cli import output
from dslint.cli.environment import confined
from dslint.cli.options import Column, Debug, Shape, Split
from dslint.config import first_config
from dslint.config.flags import with_dataset
from dslint.config.validate import plain
from dslint.data.datasets import open_inputs
from dslint.data.readers.find import matching
from dslint.errors import ConfigError
from dslint.model import Problem, Report, Severity
from dslint.reporters.style import visible
from dslint.run import api
from dslint.run.reads import reads
from dslint.settings import Settings

NAME = "dslint.toml"


def init(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders or globs. Default: the working folder."),
    ] = None,
    target: Annotated[
        str, typer.Option("--output", "-o", help=f"{NAME}, or - to print it.", metavar="FILE")
    ] = NAME,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an existing configuration.")
    ] = False,
    shape: Shape = None,
    column: Column = None,
    split: Split = None,
    debug: Debug = False,
) -> int:
    """Inspect the data and write a first configuration.

    It describes the data, selects rules, and sets limits close to what they find now. The data
    is read twice and never changed. No limit allows secrets, payment data, records that cannot
    be read, or leakage.
    """
    del debug
    if target not in (NAME, "-"):
        raise ConfigError(
            f"--output {target}: the configuration can only be written to {NAME}, in the working "
            "folder",
            "pass - to print it",
        )
    if "-" in (paths or ()):
        raise ConfigError("a configuration is for files, not for standard input", "name the files")
    if target == NAME and not force:
        _refuse_existing()
    env = api.environment()
    base = with_dataset(
        Settings(root=os.getcwd(), confined=confined()), shape, column or (), split or ()
    )
    output.permit(
        [target] if target == NAME else [], reads(paths or (), base, env.readers, env.known)
    )
    inputs = open_inputs(paths or (), base, env.readers, env.shapes)
    _refuse_problems(inputs.problems)
    parts = [
        first_config.Part(dataset.name, tuple(opened.input for opened in dataset.files))
        for dataset in inputs.datasets
    ]
    if not parts:
        raise ConfigError("no data files found here", "name the files")

    def means(pattern: str) -> set[str]:
        return matching(pattern, base.root)

    spaces = first_config.namespaces(env.known)
    report = _run(env, first_config.draft(parts, means, spaces, env.known), base)
    _refuse_problems(report.problems)
    text = first_config.finished(parts, means, spaces, env.known, report)
    if target == "-":
        output.print_text(text, flush=True)
    else:
        output.write_file(NAME, [text])
    _print_summary(report, written=target == NAME)
    return 0


def _refuse_existing() -> None:
    """Raise ConfigError if the working folder has a configuration."""
    if os.path.lexists(NAME) and not os.path.isfile(NAME):
        raise ConfigError(
            f"{NAME} already exists", "pass --force to replace it, or -o - to print a new one"
        )
    found = config.find(".")
    if found is not None and os.path.dirname(found) == os.getcwd():
        name = os.path.basename(found)
        more = "" if name == NAME else f"; {NAME} would take its place"
        raise ConfigError(
            f"{name} already configures this folder{more}",
            "pass --force to replace it, or -o - to print a new one",
        )


def _run(env: api.Environment, text: str, base: Settings) -> Report:
    """Run the check of a configuration."""
    raw = config.Raw(os.path.join(base.root, NAME), text, plain(tomllib.loads(text)), base.root)
    settings = config.parse(raw, env.known, env.loaded, env.shape_names)
    return api.run(env, replace(settings, confined=base.confined))


def _refuse_problems(problems: list[Problem] | tuple[Problem, ...]) -> None:
    """Raise ConfigError for data that cannot be checked.

    A configuration for the rest of the data would hide the problem.
    """
    if problems:
        messages = [
            f"{visible(problem.path)}: {problem.message}" if problem.path else problem.message
            for problem in problems
        ]
        more = f"; and {len(messages) - 3} more problems" if len(messages) > 3 else ""
        hint = next((problem.hint for problem in problems if problem.hint), "")
        raise ConfigError(
            f"not everything can be checked: {'; '.join(messages[:3])}{more}; nothing was written",
            hint or "see: dslint check",
        )


def _print_summary(report: Report, *, written: bool) -> None:
    """Print what was found, and what to do next."""
    counts = report.counts
    names = ("records", *reversed(Severity.names()))
    numbers = [
        f"{counts[name]:,} {name.removesuffix('s')}{'s' if counts[name] != 1 else ''}"
        for name in names
    ]
    lines = [*report.notes, ", ".join(numbers)]
    for rule, count in first_config.failing(report).items():
        lines.append(
            f"{rule}: {count:,}; no limit allows these, so dslint check fails until they are fixed"
        )
    above = None if os.path.exists(".git") else config.find("..")
    if written and above is not None:
        lines.append(f"{os.path.relpath(above)} no longer applies to this folder")
    if written:
        lines += [f"wrote {NAME}", "next: review it, run dslint check, and commit it"]
    for line in lines:
        typer.echo(f"dslint: {visible(line)}", err=True)
