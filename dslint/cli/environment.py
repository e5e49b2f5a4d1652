"""The surroundings of a run: its Git repository, and whether it is in CI."""

from __future__ import annotations

import os


def base_of(root: str) -> str:
    """Return the path from the root of the Git repository to a folder in it, ending in `/`.

    It is empty if the folder is the root or in no repository.
    """
    folder = os.path.realpath(root)
    names: list[str] = []
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, name = os.path.split(folder)
        if not name:
            return ""
        names.append(name + "/")
    return os.fsencode("".join(reversed(names))).decode(errors="backslashreplace")


def confined() -> bool:
    """Return whether this is a CI run.

    Such a run must not read outside the project, and others can see what it prints.
    """
    return os.environ.get("CI", "").lower() not in ("", "0", "false")
