"""Generate the reference pages and the README's table of rules from the code.

The pages are those of docs/reference on rules, commands and configuration. `python
docs/generate.py` writes them; `tests/docs/test_docs.py` fails if one is outdated.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dslint import registry
from dslint.config.schema import schema
from dslint.data import shapes
from dslint.nlp.lexicon import lexicon_schema
from dslint.registry.selection import RuleEntry
from dslint.reporters.manual import markdown
from dslint.rules.base import DatasetRule, manual, summary
from dslint.rules.options import option_schema, option_types
from dslint.run import api

REFERENCE = Path(__file__).parent / "reference"
README = Path(__file__).parent.parent / "README.md"
MADE = "<!-- Made by docs/generate.py from {}. Do not edit. -->\n"


def pages() -> dict[str, str]:
    """Return the generated pages by their path under docs/reference."""
    known = own_rules()
    spaces: dict[str, list[RuleEntry]] = {}
    for name, entry in known.items():
        spaces.setdefault(name.partition("/")[0], []).append(entry)
    made = {
        f"rules/{space}.md": _text(_rules_page(space, entries)) for space, entries in spaces.items()
    }
    return {
        "rules/index.md": _text(_rules_index(known.values())),
        **made,
        "cli.md": _text(_cli_page()),
        "configuration.md": _text(_configuration_page(known)),
        "lexicons.md": _text(_lexicons_page()),
        "lexicon.schema.json": json.dumps(lexicon_schema(), indent=2) + "\n",
    }


def own_rules() -> dict[str, RuleEntry]:
    """Return the rules of this distribution, whatever else is installed."""
    return {
        name: entry
        for name, entry in api.environment().known.items()
        if entry.distribution == registry.OWN_DISTRIBUTION
    }


def readme() -> str:
    """Return the README with its table of rules."""
    table = _text(rules_table(own_rules().values(), "docs/reference/rules/"))
    marks = re.compile(r"(<!-- rules: [^\n]*-->\n).*(<!-- end of rules -->)", re.DOTALL)
    return marks.sub(
        lambda match: f"{match[1]}{table}{match[2]}", README.read_text(encoding="utf-8")
    )


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def when(entry: RuleEntry) -> str:
    """Return when a rule runs, in words."""
    rule = entry.rule
    if entry.id.startswith(f"{registry.ALWAYS}/"):
        return "always"
    return (
        "if configured"
        if rule.default and rule.needs_options
        else "by default"
        if rule.default
        else "opt-in"
    )


def rules_table(entries: Iterable[RuleEntry], folder: str = "") -> Iterator[str]:
    """Yield a table of rules, each linked to its manual page in `folder`."""
    yield "| Rule | Severity | Runs | Finds |"
    yield "|---|---|---|---|"
    for entry in entries:
        # MkDocs and Git hosts make the same anchor.
        place = f"{folder}{entry.id.partition('/')[0]}.md#{entry.id.replace('/', '')}"
        yield (
            f"| [`{entry.id}`]({place}) | {entry.rule.severity} | {when(entry)} "
            f"| {summary(entry.rule)} |"
        )


def _rules_index(entries: Iterable[RuleEntry]) -> Iterator[str]:
    yield MADE.format("the docstrings of the rules")
    yield "# Rules\n"
    yield "A namespace in `select` means its rules that run by default or when they are configured;"
    yield "opt-in rules must be selected by their full id. The rules of `dslint` itself always run."
    yield "`dslint rule ID` prints the same manual page in a terminal.\n"
    yield from rules_table(entries)


def _rules_page(space: str, entries: Iterable[RuleEntry]) -> Iterator[str]:
    yield MADE.format("the docstrings of the rules")
    yield f"# Rules: {space}\n"
    for entry in entries:
        yield f"## {entry.id}\n"
        yield f"{_facts(entry)}\n"
        yield markdown(manual(entry.rule)) + "\n"
        yield from _options(entry)
        if entry.rule.measures:
            yield "| Measure | Meaning |\n|---|---|"
            yield from (
                f"| `{entry.id}.{name}` | {meaning} |"
                for name, meaning in entry.rule.measures.items()
            )
            yield ""


def _facts(entry: RuleEntry) -> str:
    rule = entry.rule
    kind = (
        "core rule"
        if entry.id.startswith(f"{registry.ALWAYS}/")
        else "dataset rule"
        if issubclass(rule, DatasetRule)
        else "record rule"
    )
    facts = [str(rule.severity), kind, f"runs {when(entry)}" if rule.default else when(entry)]
    if kind != "core rule":
        facts.append(
            "judges all records that can be read"
            if rule.sees == "all"
            else "judges the records that fit their shape"
        )
    if entry.formerly:
        facts.append(f"formerly {', '.join(f'`{former}`' for former in entry.formerly)}")
    if rule.extra:
        facts.append(f"needs `pip install '{entry.distribution}[{rule.extra}]'`")
    return f"*{' · '.join(facts)}*"


def _options(entry: RuleEntry) -> Iterator[str]:
    if entry.id.startswith(f"{registry.ALWAYS}/") or not option_types(entry.rule):
        return
    defaults = {
        field.name.replace("_", "-"): field.default for field in dataclasses.fields(entry.rule)
    }  # type: ignore[arg-type]
    yield "| Option | Type | Default |\n|---|---|---|"
    for name, kind in option_types(entry.rule).items():
        default = defaults[name]
        yield f"| `{name}` | {type_of(option_schema(kind, default))} | {_default(default)} |"
    yield ""


def _default(value: Any) -> str:
    if value is None or value is dataclasses.MISSING:
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value) or "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def type_of(made: Mapping[str, Any]) -> str:
    """Return the type of a JSON Schema in words."""
    if "enum" in made:
        return ", ".join(f"`{item}`" for item in made["enum"])
    if "anyOf" in made:
        return " or ".join(dict.fromkeys(map(type_of, made["anyOf"])))
    kind = made.get("type", "any")
    if isinstance(kind, list):
        return " or ".join({"object": "table"}.get(one, one) for one in kind)
    if kind == "array":
        return f"list of {_plural(type_of(made.get('items', {})))}"
    if kind == "object":
        return "table"
    return str(kind)


def _plural(name: str) -> str:
    return f"{name}s" if name.isalpha() and name != "any" else name


def _cli_page() -> Iterator[str]:
    import typer

    from dslint.cli.app import application

    yield MADE.format("what `--help` prints")
    yield "# Commands\n"
    yield "The command is installed as `dslint` and as `dslint-gate`. The report goes to the"
    yield "standard output, everything else to the standard error.\n"
    yield from _command(typer.main.get_command(application()), "dslint", top=True)


def _command(command: Any, name: str, *, top: bool = False) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{(command.help or '').strip()}\n"
    shown = [param for param in command.params if not getattr(param, "hidden", False)]
    arguments = [param for param in shown if param.param_type_name == "argument"]
    if arguments:
        yield "| Argument | Meaning |\n|---|---|"
        yield from (
            f"| {_argument(param)} | {_cell(getattr(param, 'help', None) or '')} |"
            for param in arguments
        )
        yield ""
    options = [
        param for param in shown if param.param_type_name == "option" and param.name != "help"
    ]
    if options:
        yield "| Option | Meaning | Variable | Default |\n|---|---|---|---|"
        yield from map(_option, options)
        yield ""
    for each, sub in getattr(command, "commands", {}).items():
        if not sub.hidden:
            yield from _command(sub, f"{name} {each}" if not top else f"dslint {each}")


def _argument(param: Any) -> str:
    name = (param.metavar or param.name).strip("[].").upper()
    many = "..." if param.nargs == -1 or param.multiple else ""
    return f"`{name if param.required else f'[{name}]'}{many}`"


def _option(param: Any) -> str:
    flags = ", ".join(f"`{flag}`" for flag in sorted(param.opts, key=len))
    value = "" if param.is_flag else f" `{_cell(param.metavar or str(param.type.name).upper())}`"
    default = param.default if isinstance(param.default, (str, int)) and not param.is_flag else None
    meaning = (param.help or "") + (
        " Repeatable." if param.multiple and "Repeatable" not in (param.help or "") else ""
    )
    return (
        f"| {flags}{value} | {_cell(meaning)} | {f'`{param.envvar}`' if param.envvar else ''} "
        f"| {'' if default is None else f'`{default}`'} |"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _configuration_page(known: Mapping[str, RuleEntry]) -> Iterator[str]:
    configuration = schema(known, [shape.name for shape in shapes.BUILT_IN])
    top = configuration["properties"]
    rules = top["rules"]["properties"]
    profile = top["profiles"]["additionalProperties"]["properties"]
    tables = [
        ("Top level", "", {key: value for key, value in top.items() if key not in TABLES}, ()),
        (
            "`[dataset]`",
            "One dataset; write `[[dataset]]` for several.",
            top["dataset"]["anyOf"][0]["properties"],
            (),
        ),
        (
            "`[rules]`",
            "Which rules run.",
            {key: value for key, value in rules.items() if key in SELECTION},
            (),
        ),
        # A core rule has no options of its own, so its keys are those that every rule has.
        ('`[rules."NAMESPACE/RULE"]`', _RULE, rules["dslint/parse-error"]["properties"], ()),
        (
            "`[profiles.NAME]`",
            _PROFILE,
            {key: {**value, "default": None} for key, value in profile.items()},
            (),
        ),
        (
            "`[[overrides]]`",
            "Other settings for some files.",
            top["overrides"]["items"]["properties"],
            ("files",),
        ),
        (
            "`[[suppress]]`",
            _SUPPRESS,
            top["suppress"]["items"]["properties"],
            top["suppress"]["items"]["required"],
        ),
    ]
    yield MADE.format("the JSON Schema of the configuration")
    yield _CONFIGURATION
    for title, text, keys, required in tables:
        yield f"## {title}\n"
        if text:
            yield f"{text}\n"
        yield "| Key | Value | Default | Meaning |\n|---|---|---|---|"
        for key, value in keys.items():
            meaning = _cell(value.get("description") or _MEANT.get(key, "")) + (
                " (required)" if key in required else ""
            )
            default = _default(value.get("default"))
            yield f"| `{key}` | {_keyed(key, value)} | {default} | {meaning} |"
        yield ""


_LEXICONS = """# Lexicons

