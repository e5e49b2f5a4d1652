"""The commands of dslint."""

from __future__ import annotations

import typer

from dslint.cli import check, init, inspect, show

app = typer.Typer(
    name="dslint",
    help="A linter and quality gate for datasets: finds defective records, row by row, and fails the build when limits are broken.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
config_app = typer.Typer(help="Show, validate or describe the configuration.", no_args_is_help=True, rich_markup_mode=None)

app.command("check", no_args_is_help=False)(check.check)
app.command("init", no_args_is_help=False)(init.init)
app.command("show")(show.show)
app.command("rules")(inspect.rules)
app.command("rule")(inspect.rule)
app.command("explain", hidden=True)(inspect.rule)
app.command("plugins")(inspect.plugins)
app.command("doctor")(inspect.doctor)
config_app.command("show")(inspect.config_show)
config_app.command("validate")(inspect.config_validate)
config_app.command("schema")(inspect.config_schema)
app.add_typer(config_app, name="config")


@app.callback()
def root(*, version: bool = typer.Option(False, "--version", "-V", help="Print the version and exit.")) -> None:
    """Print the version if asked; `dslint --version` alone is answered before anything is imported."""
    if version:
        from dslint import __version__

        typer.echo(f"dslint {__version__}")
        raise typer.Exit
