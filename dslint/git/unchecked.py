"""Changed files with records that a run did not check.

A change must not hide data from the gate that judges it.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence

from dslint.data.protocols import Reader
from dslint.data.readers.files import suffix
from dslint.data.readers.find import display, left_out
from dslint.data.readers.skipped import NOT_LOOKED_FOR, holds_records, why_skipped
from dslint.helpers.globs import matches_any
from dslint.model import Problem
from dslint.settings import Settings

_HINT = (
    "include it in the check (see `files` in the configuration), "
    "or exclude it: exclude = [...] under [dataset]"
)


def unchecked(
    changed: Iterable[str],
    checked: Iterable[str],
    paths: Sequence[str],
    settings: Settings,
    known: Sequence[Reader],
) -> Iterator[Problem]:
    """Yield a problem for each changed file with records that was not `checked`, with the reason.

    Files under `exclude` in the configuration, the files of the gate itself, and files outside the
    `paths` that the user named are not reported. All paths but `paths` are display paths.
    """
    suffixes = [kind for reader in known for kind in reader.suffixes]
    texts = any(
        suffix(pattern) in NOT_LOOKED_FOR
        for dataset in settings.datasets
        for pattern in dataset.files
    )
    done = set(checked)
    for path in sorted(set(changed) - done):
        location = os.path.join(settings.root, path)
        if (
            left_out(path, settings)
            or matches_any(path, settings.gate)
            or not _is_meant(path, paths, settings, suffixes)
        ):
            continue
        if os.path.isdir(location):  # Git lists a submodule as a folder
            if not any(name.startswith(f"{path}/") for name in done):
                yield _problem(path, "is a submodule, which is not searched for data")
        elif _is_data(location, suffixes, texts=texts):
            yield _problem(
                path,
                "the change modifies it and it has records, but it is not checked: "
                f"{why_skipped(path, settings, suffixes)}",
            )


def _problem(path: str, message: str) -> Problem:
    return Problem(kind="not-checked", path=path, message=message, hint=_HINT)


def _is_data(location: str, suffixes: Sequence[str], *, texts: bool) -> bool:
    """Return whether a file has records: by its suffix if unambiguous, otherwise by its content."""
    kind = suffix(location)
    if kind in NOT_LOOKED_FOR and texts:
        return os.path.isfile(location) and os.path.getsize(location) > 0
    if kind in suffixes and kind not in (*NOT_LOOKED_FOR, ".json"):
        return os.path.isfile(location) and os.path.getsize(location) > 0
    return holds_records(location)


def _is_meant(path: str, paths: Sequence[str], settings: Settings, suffixes: Sequence[str]) -> bool:
    """Return whether a run over these paths would be expected to check a file.

    Without paths, a run covers everything. A named folder covers what is in it, and a pattern
    covers the folder that it begins with. A named file covers only itself, except with the gate of
    another revision: there, a file could leave a list by changing its name. Staged files come as a
    list of files that are data by name, which never includes others.
    """
    if not paths:
        return True
    if settings.staged and not (suffix(path) in suffixes and suffix(path) not in NOT_LOOKED_FOR):
        return True
    return any(
        place in (path, ".") or path.startswith(f"{place}/") for place in _places(paths, settings)
    )


def _places(paths: Sequence[str], settings: Settings) -> Iterator[str]:
    for path in paths:
        if os.path.isdir(path):
            yield display(path, settings.root)
        elif not os.path.lexists(path) and glob.has_magic(path):
            yield display(
                os.path.dirname(path[: min(path.find(sign) for sign in "*?[" if sign in path)])
                or ".",
                settings.root,
            )
        else:
            yield display(path, settings.root)
            if settings.revision is not None and not settings.staged:
                yield display(os.path.dirname(path) or ".", settings.root)