A lexicon is a list of terms that rules look for. It is a CSV, TOML or JSON file in UTF-8; all three
describe the same document, whose JSON Schema is [lexicon.schema.json](lexicon.schema.json).
[Bring your own lexicon](../how-to/bring-your-own-lexicon.md) shows CSV and TOML, and
[what lexicons can and cannot see](../explanation/lexicons.md) explains what to expect.

In CSV the head consists of lines `# key: value` and `# set NAME: a | b`; it is followed by a row of
column names, and a row for each entry. Lists in a cell are separated by `|`, flags are `yes` or
`no`. In TOML the head is a table of keys, sets are a table `[sets]`, and entries are `[[entries]]`.
"""
_FOUND = """## How terms are found

- Only whole words match, in any case and any Unicode form; offsets are those of the original text.
  In scripts without spaces, and in Korean, a term matches anywhere.
- Between the words of a phrase there may be white space, line ends, hyphens, apostrophes and
  underscores, and nothing else.
- Of terms that start at the same place the longest wins. A term inside one of the exceptions of any
  entry does not match.
- `unless` looks at the twelve words before and the twelve words after the term.
- Web addresses, e-mail addresses and account names (`@name`) are not searched.
- Rules that see through disguises also match terms of four letters or more written as `w0rd`,
  `w*rd`, `w o r d` and `wooord`.
