"""Commands that describe dslint itself: rules, plugins, configuration and installation."""

import dataclasses
import os
import platform
from importlib import metadata
from typing import Annotated, Any

import msgspec
import typer

from dslint import __version__, registry
from dslint import config as configuration
from dslint.cli.options import Config
from dslint.cli.output import print_text
from dslint.errors import ConfigError, nearest
from dslint.reporters.style import visible
from dslint.rules.base import DatasetRule, manual, summary
from dslint.rules.options import option_schema, option_types
from dslint.run import api

Format = Annotated[
    str, typer.Option("--output", "-o", help="Output format: text or json.", metavar="FORMAT")
]


def rules(output: Format = "text") -> None:
    """List all rules: severity, when they run, and what they find."""
    known = api.environment().known
    if _wants_json(output):
        _print_json([_rule_fields(entry) for entry in known.values()])
        return
    width = max(map(len, known))
    for name, entry in known.items():
        when = (
            "default"
            if entry.rule.default and not entry.rule.needs_options
            else "if configured"
            if entry.rule.default
            else "opt-in"
        )
        missing = f"  [unavailable: {registry.install_line([entry])}]" if entry.missing else ""
        typer.echo(
            f"{name:<{width}}  {entry.rule.severity!s:<8} {when:<13} {summary(entry.rule)}{missing}"
        )


def rule(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a rule, such as structure/role-order.")
    ],
    output: Format = "text",
) -> None:
    """Print the manual page of a rule."""
    known = api.environment().known
    if (now := registry.renamed(known).get(name)) is not None:
        typer.echo(f"dslint: rule {name} is now {now}", err=True)
        name = now
    if name not in known:
        raise ConfigError(f"unknown rule {name!r}", nearest(name, known) or "see: dslint rules")
    entry = known[name]
    if _wants_json(output):
        _print_json(_rule_fields(entry))
        return
    kind = "dataset rule" if issubclass(entry.rule, DatasetRule) else "record rule"
    typer.echo(f"{name}\n{'=' * len(name)}\n\n{manual(entry.rule).rstrip()}\n")
    former = f", formerly {', '.join(entry.formerly)}" if entry.formerly else ""
    typer.echo(f"{entry.rule.severity}, {kind}, from {entry.plugin}{former}")
    for option, detail in _options(entry).items():
        default = detail["default"]
        typer.echo(
            f"  {option} = {default!r}" if default is not None else f"  {option} (no default)"
        )
    for measure, meaning in entry.rule.measures.items():
        typer.echo(f"  measure {name}.{measure}: {meaning}")
    if entry.missing:
        typer.echo(
            f"unavailable: {', '.join(entry.missing)} not installed; "
            f"{registry.install_line([entry])}"
        )


def plugins(output: Format = "text") -> int:
    """List the installed plugins and their state.

    A plugin is active, unavailable (shown with the command that installs what it needs) or
    broken. The exit code is 2 if one is broken or declares a rule wrongly.
    """
    loaded = registry.load(registry.discover())
    known = registry.catalogue(loaded)
    rows = [_plugin_fields(plugin, known) for plugin in loaded.plugins]
    if _wants_json(output):
        _print_json(rows)
    else:
        for row in rows:
            typer.echo(
                f"{row['namespace']:<12} {row['state']:<12} "
                f"{row['distribution']} {row['version']}, {len(row['rules'])} rules"
            )
            for line in [row["error"], *row["wrong"], *row["unavailable"]]:
                if line:
                    typer.echo(f"             {visible(line)}")
    return 2 if any(row["state"] == "broken" for row in rows) else 0


def doctor(output: Format = "text") -> int:
    """Print versions, extras and plugins, for bug reports.

    The exit code is 2 if a plugin is broken or declares a rule wrongly.
    """
    loaded = registry.load(registry.discover())
    known = registry.catalogue(loaded)
    facts: dict[str, Any] = {
        "dslint": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "dependencies": {
            name: _version(name)
            for name in (
                "msgspec",
                "pyarrow",
                "jsonschema",
                "jsonschema-rs",
                "pluggy",
                "typer",
                "numpy",
            )
        },
        "configuration": configuration.find("."),
        "plugins": [_plugin_fields(plugin, known) for plugin in loaded.plugins],
        "unavailable": {
            name: registry.install_line([entry]) for name, entry in known.items() if entry.missing
        },
    }
    if _wants_json(output):
        _print_json(facts)
    else:
        for key in ("dslint", "python", "platform", "configuration"):
            typer.echo(f"{key:<14} {facts[key] or 'none'}")
        for name, version in facts["dependencies"].items():
            typer.echo(f"{name:<14} {version or 'not installed'}")
        for row in facts["plugins"]:
            typer.echo(
                f"plugin         {row['namespace']}: {row['state']}, "
                f"{row['distribution']} {row['version']} {row['error'] or ''}".rstrip()
            )
            for line in row["wrong"]:
                typer.echo(f"               {visible(line)}")
        for name, line in facts["unavailable"].items():
            typer.echo(f"unavailable    {name}: {line}")
    return 2 if any(row["state"] == "broken" for row in facts["plugins"]) else 0


