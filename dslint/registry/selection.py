"""From installed plugins to the rules of a run: discover, load, catalogue, choose.

Separate functions, sorted results, no silent failure.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import metadata
from itertools import pairwise
from types import ModuleType
from typing import Any, NoReturn

import pluggy
from msgspec import Struct

from dslint.data.batch import Identify
from dslint.data.protocols import Reader
from dslint.errors import ConfigError, PluginError, nearest
from dslint.model import Resource, RuleState, Scope, Shape
from dslint.registry import hooks
from dslint.registry.guards import GuardedLanguages, GuardedReader, GuardedReporter, GuardedShape
from dslint.rules import core_rules
from dslint.rules.base import Active, Rule
from dslint.system import installed
from dslint.version import __version__

OWN_DISTRIBUTION = "dslint-gate"
_UPGRADE = f"run: pip install --upgrade {OWN_DISTRIBUTION}"
_REINSTALL = f"run: pip install --force-reinstall --no-deps {OWN_DISTRIBUTION}"
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
    hint: str = ""


class Loaded(Struct, frozen=True):
    """All plugins, and what they bring."""

    plugins: tuple[Plugin, ...]
    rules: tuple[tuple[Discovered, type[Rule]], ...] = ()
    shapes: tuple[Shape, ...] = ()
    readers: tuple[Reader, ...] = ()
    reporters: Mapping[str, Any] = {}
    presets: Mapping[str, str] = {}
    resources: tuple[Resource, ...] = ()
    identify: Identify | None = None
    """What tells the languages of texts."""


class Known(Struct, frozen=True):
    """A rule class under its full id."""

    id: str
    rule: type[Rule]
    distribution: str
    version: str
    resources: tuple[Resource, ...] = ()
    """What plugins bring of the kinds that the rule takes, not yet read."""

    @property
    def plugin(self) -> str:
        """Name and version of the distribution that brings the rule."""
        return f"{self.distribution} {self.version}"

    @property
    def formerly(self) -> tuple[str, ...]:
        """The former ids of the rule: not those of a class that it derives from, another rule."""
        former: tuple[str, ...] = vars(self.rule).get("formerly", ())
        return former

    @property
    def wrong(self) -> tuple[str, ...]:
        """The wrong declarations of the rule, one line each; if there are any, it cannot run."""
        from dslint.registry.declarations import Misdeclared

        return self.rule.wrong if issubclass(self.rule, Misdeclared) else ()

    @property
    def missing(self) -> list[str]:
        """The modules that the rule requires and that are not installed."""
        return [module for module in self.rule.requires if not _importable(module)]


def install_line(rules: Iterable[Known], *, pre_commit: bool = False) -> str:
    """Return the one line that makes all of these rules available."""
    extras: dict[str, set[str]] = {}
    modules: set[str] = set()
    for entry in rules:
        if entry.rule.extra:
            extras.setdefault(entry.distribution, set()).add(entry.rule.extra)
        else:
            modules.update(entry.missing)
    own = "." if pre_commit else OWN_DISTRIBUTION
    wanted = [
        f"{own if name == OWN_DISTRIBUTION else name}[{','.join(sorted(several))}]"
        for name, several in sorted(extras.items())
    ] + sorted(modules)
    if pre_commit:
        return f"add to the hook: additional_dependencies: {wanted}"
    return "run: pip install " + " ".join(f"'{what}'" for what in wanted)


Catalogue = Mapping[str, Known]


def discover() -> list[Discovered]:
    """Return the installed plugins, without importing them.

    Raises PluginError if two distributions claim one namespace.
    """
    points = installed.entry_points()
    found = sorted(
        {
            Discovered(point.name, point.value, *_called(distribution))
            for distribution, point in points
        }
    )
    for one, other in pairwise(found):
        if one.namespace == other.namespace:
            raise PluginError(
                f"two distributions claim the namespace {one.namespace!r}: "
                f"{one.distribution} and {other.distribution}",
                "uninstall one of them",
            )
    return found


@lru_cache(maxsize=64)
def _called(distribution: metadata.Distribution) -> tuple[str, str]:
    """Return name and version of a distribution; each access would parse its metadata again."""
    return distribution.metadata["Name"], distribution.metadata["Version"]


def load(found: Iterable[Discovered]) -> Loaded:
    """Import the plugins and collect what they bring; one that fails is kept with its error."""
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    plugins = []
    rules: list[tuple[Discovered, type[Rule]]] = []
    shapes: list[Shape] = []
    readers: list[Reader] = []
    reporters: dict[str, Any] = {}
    presets: dict[str, str] = {}
    resources: list[Resource] = []
    identify: Identify | None = None
    for item in sorted(found):
        try:
            brought = _brought(manager, item)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's module may raise anything; the plugin is listed as broken
            plugins.append(Plugin(item, *_told(error)))
            manager.unregister(name=item.namespace) if manager.has_plugin(item.namespace) else None
        else:
            plugins.append(Plugin(item))
            rules.extend((item, rule) for rule in brought.rules)
            shapes.extend(brought.shapes)
            readers.extend(brought.readers)
            reporters.update(brought.reporters)
            presets.update(
                {f"{item.namespace}:{name}": text for name, text in brought.presets.items()}
            )
            resources.extend(brought.resources)
            if identify is None or (
                brought.identify is not None and item.distribution != OWN_DISTRIBUTION
            ):
                identify = brought.identify
    return Loaded(
        plugins=tuple(plugins),
        rules=tuple(sorted(rules, key=lambda pair: (pair[0].namespace, pair[1].name))),
        shapes=tuple(shapes),
        readers=tuple(readers),
        reporters=reporters,
        presets=presets,
        resources=tuple(
            sorted(resources, key=lambda item: (item.kind, item.language, item.name, item.path))
        ),
        identify=identify,
    )


def _told(error: BaseException) -> tuple[str, str]:
    """Return what keeps a plugin from loading, and the cure where it is known."""
    if isinstance(error, PluginError):
        return error.message, error.hint
    made_for_another = isinstance(error, ImportError) and error.name == "dslint.plugin"
    hint = f"it may be made for a newer dslint; {_UPGRADE}" if made_for_another else ""
    return f"{type(error).__name__}: {error}", hint


class _Brought(Struct):
    """What one plugin brings."""

    rules: list[type[Rule]]
    shapes: list[Shape]
    readers: list[Reader]
    reporters: dict[str, Any]
    presets: dict[str, str]
    resources: list[Resource]
    identify: Identify | None


def _brought(manager: pluggy.PluginManager, item: Discovered) -> _Brought:
    """Import a plugin and call its hooks.

    Raises what its modules raise, and PluginError for a broken contract.
    """
    if item.namespace == ALWAYS:
        raise PluginError(f"the namespace {ALWAYS!r} is the core's own")
    if item.distribution == OWN_DISTRIBUTION:
        _require_own(item)
    module = importlib.import_module(item.module)
    _require_api(module)
    manager.register(module, item.namespace)
    _require_hooks(manager, module)

    def said(name: str) -> Iterable[Any]:
        hook: pluggy.HookCaller = getattr(manager.hook, f"dslint_{name}")
        return (
            impl.function() for impl in hook.get_hookimpls() if impl.plugin_name == item.namespace
        )

    brought = _Brought(
        rules=[rule for rules in said("rules") for rule in rules],
        shapes=[shape for shapes in said("shapes") for shape in shapes],
        readers=[reader for readers in said("readers") for reader in readers],
        reporters={
            name: reporter
            for reporters in said("reporters")
            for name, reporter in reporters.items()
        },
        presets={name: text for presets in said("presets") for name, text in presets.items()},
        resources=[resource for resources in said("resources") for resource in resources],
        identify=next((identify for identify in said("languages") if identify is not None), None),
    )
    if item.distribution == OWN_DISTRIBUTION and not brought.rules:
        raise PluginError(
            f"{item.module} brings no rules: another package has overwritten it", _REINSTALL
        )
    if not any(getattr(brought, name) for name in brought.__struct_fields__):
        raise PluginError(
            f"{item.module} brings nothing",
            "return rules, or something else, from one of its hooks",
        )
    if item.distribution != OWN_DISTRIBUTION:
        _guard(brought, f"{item.distribution} {item.version}")
    for rule in brought.rules:
        if not (inspect.isclass(rule) and issubclass(rule, Rule)):
            raise PluginError(
                f"{rule!r} is no rule", "return classes derived from RecordRule or DatasetRule"
            )
    if item.distribution != OWN_DISTRIBUTION:  # a test checks ours
        from dslint.registry.declarations import checked

        plugin = f"{item.distribution} {item.version}"
        brought.rules = [checked(rule, item.namespace, plugin) for rule in brought.rules]
    return brought


def _require_api(module: ModuleType) -> None:
    """Raise PluginError if a plugin needs a newer API, by `dslint_api = 1` beside its hooks."""
    wanted = getattr(module, "dslint_api", 0)
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise PluginError(
            f"{module.__name__}.dslint_api is no whole number", "write dslint_api = 0"
        )
    if wanted > hooks.API_VERSION:
        what = (
            f"{module.__name__} asks for version {wanted} of the plugin API, "
            f"and dslint {__version__} has {hooks.API_VERSION}"
        )
        raise PluginError(what, _UPGRADE)


def _require_hooks(manager: pluggy.PluginManager, module: ModuleType) -> None:
    """Raise PluginError for an unknown hook, and for one without its marker: never called."""
    known = [name for name in vars(hooks) if name.startswith("dslint_")]
    for name, function in sorted(vars(module).items()):
        if not name.startswith("dslint_") or not inspect.isfunction(function):
            continue
        marked = hasattr(function, f"{hooks.PROJECT}_impl")
        if name not in known and marked:
            raise PluginError(
                f"{module.__name__} has a hook that dslint does not know, {name}",
                nearest(name, known) or f"hooks: {', '.join(known)}",
            )
        if name in known and not marked:
            raise PluginError(
                f"{module.__name__}.{name} is not marked as a hook",
                "put @hookimpl before it: from dslint.plugin import hookimpl",
            )
    manager.check_pending()


def _guard(brought: _Brought, who: str) -> None:
    """Put guards around what a stranger provides. Raises PluginError for a wrong type."""
    brought.readers = [GuardedReader(reader, who) for reader in brought.readers]
    brought.shapes = [GuardedShape(shape, who) for shape in brought.shapes]
    brought.reporters = {
        name: GuardedReporter(name, reporter, who) for name, reporter in brought.reporters.items()
    }
    if brought.identify is not None:
        brought.identify = GuardedLanguages(brought.identify, who)
    if wrong := [name for name, text in brought.presets.items() if not isinstance(text, str)]:
        raise PluginError(f"preset {wrong[0]!r} is no text")
    if not all(isinstance(resource, Resource) for resource in brought.resources):
        raise PluginError("a resource is no Resource")


def _require_own(item: Discovered) -> None:
    """Raise PluginError if the module of one of our packs is not the one that came with dslint."""
    home = _folder_of("dslint.registry.selection", __file__)
    spec = importlib.util.find_spec(item.module)
    if spec is None or spec.origin is None:
        raise PluginError(f"{item.module} is missing", _REINSTALL)
    folder = _folder_of(f"{item.module}.__init__", spec.origin)
    if folder not in (
        home,
        os.path.join(home, "plugins"),
    ):  # as a wheel has it, as the repository has it
        what = f"{item.module} in {folder} is not the one that came with {item.distribution}"
        raise PluginError(what, _REINSTALL)


def _folder_of(module: str, file: str) -> str:
    """Return the folder that a module is imported from, by the file that it is in."""
    folder = os.path.realpath(file)
    for _ in module.split("."):
        folder = os.path.dirname(folder)
    return folder


def require_sound(loaded: Loaded) -> None:
    """Raise PluginError for the first broken plugin: a gate never runs with a rule missing."""
    for plugin in loaded.plugins:
        if plugin.error:
            item = plugin.found
            raise PluginError(
                f"plugin {item.namespace!r} ({item.distribution} {item.version}) does not load: "
                f"{plugin.error}",
                plugin.hint or "repair or uninstall it; see: dslint plugins",
            )


def catalogue(loaded: Loaded) -> dict[str, Known]:
    """Return all rules by full id, the core's own included."""
    known = {
        f"{ALWAYS}/{rule.name}": Known(f"{ALWAYS}/{rule.name}", rule, OWN_DISTRIBUTION, __version__)
        for rule in core_rules.RULES
    }
    for item, rule in loaded.rules:
        name = f"{item.namespace}/{rule.name}"
        if name in known:
            raise PluginError(f"{item.distribution} brings two rules named {name!r}")
        taken = tuple(resource for resource in loaded.resources if resource.kind in rule.takes)
        known[name] = Known(name, rule, item.distribution, item.version, taken)
    known = dict(sorted(known.items()))
    renamed(known)
    return known


