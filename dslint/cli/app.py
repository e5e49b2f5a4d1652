"""The commands of dslint."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import typer

COMMANDS = {
    "check": "check.check",
    "init": "init.init",
    "show": "show.show",
    "rules": "inspect.rules",
    "rule": "inspect.rule",
    "explain": "inspect.rule",
    "plugins": "inspect.plugins",
    "doctor": "inspect.doctor",
    "baseline create": "baseline.create",
    "baseline update": "baseline.update",
    "baseline prune": "baseline.prune",
    "baseline show": "baseline.show",
    "config show": "inspect.config_show",
    "config validate": "inspect.config_validate",
    "config schema": "inspect.config_schema",
    "index make": "index.make",
}
"""Each command and the function, below `dslint.cli`, that runs it."""
GROUPS = {
    "baseline": "Accept what is found today, so that only what is new or worse fails.",
    "config": "Show, validate or describe the configuration.",
    "index": "Make indices that stand in for a benchmark's files.",
}


def application(words: Sequence[str] = ()) -> typer.Typer:
    """Return the command line: the one command that the words begin with, else all of them, as their help needs."""
    first = next((word for word in words if not word.startswith("-")), None)
    known = {name.partition(" ")[0] for name in COMMANDS}
    app = typer.Typer(
        name="dslint",
        help="A linter and quality gate for datasets: finds defective records, row by row, and fails the build when limits are broken.",
        no_args_is_help=True,
        add_completion=first not in known,  # which takes 20 ms
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    groups: dict[str, typer.Typer] = {}
    for name, place in COMMANDS.items():
        group, _, command = name.rpartition(" ")
        if first in known and first != name.partition(" ")[0]:
            continue
        if group and group not in groups:
            groups[group] = typer.Typer(
                help=GROUPS[group], no_args_is_help=True, rich_markup_mode=None
            )
            app.add_typer(groups[group], name=group)
        module, _, function = place.partition(".")
        hidden = name == "explain"
        groups.get(group, app).command(command, hidden=hidden, no_args_is_help=False)(
            getattr(import_module(f"dslint.cli.{module}"), function)
        )
    app.callback()(root)
    return app


def root(
    *, version: bool = typer.Option(False, "--version", "-V", help="Print the version and exit.")
) -> None:
    """Print the version if asked; `dslint --version` alone is answered before anything is imported."""
    if version:
        from dslint import __version__

        typer.echo(f"dslint {__version__}")
        raise typer.Exit
