"""What the variables of the environment say."""

from __future__ import annotations

import os


def base_of(root: str) -> str:
    """Return the way from the root of the Git repository to a folder in it, with a `/` at its end; empty if it is the root, or in no repository."""
    folder = os.path.realpath(root)
    names: list[str] = []
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, name = os.path.split(folder)
        if not name:
            return ""
        names.append(name + "/")
    return os.fsencode("".join(reversed(names))).decode(errors="backslashreplace")


def confined() -> bool:
    """Say whether this is a run of CI: what it reads must not lead out of the project, and what it prints is kept and shown to others."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")
