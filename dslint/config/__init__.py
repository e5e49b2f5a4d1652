"""The configuration: find it, read it, validate it, and turn it into settings."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from dslint.config.build import date_of, settings_of
from dslint.config.renamed import SELECTORS, over, present
from dslint.config.schema import schema
from dslint.config.validate import plain, validate
from dslint.errors import ConfigError, nearest
from dslint.gate.limits import check_names
from dslint.model import Limit
from dslint.names import Names
from dslint.registry.discovery import Plugins
from dslint.registry.selection import Catalogue, expand, renamed
from dslint.settings import Settings
from dslint.version import __version__

NAMES = ("dslint.toml", ".dslint.toml", "pyproject.toml")

_REQUIREMENT = r"^\s*([A-Za-z0-9._-]+)\s*(\[[^\]]*\])?\s*(.*)$"
_CLAUSE = r"^\s*(>=|<=|==|!=|>|<|~=)\s*([0-9][0-9A-Za-z.]*)\s*$"

__all__ = ["Raw", "find", "parse", "read", "schema"]


class Raw(Struct, frozen=True):
    """A configuration as read from its file.

    `path` is None if there is no file; paths in the document are relative to the folder `root`.
    """

    path: str | None
    text: str
    document: Mapping[str, Any]
    root: str


def find(start: str) -> str | None:
    """Return the configuration closest to a folder, going up to the root of its Git repository.

    Raises ConfigError if it cannot be read, instead of using another one or none.
    """
    folder = Path(os.path.abspath(start))
    for place in (folder, *folder.parents):
        for name in NAMES:
            path = place / name
            if os.path.lexists(path) and not path.is_file():
                what = (
                    "a broken link"
                    if path.is_symlink()
                    else "a folder"
                    if path.is_dir()
                    else "not a regular file"
                )
                raise ConfigError(
                    f"{os.path.relpath(path)} is {what}, so the configuration cannot be read",
                    "repair or remove it",
                )
            if path.is_file() and (name != "pyproject.toml" or _has_table(path)):
                return str(path)
        if (place / ".git").exists():
            break
    return None


def read(path: str) -> Raw:
    """Read a configuration file. Raises ConfigError, with the line, if it is not valid TOML."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "check the path") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8", "save it as UTF-8") from None
    try:
        document = plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"\(at line (\d+)", str(error))
        place = f"{os.path.relpath(path)}:{line[1] if line else text.count(chr(10)) + 1}"
        raise ConfigError(
            f"{place}: not valid TOML: {error}", "check quotes and brackets"
        ) from None
    except RecursionError:
        raise ConfigError(
            f"{os.path.relpath(path)}: nested too deeply", "check brackets, and dots in keys"
        ) from None
    root = os.path.dirname(os.path.abspath(path))
    if os.path.basename(path) == "pyproject.toml":
        tool = document.get("tool", {})
        document = tool.get("dslint", {}) if isinstance(tool, dict) else {}
    return Raw(path, text, document, root)


def parse(
    raw: Raw, known: Catalogue, loaded: Plugins, shapes: Iterable[str], profile: str | None = None
) -> Settings:
    """Validate a configuration, merge it with its presets, and return the settings.

    Raises ConfigError, with file and line.
    """
    name = os.path.relpath(raw.path) if raw.path else "configuration"

    @cache
    def checked() -> dict[str, Any]:
        return schema(known, shapes)

    validate(raw.document, checked, name, raw.text)
    for key, check in (
        ("required-version", _required_version),
        ("required-plugins", _required_plugins),
    ):
        if key in raw.document:
            with _placed(raw, name, (key,)):
                check(raw.document[key], loaded)
    names = Names(renamed(known))
    with _placed(raw, name, ("extends",)):
        presets = _presets(raw.document, loaded, checked, names)
    document = over(presets, present(raw.document, names, name))
    for token, path in _selectors(document):
        with _placed(raw, name, path):
            expand(token, known)
    for number, entry in enumerate(document.get("suppress", ())):
        with _placed(raw, name, ("suppress", number, "expires")):
            date_of(entry.get("expires"))
    declared = {rule: entry.rule.measures for rule, entry in known.items()}
    for measure, path in _measures(document):
        with _placed(raw, name, path, names.renamed):
            check_names([Limit(measure=measure)], declared)
    return settings_of(document, profile, names, root=raw.root, path=raw.path)