"""


def _lexicons_page() -> Iterator[str]:
    made = lexicon_schema()
    yield MADE.format("the JSON Schema of lexicons")
    yield _LEXICONS
    for title, part in (
        ("The head", made["$defs"]["Lexicon"]),
        ("An entry", made["$defs"]["Entry"]),
    ):
        yield f"## {title}\n"
        yield "| Key | Value | Meaning |\n|---|---|---|"
        for key, value in part["properties"].items():
            needed = " (required)" if key in part["required"] else ""
            meaning = _cell(value.get("description", ""))
            yield f"| `{key}` | {_shape_of(value)} | {meaning}{needed} |"
        yield ""
    yield _FOUND


def _shape_of(value: Mapping[str, Any]) -> str:
    options = [item for option in value.get("anyOf", [value]) for item in option.get("enum", [])]
    return ", ".join(f"`{item}`" for item in options if item) or {
        "array": "list",
        "object": "table",
    }.get(value["type"], value["type"])


TABLES = ("dataset", "rules", "profiles", "overrides", "suppress")
SELECTION = ("select", "ignore", "extend-select")
_MEANT = {"rules": "rule settings, as under `[rules]`"}
_CONFIGURATION = """# Configuration

`dslint.toml`, `.dslint.toml`, or the table `[tool.dslint]` of `pyproject.toml`: the closest one in
the working folder or above, up to the root of its Git repository. An unknown key, rule, option or
measure is an error. The old id of a rule that was renamed means the rule, and is noted in the
report.

`dslint config validate` checks a configuration, `dslint config show` prints the effective one, and
`dslint config schema` prints its JSON Schema, with the options of every installed plugin.

Precedence, from the highest: flags, `DSLINT_*` variables, the file, presets, defaults.
"""
_RULE = """Settings of one rule, in addition to [its own options](rules/index.md). A table for a
whole namespace, `[rules.NAMESPACE]`, accepts `severity` and every option of one of its rules."""
_PROFILE = """Settings for another occasion: `dslint check --profile NAME`. They replace those of
the top level and `[rules]`; `ignore` and `extend-select` add to them."""
_SUPPRESS = """Accepted findings. They stay in the reports, marked with the reason, and count in
`total` only."""


def _keyed(key: str, value: Mapping[str, Any]) -> str:
    """Return the type of a configuration value in words; a table lists its keys."""
    if key in ("columns", "where"):
        return f"table: {', '.join(f'`{kind}`' for kind in value['properties'])}"
    return "table: name to globs" if key == "splits" else type_of(value)


def main() -> None:
    """Write the pages, and remove those of namespaces that no longer exist."""
    made = pages()
    for stale in {
        path.relative_to(REFERENCE).as_posix() for path in (REFERENCE / "rules").glob("*.md")
    } - set(made):
        (REFERENCE / stale).unlink()
    for name, text in made.items():
        path = REFERENCE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")


if __name__ == "__main__":
    main()
