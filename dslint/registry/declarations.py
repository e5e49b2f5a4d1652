"""Whether a rule's class declares what it should: its name, its class attributes, its options.

A wrong declaration would do nothing, or end a run halfway. It is found when the plugin is loaded,
and stops a run in which the rule is chosen. dslint's own rules are held to the same by a test.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Self

import msgspec

from dslint.data.batch import primary
from dslint.errors import PluginError, nearest
from dslint.gate.limits import COUNTED
from dslint.model import COLUMN_KINDS, Resource, Severity
from dslint.rules.base import DatasetRule, PairRule, RecordRule, Rule
from dslint.rules.options import RULE_SETTINGS, expressible, option_types
from dslint.storage.state import require_state

_WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DATA = (str, bytes, int, float, tuple, list, dict, set, frozenset, Mapping, type(None))
"""Types of values that a declaration or an option may have; anything else is the author's own."""


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_words(value: Any) -> bool:
    return isinstance(value, str) and _WORDS.fullmatch(value) is not None


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) and item for item in value)


def _are_languages(value: Any) -> bool:
    return _are_texts(value) and all(primary(code) == code for code in value)


def _are_modules(value: Any) -> bool:
    return _are_texts(value) and all(
        part.isidentifier() for name in value for part in name.split(".")
    )


def _are_measures(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        _is_words(name) and name not in COUNTED and isinstance(meaning, str)
        for name, meaning in value.items()
    )


def _are_resources(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, Resource) for item in value)


_BOOL = (_is_bool, "True or False")
DECLARATIONS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_is_words, "lower-case words joined by hyphens, as 'all-caps'"),
    # Whose ids these are decides the catalogue, which knows all rules.
    "formerly": (lambda _: True, "a tuple of full ids, as ('text/old-name',)"),
    "severity": (
        lambda value: isinstance(value, Severity),
        "Severity.ERROR, Severity.WARNING or Severity.INFO",
    ),
    "default": _BOOL,
    "sees": (lambda value: value in ("valid", "all"), "'valid' or 'all'"),
    "sensitive": _BOOL,
    "needs_options": (_are_texts, "a tuple of options, as ('schema',)"),
    "needs_columns": (_are_texts, "a tuple of columns, as ('label',)"),
    "needs_roles": (_are_texts, "a tuple of roles, as ('assistant',)"),
    "languages": (_are_languages, "a tuple of primary codes in lower case, as ('en',)"),
    "requires": (_are_modules, "a tuple of modules that are imported, as ('sklearn',)"),
    "extra": (lambda value: isinstance(value, str), "the name of an extra, as 'near'"),
    "takes": (_are_texts, "a tuple of kinds of resources, as ('profanity',)"),
    "resources": (_are_resources, "nothing: they are set when the rule is built"),
    "by_role": _BOOL,
    "measures": (
        _are_measures,
        "names (none of count, rate, total) with meanings, as {'groups': 'groups of equal texts'}",
    ),
    "state": (
        lambda value: isinstance(value, Mapping),
        "a mapping from columns to types, as {'text': 'binary[16]'}",
    ),
    "key": (
        lambda value: isinstance(value, str | None),
        "the name of a column of the state, or None",
    ),
    "group_limit": (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value > 1,
        "a whole number above 1",
    ),
    "disguises": _BOOL,
}
"""What a rule may declare, by the name of the class attribute: what fits, and what to write."""


class Misdeclared(Rule):
    """Stands for a rule that is wrongly declared, so that it harms no run that leaves it out."""

    wrong: ClassVar[tuple[str, ...]]
    """Its wrong declarations, a line each."""

    def __new__(cls, **_: Any) -> Self:
        """Raise PluginError for the first wrong declaration: the rule was chosen."""
        raise PluginError(cls.wrong[0])


def checked(rule: type[Rule], namespace: str, plugin: str) -> type[Rule]:
    """Return the rule, or what stands for it if a declaration is wrong.

    `plugin` is the name and version of the distribution that brings it.
    """
    wrong = wrong_declarations(rule)
    if not wrong:
        return rule
    name = getattr(rule, "name", None)
    name = repr(name)[1:-1] if isinstance(name, str) and name else rule.__name__
    who = f"rule {namespace}/{name} of {plugin}, class {rule.__module__}.{rule.__qualname__}"
    lines = tuple(f"{who}: {what}" for what in wrong)
    fields: tuple[dataclasses.Field[Any], ...] = (
        dataclasses.fields(rule) if dataclasses.is_dataclass(rule) else ()
    )
    kind: type[Rule] = DatasetRule if issubclass(rule, DatasetRule) else RecordRule
    return dataclasses.make_dataclass(
        rule.__name__,
        # A configuration may set its options; what they are is not known.
        [(one.name, Any, None) for one in fields if one.name not in _reserved(rule)],
        bases=(Misdeclared, kind),
        namespace={
            "name": name,
            "default": getattr(rule, "default", True) is not False,
            "wrong": lines,
            "__doc__": f"Wrongly declared: {wrong[0]}.",
        },
        frozen=True,
    )