@contextmanager
def _placed(
    raw: Raw, name: str, path: tuple[str | int, ...], renamed: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Add the file and the line of the key at `path` to a ConfigError raised inside."""
    try:
        yield
    except ConfigError as error:
        from dslint.config.locate import line_of

        line = line_of(raw.text, path, renamed)
        raise ConfigError(
            f"{name}:{line}: {error.message}" if line else f"{name}: {error.message}", error.hint
        ) from None


def _selectors(document: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str | int, ...]]]:
    holders: list[tuple[Mapping[str, Any], tuple[str | int, ...]]] = [
        (document.get("rules", {}), ("rules",))
    ]
    holders += [
        (profile, ("profiles", name)) for name, profile in document.get("profiles", {}).items()
    ]
    for holder, path in holders:
        for key in SELECTORS:
            for token in holder.get(key, ()):
                yield token, (*path, key)
    for number, entry in enumerate(document.get("suppress", ())):
        yield entry["rule"], ("suppress", number, "rule")


def _measures(document: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str | int, ...]]]:
    """Yield the measures that have limits, each with its path in the document."""
    datasets = document.get("dataset", ())
    holders: list[tuple[Mapping[str, Any], tuple[str | int, ...]]] = [(document, ())]
    holders += [
        (profile, ("profiles", name)) for name, profile in document.get("profiles", {}).items()
    ]
    holders += [
        (override, ("overrides", number))
        for number, override in enumerate(document.get("overrides", ()))
    ]
    holders += (
        [(datasets, ("dataset",))]
        if isinstance(datasets, dict)
        else [(item, ("dataset", number)) for number, item in enumerate(datasets)]
    )
    for holder, path in holders:
        for rule, table in holder.get("rules", {}).items():
            for measure in table.get("limits", ()) if isinstance(table, dict) else ():
                yield f"{rule}.{measure}", (*path, "rules", rule, "limits", measure)


def _presets(
    document: Mapping[str, Any],
    loaded: Plugins,
    checked: Callable[[], dict[str, Any]],
    names: Names,
) -> dict[str, Any]:
    """Return the presets that a configuration extends, each laid over those before it."""
    result: dict[str, Any] = {}
    for name in document.get("extends", ()):
        if name not in loaded.presets:
            raise ConfigError(
                f"unknown preset {name!r}",
                nearest(name, loaded.presets)
                or f"presets: {', '.join(loaded.presets) or 'none installed'}",
            )
        text = loaded.presets[name]
        preset = plain(tomllib.loads(text))
        validate(preset, checked, f"preset {name}", text)
        result = over(result, present(preset, names, f"preset {name}"))
    return result


def _required_version(wanted: str, loaded: Plugins) -> None:
    del loaded
    _satisfied("dslint-gate", __version__, wanted)


def _required_plugins(wanted: Iterable[str], loaded: Plugins) -> None:
    installed = {_normal(plugin.found.distribution): plugin.found for plugin in loaded.plugins}
    for requirement in wanted:
        match = re.match(_REQUIREMENT, requirement)
        distribution = match[1] if match else requirement
        found = installed.get(_normal(distribution))
        if found is None:
            raise ConfigError(
                f"the required plugin {distribution} is not installed",
                f"run: pip install '{requirement}'",
            )
        _satisfied(distribution, found.version, match[3] if match else "")


def _satisfied(what: str, version: str, wanted: str) -> None:
    for clause in filter(None, (part.strip() for part in wanted.split(","))):
        match = re.match(_CLAUSE, clause)
        if match is None:
            raise ConfigError(f"{clause!r} is not a version requirement", "write one such as >=0.1")
        operator, bound = match[1], _numbers(match[2])
        have = _numbers(version)
        size = max(len(have), len(bound))
        a, b = (*have, *(0,) * (size - len(have))), (*bound, *(0,) * (size - len(bound)))
        results = {
            ">=": a >= b,
            "<=": a <= b,
            "==": a == b,
            "!=": a != b,
            ">": a > b,
            "<": a < b,
            "~=": a >= b and have[: len(bound) - 1] == bound[:-1],
        }
        if not results[operator]:
            raise ConfigError(
                f"needs {what} {clause}, but {version} is installed",
                f"run: pip install '{what}{clause}'",
            )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0]))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _has_table(path: Path) -> bool:
    """Return whether a pyproject.toml configures dslint.

    A broken one counts if it has the name of the table, so that its settings are not silently
    ignored.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    try:
        tool = tomllib.loads(text).get("tool", {})
    except (ValueError, RecursionError):
        return re.search(r"^\s*\[\[?\s*tool\s*\.\s*dslint\b", text, re.MULTILINE) is not None
    return isinstance(tool, dict) and "dslint" in tool
