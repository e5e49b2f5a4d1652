"""The installed plugins: discover and load them, without silent failure."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import metadata
from itertools import pairwise
from types import ModuleType
from typing import Any

import pluggy
from msgspec import Struct

from dslint.data.batch import Identify
from dslint.data.protocols import Reader
from dslint.errors import PluginError, nearest
from dslint.model import Resource, Shape
from dslint.registry import hooks
from dslint.registry.guards import GuardedLanguages, GuardedReader, GuardedReporter, GuardedShape
from dslint.rules.base import Rule
from dslint.system import installed
from dslint.version import __version__

OWN_DISTRIBUTION = "dslint-gate"
ALWAYS = "dslint"
"""The namespace of the core's own rules, which always run."""
_UPGRADE = f"run: pip install --upgrade {OWN_DISTRIBUTION}"
_REINSTALL = f"run: pip install --force-reinstall --no-deps {OWN_DISTRIBUTION}"


class PluginEntry(Struct, frozen=True, order=True):
    """An entry point of a plugin, not yet imported. The namespace is the entry point's name."""

    namespace: str
    module: str
    distribution: str
    version: str


class Plugin(Struct, frozen=True):
    """A discovered plugin after the attempt to import it; `error` is empty if it succeeded."""

    found: PluginEntry
    error: str = ""
    hint: str = ""


class Plugins(Struct, frozen=True):
    """All plugins, and what they bring."""

    plugins: tuple[Plugin, ...]
    rules: tuple[tuple[PluginEntry, type[Rule]], ...] = ()
    shapes: tuple[Shape, ...] = ()
    readers: tuple[Reader, ...] = ()
    reporters: Mapping[str, Any] = {}
    presets: Mapping[str, str] = {}
    resources: tuple[Resource, ...] = ()
    identify: Identify | None = None
    """What tells the languages of texts."""


def discover() -> list[PluginEntry]:
    """Return the installed plugins, without importing them.

    Raises PluginError if two distributions claim one namespace.
    """
    points = installed.entry_points()
    found = sorted(
        {
            PluginEntry(point.name, point.value, *_called(distribution))
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


def load(found: Iterable[PluginEntry]) -> Plugins:
    """Import the plugins and collect what they bring; one that fails is kept with its error."""
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    plugins = []
    rules: list[tuple[PluginEntry, type[Rule]]] = []
    shapes: list[Shape] = []
    readers: list[Reader] = []
    reporters: dict[str, Any] = {}
    presets: dict[str, str] = {}
    resources: list[Resource] = []
    identify: Identify | None = None
    for item in sorted(found):
        try:
            brought = _brought(manager, item)
        # A stranger's module may raise anything; the plugin is listed as broken.
        except (Exception, SystemExit) as error:  # noqa: BLE001
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
    return Plugins(
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


class _Contents(Struct):
    """What one plugin brings."""

    rules: list[type[Rule]]
    shapes: list[Shape]
    readers: list[Reader]
    reporters: dict[str, Any]
    presets: dict[str, str]
    resources: list[Resource]
    identify: Identify | None


def _brought(manager: pluggy.PluginManager, item: PluginEntry) -> _Contents:
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

    brought = _Contents(
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


def _guard(brought: _Contents, who: str) -> None:
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


def _require_own(item: PluginEntry) -> None:
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


def require_sound(loaded: Plugins) -> None:
    """Raise PluginError for the first broken plugin: a gate never runs with a rule missing."""
    for plugin in loaded.plugins:
        if plugin.error:
            item = plugin.found
            raise PluginError(
                f"plugin {item.namespace!r} ({item.distribution} {item.version}) does not load: "
                f"{plugin.error}",
                plugin.hint or "repair or uninstall it; see: dslint plugins",
            )
