"""The files of a Git revision compared with the working files: what changed, and what was there."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from typing import TypeVar

from dslint.data.readers.find import display
from dslint.errors import InputError
from dslint.system.repository import LINK, Entry, Objects, Repository
from dslint.system.scratch import Scratch

T = TypeVar("T")

_LINKS = 20
"""Maximum length of a chain of links."""


def shown(repository: Repository, root: str, files: Mapping[str, T]) -> dict[str, T]:
    """Return files by their display paths."""
    return {
        display(os.path.join(repository.top, path), root): value for path, value in files.items()
    }


def follow(files: Mapping[str, Entry], path: str, objects: Objects) -> Entry | None:
    """Return the file that a path leads to in a revision, following links, or None."""
    for _ in range(_LINKS):
        entry = files.get(path)
        if entry is not None and entry.mode != LINK:
            return entry
        places = [path, *(up for up in _above(path) if up)]
        link = next(
            (place for place in reversed(places) if place in files and files[place].mode == LINK),
            None,
        )
        if link is None:
            return None
        try:
            text = os.fsdecode(objects.read(files[link]))
        except InputError:
            return None
        target = posixpath.normpath(posixpath.join(posixpath.dirname(link), text))
        path = posixpath.normpath(target + path[len(link) :])
    return None


def _above(path: str) -> list[str]:
    """Return the parents of a path, innermost first."""
    up = posixpath.dirname(path)
    return [] if not path else [up, *_above(up)]


class Revision:
    """The content of a revision by display path; see `dslint.settings.Revision`."""

    def __init__(
        self, repository: Repository, commit: str, root: str, objects: Objects, copies: Scratch
    ) -> None:
        """List the files. `copies` must last as long as what `earlier` returns is used."""
        self._files = repository.files(commit)
        self._top, self._root, self._objects, self._scratch = repository.top, root, objects, copies
        self._copies: dict[str, str | None] = {}
        changed = repository.changed(commit) | repository.changed_modules(commit)
        # Data stops being data if its folder becomes an environment with installed packages.
        environments = {
            posixpath.dirname(path) for path in changed if posixpath.basename(path) == "pyvenv.cfg"
        }
        if environments:
            changed |= {path for path in self._files if environments.intersection(_above(path))}
        self.changed = frozenset(shown(repository, root, dict.fromkeys(changed)))

    def earlier(self, path: str) -> str | None:
        """Return a path to the content that a file has in the revision.

        Returns None if there is no such file, or not in this clone.
        """
        if path not in self._copies:
            self._copies[path] = self._copy(path)
        return self._copies[path]

    def _copy(self, path: str) -> str | None:
        here = os.path.join(self._root, path)
        own = os.path.relpath(here, self._top).replace(os.sep, "/")
        entry = self._files.get(own)
        if (
            entry is not None
            and entry.mode != LINK
            and path not in self.changed
            and os.path.isfile(here)
        ):
            return here
        entry = follow(self._files, own, self._objects)
        if entry is None:
            return None
        location = self._scratch.place(f"{len(self._copies)}/{os.path.basename(path)}")
        try:
            self._objects.copy(entry, location)
        except InputError:  # reported by the comparison, if there is one
            return None
        return location
