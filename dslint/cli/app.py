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
    "baseline": "Accept the current findings, so that only new ones fail.",
    "config": "Show or validate the configuration, or print its schema.",
    "index": "Make indexes of benchmark files.",
}


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the command line: only the command that the arguments name, or else all of them."""
    first = next((argument for argument in arguments if not argument.startswith("-")), None)
    known = {name.partition(" ")[0] for name in COMMANDS}
    app = typer.Typer(
        name="dslint",
        help=(
            "A linter and quality gate for text datasets: finds defective records and fails the "
            "build if limits are exceeded.\n\n"
            "Start with: dslint check PATH. For help on a command: dslint COMMAND --help."
        ),
        no_args_is_help=True,
        add_completion=first not in known,  # it takes 20 ms
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
    """Print the version if requested; `dslint --version` alone is handled before any import."""
    if version:
        from dslint import __version__

        typer.echo(f"dslint {__version__}")
        raise typer.Exit
