"""From installed plugins to the rules of a run: discover, load, catalogue, choose. Separate functions, sorted results, no silent failure."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from itertools import pairwise
from typing import Any

import pluggy
from msgspec import Struct

from dslint import builtin, hooks
from dslint.errors import ConfigError, PluginError, nearest
from dslint.model import Shape
from dslint.protocols import Reader
from dslint.rules import Active, Rule
from dslint.version import __version__

OWN_DISTRIBUTION = "dslint-gate"
ALWAYS = "dslint"
"""The namespace of the core's own rules, which always run."""


class Discovered(Struct, frozen=True, order=True):
    """An entry point of a plugin, not yet imported. The namespace is the entry point's name."""

    namespace: str
    module: str
    distribution: str
    version: str


class Plugin(Struct, frozen=True):
    """A discovered plugin after the attempt to import it; `error` is empty if it succeeded."""

    found: Discovered
    error: str = ""


class Loaded(Struct, frozen=True):
    """All plugins, and what they bring."""

    plugins: tuple[Plugin, ...]
    rules: tuple[tuple[Discovered, type[Rule]], ...] = ()
    shapes: tuple[Shape, ...] = ()
    readers: tuple[Reader, ...] = ()
    reporters: Mapping[str, Any] = {}
    presets: Mapping[str, str] = {}


class Known(Struct, frozen=True):
    """A rule class under its full id."""

    id: str
    rule: type[Rule]
    distribution: str
    version: str

    @property
    def plugin(self) -> str:
        """Name and version of the distribution that brings the rule."""
        return f"{self.distribution} {self.version}"

    @property
    def missing(self) -> list[str]:
        """The modules that the rule requires and that are not installed."""
        return [module for module in self.rule.requires if not _importable(module)]

    def install_line(self, *, pre_commit: bool = False) -> str:
        """Return what to do so that the rule becomes available."""
        what = f"{self.distribution}[{self.rule.extra}]" if self.rule.extra else " ".join(self.missing)
        if pre_commit:
            wanted = f".[{self.rule.extra}]" if self.rule.extra and self.distribution == OWN_DISTRIBUTION else what
            return f"add to the hook: additional_dependencies: ['{wanted}']"
        return f"run: pip install '{what}'"


Catalogue = Mapping[str, Known]


def discover() -> list[Discovered]:
    """Return the plugins that are installed, without importing one. Raises PluginError if two distributions claim one namespace."""
    found = sorted(
        {
            Discovered(
                point.name,
                point.value,
                point.dist.name if point.dist else "unknown",
                point.dist.version if point.dist else "0",
            )
            for point in metadata.entry_points(group=hooks.ENTRY_POINTS)
        }
    )
    for one, other in pairwise(found):
        if one.namespace == other.namespace:
            raise PluginError(
                f"two distributions claim the namespace {one.namespace!r}: {one.distribution} and {other.distribution}",
                "uninstall one of them",
            )
    return found


def load(found: Iterable[Discovered]) -> Loaded:
    """Import the plugins and collect what they bring; one that fails is kept with its error."""
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    plugins, good = [], {}
    for item in sorted(found):
        try:
            manager.register(importlib.import_module(item.module), item.namespace)
            manager.check_pending()
        except Exception as error:  # noqa: BLE001 - importing a stranger's module may raise anything; the plugin is listed as broken
            plugins.append(Plugin(item, f"{type(error).__name__}: {error}"))
            manager.unregister(name=item.namespace) if manager.has_plugin(item.namespace) else None
        else:
            plugins.append(Plugin(item))
            good[item.namespace] = item

    def brought(hook: pluggy.HookCaller) -> list[tuple[Discovered, Any]]:
        return [(good[impl.plugin_name], impl.function()) for impl in hook.get_hookimpls()]

    manager_hook = manager.hook
    rules = [(item, rule) for item, rules in brought(manager_hook.dslint_rules) for rule in rules]
    return Loaded(
        plugins=tuple(plugins),
        rules=tuple(sorted(rules, key=lambda pair: (pair[0].namespace, pair[1].name))),
        shapes=tuple(shape for _, shapes in brought(manager_hook.dslint_shapes) for shape in shapes),
        readers=tuple(reader for _, readers in brought(manager_hook.dslint_readers) for reader in readers),
        reporters={name: made for _, reporters in brought(manager_hook.dslint_reporters) for name, made in reporters.items()},
        presets={f"{item.namespace}:{name}": text for item, presets in brought(manager_hook.dslint_presets) for name, text in presets.items()},
    )