@lru_cache(maxsize=1024)
def wrong_declarations(rule: type[Rule]) -> tuple[str, ...]:
    """Return what is wrong with the declarations of a rule, each with its cure."""
    if not issubclass(rule, RecordRule | DatasetRule):
        return ("it judges nothing; derive it from RecordRule or DatasetRule",)
    parameters = vars(rule).get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        return ("it is no frozen dataclass; put @dataclass(frozen=True) before the class",)
    return tuple(
        f"{what}; {cure}"
        for wrong in (_page, _methods, _values, _names, _state, _options, _attributes)
        for what, cure in wrong(rule)
    )


Wrong = Iterator[tuple[str, str]]
"""What is wrong, and the cure."""


def _page(rule: type[Rule]) -> Wrong:
    page = rule.__doc__ if isinstance(rule.__doc__, str) else ""
    made = f"{rule.__name__}("  # what a dataclass writes where there is no docstring
    if not page.strip() or page.startswith(made):
        yield "it has no docstring", "say in its first line what the rule finds"


def _methods(rule: type[Rule]) -> Wrong:
    own = [name for base in _theirs(rule) for name in vars(base) if not name.startswith("_")]
    for method in sorted(getattr(rule, "__abstractmethods__", ())):
        yield f"it has no {method}()", nearest(method, own) or "define it"
    if (
        issubclass(rule, DatasetRule)
        and rule.observe is DatasetRule.observe
        and rule.observer is DatasetRule.observer
    ):
        yield (
            "it has no observe(), nor an observer() of its own",
            nearest("observe", own) or "define one of them",
        )


def _values(rule: type[Rule]) -> Wrong:
    """Yield the declarations whose values do not fit."""
    for name in _declared(rule):
        fits, must = DECLARATIONS[name]
        if not hasattr(rule, name):
            yield f"it has no {name}", f"write {must}"
            continue
        value = getattr(rule, name)
        told_later = name in ("state", "key") and hasattr(value, "__get__")  # by the instance
        if not told_later and not fits(value):
            yield f"{name} is {_shown(value)}", f"write {must}"


def _names(rule: type[Rule]) -> Wrong:
    """Yield what declarations name that is not there."""
    options = [field.name for field in dataclasses.fields(rule)]  # type: ignore[arg-type]
    listed = f"its options: {', '.join(options) or 'none'}"
    needed = rule.needs_options if _are_texts(rule.needs_options) else ()
    for option in (one for item in needed for one in item.split("|")):
        if option not in options:
            what = f"needs_options names {option!r}, which is no option"
            yield what, nearest(option, options) or listed
    for kind in rule.needs_columns if _are_texts(rule.needs_columns) else ():
        if kind not in COLUMN_KINDS:
            known = f"known: {', '.join(COLUMN_KINDS)}"
            yield f"needs_columns names {kind!r}", nearest(kind, COLUMN_KINDS) or known
    if rule.by_role is True and "roles" not in options:
        yield "by_role needs an option 'roles'", "add roles: tuple[str, ...] = ('target',)"
    if issubclass(rule, PairRule) and rule.key is None:
        yield "a PairRule needs a key", "write key = 'COLUMN', a column of its state"


def _state(rule: type[Rule]) -> Wrong:
    """Yield what is wrong with columns and key, as far as the class tells.

    The engine asks each instance again.
    """
    if not issubclass(rule, DatasetRule) or not isinstance(rule.state, Mapping):
        return
    alone = rule.observer is DatasetRule.observer  # another observer has another state
    try:
        require_state(rule.state, rule.key if alone and isinstance(rule.key, str) else None)
    except PluginError as error:
        yield error.message, error.hint