def config_show(
    config: Config = None,
    profile: Annotated[
        str | None, typer.Option(help="Profile of the configuration to use.", metavar="NAME")
    ] = None,
) -> None:
    """Print the effective configuration as JSON."""
    env = api.environment()
    settings = api.configure(env, config or configuration.find("."), profile)
    shown = msgspec.to_builtins(settings, enc_hook=str)
    shown["fail_on"] = "never" if settings.fail_on is None else str(settings.fail_on)
    shown["min_confidence"] = str(settings.min_confidence)
    del shown["key"]
    _print_json(shown)


def config_validate(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Configuration files. Default: the closest dslint.toml, .dslint.toml or "
            "pyproject.toml.",
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Validate a configuration and all of its profiles.

    The exit code is 2 if it is not valid.
    """
    closest = config or configuration.find(".")
    if not paths and closest is None:
        raise ConfigError("no configuration found", "create a dslint.toml, or name a file")
    env = api.environment()
    for path in paths or filter(None, [closest]):
        profiles = configuration.read(path).document.get("profiles", {})
        notes: dict[str, None] = {}
        for profile in (None, *(profiles if isinstance(profiles, dict) else ())):
            settings = api.configure(env, path, profile)
            api.Plan(env, settings).check()
            notes |= dict.fromkeys(settings.notes)
        for note in notes:
            typer.echo(f"dslint: {note}", err=True)
        typer.echo(f"{os.path.relpath(path)}: valid")


def config_schema() -> None:
    """Print the JSON Schema of the configuration.

    It includes the options of all installed plugins.
    """
    env = api.environment()
    _print_json(configuration.schema(env.known, env.shape_names))


def _rule_fields(entry: registry.RuleEntry) -> dict[str, Any]:
    rule = entry.rule
    return {
        "id": entry.id,
        "formerly": list(entry.formerly),
        "summary": summary(rule),
        "severity": str(rule.severity),
        "kind": "dataset" if issubclass(rule, DatasetRule) else "record",
        "default": rule.default,
        "sees": rule.sees,
        "plugin": entry.plugin,
        "needs": {
            "options": list(rule.needs_options),
            "columns": list(rule.needs_columns),
            "roles": list(rule.needs_roles),
        },
        "options": _options(entry),
        "measures": dict(rule.measures),
        "available": not entry.missing,
        "install": registry.install_line([entry]) if entry.missing else None,
        "manual": manual(rule),
    }


def _options(entry: registry.RuleEntry) -> dict[str, dict[str, Any]]:
    if entry.id.startswith(f"{registry.ALWAYS}/"):
        return {}
    fields = dataclasses.fields(entry.rule)  # type: ignore[arg-type]
    defaults = {field.name.replace("_", "-"): field.default for field in fields}
    return {
        name: {"default": defaults[name], "schema": option_schema(kind, defaults[name])}
        for name, kind in option_types(entry.rule).items()
    }


def _plugin_fields(plugin: registry.Plugin, known: registry.Catalogue) -> dict[str, Any]:
    found = plugin.found
    mine = {name: entry for name, entry in known.items() if name.startswith(f"{found.namespace}/")}
    missing = [
        f"{name}: {registry.install_line([entry])}" for name, entry in mine.items() if entry.missing
    ]
    wrong = [line for entry in mine.values() for line in entry.wrong]
    state = (
        "broken"
        if plugin.error or wrong
        else "unavailable"
        if mine and len(missing) == len(mine)
        else "active"
    )
    return {
        "namespace": found.namespace,
        "distribution": found.distribution,
        "version": found.version,
        "state": state,
        "rules": sorted(mine),
        "unavailable": missing,
        "wrong": wrong,
        "error": "; ".join(filter(None, (plugin.error, plugin.hint))) or None,
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _wants_json(output: str) -> bool:
    if output not in ("text", "json"):
        raise ConfigError(
            f"--output: {output!r} is not one of text, json", nearest(output, ["text", "json"])
        )
    return output == "json"


def _print_json(value: Any) -> None:
    print_text(
        msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode() + "\n",
        flush=True,
    )