def require_sound(loaded: Loaded) -> None:
    """Raise PluginError for the first plugin that is broken: a gate never runs with a rule missing."""
    for plugin in loaded.plugins:
        if plugin.error:
            item = plugin.found
            raise PluginError(
                f"plugin {item.namespace!r} ({item.distribution} {item.version}) does not load: {plugin.error}",
                "repair or uninstall it; see: dslint plugins",
            )


def catalogue(loaded: Loaded) -> dict[str, Known]:
    """Return all rules by full id, the core's own included."""
    known = {f"{ALWAYS}/{rule.name}": Known(f"{ALWAYS}/{rule.name}", rule, OWN_DISTRIBUTION, __version__) for rule in builtin.RULES}
    for item, rule in loaded.rules:
        name = f"{item.namespace}/{rule.name}"
        if name in known:
            raise PluginError(f"{item.distribution} brings two rules named {name!r}")
        known[name] = Known(name, rule, item.distribution, item.version)
    return dict(sorted(known.items()))


def expand(token: str, known: Catalogue) -> list[str]:
    """Return the rule ids that a selector means: an id, a namespace (its recommended rules), `namespace/*`, or `all`."""
    if token in known:
        return [token]
    if token == "all":  # noqa: S105 - a selector
        return list(known)
    namespace = token.removesuffix("/*")
    members = [name for name in known if name.startswith(f"{namespace}/")]
    if not members or "/" in namespace:
        names = [*known, *{name.partition("/")[0] for name in known}]
        raise ConfigError(f"unknown rule {token!r}", nearest(token, names) or "see: dslint rules")
    return members if token.endswith("/*") else [name for name in members if known[name].rule.default]


class Choice(Struct, frozen=True):
    """The rules of a run: those that run, those that do not and why (state, reason), and those that were asked for by name."""

    active: tuple[Active, ...]
    idle: Mapping[str, tuple[str, str]]
    explicit: frozenset[str]


def choose(
    known: Catalogue,
    select: Sequence[str] | None,
    extend: Sequence[str],
    ignore: Sequence[str],
    configured: Iterable[str],
    build: Callable[[Known], Active],
    scope: str = "all",
    *,
    pre_commit: bool = False,
) -> Choice:
    """Choose the rules of a run. Raises ConfigError for an unknown name, and for a rule asked for by name that cannot run.

    `select` None stands for the recommended rules of every namespace; `configured` are the names that have settings of their own.
    """
    tokens = [*(sorted({name.partition("/")[0] for name in known}) if select is None else select), *extend]
    wanted = {name for token in tokens for name in expand(token, known)}
    explicit = {name for name in (*tokens, *configured) if name in known}
    ignored = {name for token in ignore for name in expand(token, known)}
    active: list[Active] = []
    idle: dict[str, tuple[str, str]] = {}
    for name, entry in known.items():
        if name.startswith(f"{ALWAYS}/"):
            active.append(build(entry))
        elif name in ignored or name not in wanted:
            idle[name] = ("skipped", "ignored" if name in ignored else "not selected")
        elif scope != "all" and scope != _scope(entry.rule):
            idle[name] = ("skipped", f"not a {scope} rule")
        elif entry.missing:
            reason = f"{', '.join(entry.missing)} not installed; {entry.install_line(pre_commit=pre_commit)}"
            if name in explicit:
                raise ConfigError(
                    f"rule {name} cannot run: {', '.join(entry.missing)} not installed",
                    entry.install_line(pre_commit=pre_commit),
                )
            idle[name] = ("unavailable", reason)
        else:
            chosen = build(entry)
            lacking = [option.replace("_", "-") for option in entry.rule.needs_options if getattr(chosen.rule, option) in (None, "", ())]
            if lacking and name in tokens:
                raise ConfigError(
                    f"rule {name} cannot run without its option {lacking[0]!r}",
                    f'set it in the configuration under [rules."{name}"], or with --option {name}.{lacking[0]}=VALUE',
                )
            if lacking:
                idle[name] = ("skipped", f"needs the option {lacking[0]!r}")
            else:
                active.append(chosen)
    return Choice(tuple(active), idle, frozenset(explicit))


def _scope(rule: type[Rule]) -> str:
    from dslint.rules import DatasetRule

    return "dataset" if issubclass(rule, DatasetRule) else "record"


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
