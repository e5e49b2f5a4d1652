"""The files of a Git revision beside those that are here: what has changed since, and what was there before."""

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
"""Links behind links that are followed."""


def shown(repository: Repository, root: str, files: Mapping[str, T]) -> dict[str, T]:
    """Return files by the paths that reports show."""
    return {
        display(os.path.join(repository.top, path), root): value for path, value in files.items()
    }


def follow(files: Mapping[str, Entry], path: str, objects: Objects) -> Entry | None:
    """Return the file of a revision that a path of the repository leads to, links of files and of folders followed; None where it leads nowhere."""
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
    """Return the folders of a path, the innermost first."""
    up = posixpath.dirname(path)
    return [] if not path else [up, *_above(up)]


class Revision:
    """What a revision has, by the paths that reports show; see `dslint.settings.Revision`."""

    def __init__(
        self, repository: Repository, commit: str, root: str, objects: Objects, copies: Scratch
    ) -> None:
        """Read which files there are. The `copies` must last as long as what `earlier` returns."""
        self._files = repository.files(commit)
        self._top, self._root, self._objects, self._scratch = repository.top, root, objects, copies
        self._copies: dict[str, str | None] = {}
        changed = repository.changed(commit) | repository.changed_modules(commit)
        # What was data is none any more where its folder becomes an environment of installed packages.
        environments = {
            posixpath.dirname(path) for path in changed if posixpath.basename(path) == "pyvenv.cfg"
        }
        if environments:
            changed |= {path for path in self._files if environments.intersection(_above(path))}
        self.changed = frozenset(shown(repository, root, dict.fromkeys(changed)))

    def earlier(self, path: str) -> str | None:
        """Return where the content is that the revision has at a path, None if it has no file there, or not in this clone."""
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
        except InputError:  # a problem of the comparison, where there is one
            return None
        return location
