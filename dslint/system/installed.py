"""Tells installed packages from modules in the linted repository.

Nothing from the repository must run, neither as a module nor as a plugin. Entries of PYTHONPATH
are set by the user, and count as installed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

ENTRY_POINTS = "dslint.plugins"
"""The entry point group of plugins."""


def settle_path() -> None:
    """Remove folders of the repository around the working directory from the module search path.

    `python -c` adds the working directory, and an editable install adds folders of the repository.
    A folder that dslint itself or an installed plugin comes from stays.
    """
    linted = _linted()
    if linted:
        rest = [entry for entry in sys.path if entry not in linted]
        modules = {point.module.partition(".")[0] for _, point in entry_points()}
        needed = {entry for entry in linted if _provides_one(entry, modules, rest)}
        needed |= {entry for entry in linted if os.path.realpath(entry) == _own()}
        sys.path[:] = [entry for entry in sys.path if entry not in linted or entry in needed]


def entry_points() -> list[tuple[Distribution, EntryPoint]]:
    """Return the entry points of plugins with their distributions, first one per name."""
    from importlib import metadata

    linted = _linted()
    found: dict[str, list[tuple[Distribution, EntryPoint]]] = {}
    path = [entry for entry in sys.path if entry not in linted]
    for distribution in metadata.distributions(path=path):
        points = [point for point in distribution.entry_points if point.group == ENTRY_POINTS]
        if points:
            name = distribution.metadata["Name"]
            found.setdefault(name, [(distribution, point) for point in points])
    return [pair for pairs in found.values() for pair in pairs]


def top_of(folder: str) -> str | None:
    """Return the Git repository that contains a folder, or None."""
    folder = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def within(path: str, folder: str) -> bool:
    """Return whether a path is a folder or inside it; both must be absolute and without links."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _own() -> str:
    """Return the folder that dslint is imported from."""
    return os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


def _linted() -> set[str]:
    """Return the entries of the search path that come from the repository."""
    top = top_of(".") or os.path.realpath(".")
    found = {entry for entry in sys.path if within(os.path.realpath(entry), top)}
    if not found:
        return found
    import re
    import site

    library = os.path.dirname(os.path.realpath(os.__file__))
    archive = f"{os.path.dirname(library)}/python{sys.version_info[0]}{sys.version_info[1]}.zip"
    python = [library, archive, *site.getsitepackages(), site.getusersitepackages()]
    if any(re.fullmatch(r"dslint_gate-.*\.dist-info", name) for name in os.listdir(_own())):
        python.append(_own())
    python = list(map(os.path.realpath, python))
    parts = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    named = {os.path.realpath(part) for part in parts if part}

    def allowed(entry: str) -> bool:
        place = os.path.realpath(entry)
        return place in named or any(within(place, folder) for folder in python)

    return {entry for entry in found if not allowed(entry)}


def _provides_one(folder: str, modules: Iterable[str], rest: Sequence[str]) -> bool:
    """Return whether a folder has one of the modules and the rest of the path does not."""
    from importlib.machinery import PathFinder

    find = PathFinder.find_spec
    return any(find(name, [folder]) and not find(name, rest) for name in modules)
