"""The rules of the installed plugins by id, and which of them run."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NoReturn

from msgspec import Struct

from dslint.errors import ConfigError, PluginError, nearest
from dslint.model import Resource, RuleState, Scope
from dslint.registry.discovery import ALWAYS, OWN_DISTRIBUTION, Plugins
from dslint.rules import core_rules
from dslint.rules.base import Active, Rule
from dslint.version import __version__


class RuleEntry(Struct, frozen=True):
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


def install_line(rules: Iterable[RuleEntry], *, pre_commit: bool = False) -> str:
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


Catalogue = Mapping[str, RuleEntry]


def catalogue(loaded: Plugins) -> dict[str, RuleEntry]:
    """Return all rules by full id, the core's own included."""
    known = {
        f"{ALWAYS}/{rule.name}": RuleEntry(
            f"{ALWAYS}/{rule.name}", rule, OWN_DISTRIBUTION, __version__
        )
        for rule in core_rules.RULES
    }
    for item, rule in loaded.rules:
        name = f"{item.namespace}/{rule.name}"
        if name in known:
            raise PluginError(f"{item.distribution} brings two rules named {name!r}")
        taken = tuple(resource for resource in loaded.resources if resource.kind in rule.takes)
        known[name] = RuleEntry(name, rule, item.distribution, item.version, taken)
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
    build: Callable[[RuleEntry], Active],
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
    given = (*(select or ()), *extend)
    chosen_by_name = [token for token in given if token != "all"]  # noqa: S105 - a selector
    named = {name for token in chosen_by_name for name in expand(token, known)}
    active: list[Active] = []
    lacking_modules: list[RuleEntry] = []
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


def _refuse(lacking: Sequence[RuleEntry], *, pre_commit: bool) -> NoReturn:
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
