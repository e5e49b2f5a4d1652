"""What a plugin may provide.

Hooks are called once, at start-up; a call per record would cost eight times a plain loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from dslint.data.protocols import Reader
    from dslint.model import Resource, Shape
    from dslint.rules.base import Rule

API_VERSION = 0
"""The version of what plugins see: `dslint.plugin` and the hooks.

A plugin that cannot do without a version says so with `dslint_api = 1` in the module of its hooks,
and is refused by a dslint that has a lower one. 0 means that it may still change with any release;
the changelog says how, under Plugin API. From 1 on the number grows with whatever plugins gain, and
what they lose is deprecated first.
"""

PROJECT = "dslint"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def dslint_rules() -> Iterable[type[Rule]]:  # type: ignore[empty-body]
    """Return the rule classes of this plugin; their ids are `<entry point name>/<rule name>`."""


@hookspec
def dslint_shapes() -> Iterable[Shape]:  # type: ignore[empty-body]
    """Return record shapes of this plugin; they are tried before the built-in ones."""


@hookspec
def dslint_readers() -> Iterable[Reader]:  # type: ignore[empty-body]
    """Return readers of further file formats."""


@hookspec
def dslint_reporters() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Return report formats: name to a function that yields the text of a report."""


@hookspec
def dslint_presets() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Return configuration presets: name to TOML text."""


@hookspec
def dslint_resources() -> Iterable[Resource]:  # type: ignore[empty-body]
    """Return lexicons, word lists and other data files, for the rules that take their kind."""


@hookspec
def dslint_languages() -> Callable[[Sequence[str]], list[str | None]] | None:
    """Return what tells the languages of texts, or None where its library is not installed.

    It is a function of a module, so that it can be sent to workers. It takes texts and returns
    primary language codes (`en`), or None for a text that is too short, no prose or doubtful. All
    rules share its results through `Batch.languages`. A stranger's replaces the one of dslint.
    """