def renamed(known: Catalogue) -> dict[str, str]:
    """Return the present id of each former one.

    Raises PluginError for one that is not an id, or that does not stand for one rule only.
    """
    present: dict[str, str] = {}
    for name, entry in known.items():
        former = entry.formerly
        whose = f"rule {name} of {entry.distribution}"
        if not (isinstance(former, tuple) and all(map(_is_id, former))):
            raise PluginError(
                f"{whose}: `formerly` is not a tuple of full ids",
                'write it as formerly = ("namespace/old-name",)',
            )
        for old in former:
            other = old if old in known else present.get(old)
            if other is not None:
                taken = "which is the id of a rule" if other == old else f"and so was {other}"
                raise PluginError(
                    f"{whose} was formerly {old}, {taken}", "take it out of `formerly`"
                )
            present[old] = name
    return present


def _is_id(value: object) -> bool:
    return isinstance(value, str) and all(value.partition("/"))


def expand(token: str, known: Catalogue) -> list[str]:
    """Return the rule ids that a selector means.

    It is an id, a namespace (its recommended rules), `namespace/*`, or `all`.
    """
    if token in known:
        return [token]
    if token == "all":  # noqa: S105 - a selector
        return list(known)
    namespace = token.removesuffix("/*")
    members = [name for name in known if name.startswith(f"{namespace}/")]
    if not members or "/" in namespace:
        names = [*known, *{name.partition("/")[0] for name in known}]
        raise ConfigError(f"unknown rule {token!r}", nearest(token, names) or "see: dslint rules")
    return (
        members if token.endswith("/*") else [name for name in members if known[name].rule.default]
    )