def _options(rule: type[Rule]) -> Wrong:
    try:
        kinds = option_types(rule)
    except Exception as error:  # noqa: BLE001 - an annotation may be any expression
        told = " ".join(str(error).split())
        yield (
            f"the types of its options cannot be told, {type(error).__name__}: {told}",
            "import what they name when the module is imported, not under TYPE_CHECKING",
        )
        return
    declared, reserved = _declared(rule), _reserved(rule)
    for field in dataclasses.fields(rule):  # type: ignore[arg-type]
        name, kind = field.name, kinds[field.name.replace("_", "-")]
        option = f"option {name!r}"
        if name in declared:
            cure = f"write {name} = ... without a type, or with ClassVar"
            yield f"{name} has a type, which makes an option of it", cure
        elif name in reserved or name.replace("_", "-") in RULE_SETTINGS:
            yield f"{option} has a name that dslint uses itself", "rename it"
        elif not field.init:
            yield f"{option} cannot be set", "keep what is computed in a cached_property"
        elif not expressible(kind):
            cure = nearest(name, declared, _CLOSE) or (
                "use bool, int, float, str, Literal, a tuple or dict of these, or OptionFile"
            )
            shown = kind.__name__ if isinstance(kind, type) else str(kind)
            yield f"{option} has a type that no configuration can give, {shown}", cure
        else:
            yield from _default(option, field, kind)


def _default(option: str, field: dataclasses.Field[Any], kind: Any) -> Wrong:
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    elif field.default is not dataclasses.MISSING:
        default = field.default
    else:
        cure = "give it one, and name it in needs_options if the rule is idle without it"
        yield f"{option} has no default", cure
        return
    try:
        msgspec.convert(default, kind, strict=True)
    except msgspec.ValidationError as error:
        yield f"the default of {option} does not fit its type: {error}", "change one of them"


_CLOSE = 0.85
"""From this similarity on, a name that could be the author's own is taken for a misspelling."""


def _attributes(rule: type[Rule]) -> Wrong:
    """Yield class attributes that look like declarations or options, and are none.

    Methods, properties, private names, constants in capitals and values that are no plain data are
    the author's own. So is what has a type, unless it could stand in place of a declaration that is
    missing and has almost its name.
    """
    declared = _declared(rule)
    theirs = _theirs(rule)
    made = {name for base in theirs for name in vars(base)}
    typed = {name for base in rule.__mro__ for name in inspect.get_annotations(base)}
    options = {field.name for field in dataclasses.fields(rule)}  # type: ignore[arg-type]
    for base in theirs:
        for name, value in vars(base).items():
            if name.startswith("_") or name in declared or not isinstance(value, _DATA):
                continue
            if name in options:
                if name not in inspect.get_annotations(base):
                    what = f"without a type, {name} = ... is no default of the option {name!r}"
                    yield what, "repeat its type"
            elif name in typed:
                missing = [
                    one for one in declared if one not in made and DECLARATIONS[one][0](value)
                ]
                if meant := nearest(name, missing, _CLOSE):
                    yield f"{name!r} looks like a declaration", f"{meant} Else rename it"
            elif name in DECLARATIONS:
                yield f"{name!r} is for another kind of rule", "remove it"
            elif not name.isupper():
                yield (
                    f"unknown attribute {name!r}",
                    nearest(name.lower(), declared, 0.7)
                    or "an option has a type; a constant is a ClassVar, private or in capitals",
                )


def _ours(rule: type[Rule]) -> list[type]:
    return [base for base in rule.__mro__ if base.__module__.startswith("dslint.")]


def _theirs(rule: type[Rule]) -> list[type]:
    """Return the classes that the plugin made the rule of, other than mix-ins."""
    ours = _ours(rule)
    return [base for base in rule.__mro__ if issubclass(base, Rule) and base not in ours]


def _declared(rule: type[Rule]) -> list[str]:
    """Return the names of what this kind of rule may declare."""
    typed = {name for base in _ours(rule) for name in inspect.get_annotations(base)}
    return [name for name in DECLARATIONS if name in typed]


def _reserved(rule: type[Rule]) -> set[str]:
    """Return the public names that dslint's own classes have, without their options."""
    ours = _ours(rule)
    names = {name for base in ours for name in (*vars(base), *inspect.get_annotations(base))}
    options = {
        field.name
        for base in ours
        if dataclasses.is_dataclass(base)
        for field in dataclasses.fields(base)
    }
    return {name for name in names - options if not name.startswith("_")}


def _shown(value: Any) -> str:
    """Return a value as it is written, if it is short and simple, or else its type."""
    parts = value if isinstance(value, tuple | list) else (value,)
    simple = all(part is None or isinstance(part, str | int | float) for part in parts)
    return repr(value) if simple and len(repr(value)) < 60 else f"a {type(value).__name__}"