class Choice(Struct, frozen=True):
    """The rules of a run: active ones, idle ones (state, reason), and those selected by id."""

    active: tuple[Active, ...]
    idle: Mapping[str, tuple[RuleState, str]]
    explicit: frozenset[str]


def choose(
    known: Catalogue,
    select: Sequence[str] | None,
    extend: Sequence[str],
    ignore: Sequence[str],
    configured: Iterable[str],
    build: Callable[[Known], Active],
    scope: Scope = Scope.ALL,
    *,
    pre_commit: bool = False,
) -> Choice:
    """Choose the rules of a run.

    `select` None stands for the recommended rules of every namespace; `configured` are the names
    that have settings. Raises ConfigError for an unknown name, and for a rule that is selected by
    id or namespace and cannot run.
    """
    tokens = [
        *(sorted({name.partition("/")[0] for name in known}) if select is None else select),
        *extend,
    ]
    wanted = {name for token in tokens for name in expand(token, known)}
    explicit = {name for name in (*tokens, *configured) if name in known}
    if core := next((token for token in ignore if token.partition("/")[0] == ALWAYS), None):
        raise ConfigError(
            f"{core!r} cannot be ignored: the core's own rules always run",
            "set their severity or limits, or suppress findings",
        )
    ignored = {name for token in ignore for name in expand(token, known)}
    chosen_by_name = [token for token in (*(select or ()), *extend) if token != "all"]  # noqa: S105 - a selector
    named = {name for token in chosen_by_name for name in expand(token, known)}
    active: list[Active] = []
    lacking_modules: list[Known] = []
    idle: dict[str, tuple[RuleState, str]] = {}
    for name, entry in known.items():
        if name.startswith(f"{ALWAYS}/"):
            active.append(build(entry))
        elif name in ignored or name not in wanted:
            idle[name] = (
                RuleState.SKIPPED,
                "ignored" if name in ignored else "not selected",
            )
        elif scope not in (Scope.ALL, _scope(entry.rule)):
            idle[name] = (RuleState.SKIPPED, f"not a {scope} rule")
        elif entry.missing:
            cure = install_line([entry], pre_commit=pre_commit)
            lack = ", ".join(entry.missing)
            idle[name] = (RuleState.UNAVAILABLE, f"{lack} not installed; {cure}")
            if name in explicit or (name in named and not entry.rule.needs_options):
                lacking_modules.append(entry)
        else:
            chosen = build(entry)
            lacking = next(
                (
                    found
                    for found in map(_options, entry.rule.needs_options)
                    if not _given(chosen.rule, found)
                ),
                [],
            )
            options = " or ".join(f"'{option.replace('_', '-')}'" for option in lacking)
            if lacking and name in tokens:
                raise ConfigError(
                    f"rule {name} cannot run without its option {options}",
                    f'set it in the configuration under [rules."{name}"], or with '
                    f"--option {name}.{lacking[0].replace('_', '-')}=VALUE",
                )
            if lacking:
                idle[name] = (RuleState.SKIPPED, f"needs the option {options}")
            else:
                active.append(chosen)
    if lacking_modules:  # silence about a rule that was asked for would be a pass without a look
        _refuse(lacking_modules, pre_commit=pre_commit)
    return Choice(tuple(active), idle, frozenset(explicit))


def _refuse(lacking: Sequence[Known], *, pre_commit: bool) -> NoReturn:
    names = [entry.id for entry in lacking]
    rules = f"rule {names[0]}" if len(names) == 1 else f"the rules {', '.join(names)}"
    modules = dict.fromkeys(module for entry in lacking for module in entry.missing)
    raise ConfigError(
        f"{rules} cannot run: {', '.join(modules)} not installed",
        install_line(lacking, pre_commit=pre_commit),
    )


def _options(needed: str) -> list[str]:
    return needed.split("|")


def _given(rule: Rule, options: Iterable[str]) -> bool:
    return any(getattr(rule, option) not in (None, "", ()) for option in options)


def _scope(rule: type[Rule]) -> Scope:
    from dslint.rules.base import DatasetRule

    return Scope.DATASET if issubclass(rule, DatasetRule) else Scope.RECORD


@cache
def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
