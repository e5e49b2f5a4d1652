"""The only place that starts other programs, of which there is one: Git.

It must not run anything from the linted repository. The configuration of a repository can name
commands for almost everything that Git does: hooks, filters, diff drivers, pagers, monitors,
transports. The settings fixed here replace them. The user's and the system's configuration still
applies, because `safe.directory` is set there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import CompletedProcess, Popen

_FIXED = (
    "safe.bareRepository=explicit",  # a data folder may look like a bare repository
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.askPass=",
    "credential.helper=",
)
_KEPT = (
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_EXEC_PATH",
    "GIT_CONFIG_",
)
"""Prefixes of variables set by the user, or by Git for its hooks, that are kept.

GIT_DIR and similar ones are not, because they refer to the folder that a hook starts in.
"""
_ADDED = {
    "GIT_ALLOW_PROTOCOL": "none",  # do not fetch what a partial clone lacks
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def git(
    top: str,
    *words: str,
    stdin: bytes = b"",
    config: Mapping[str, str] | None = None,
) -> CompletedProcess[bytes]:
    """Run a Git command in the folder of a repository, and return its output.

    `stdin` is its input, `config` is additional configuration. Raises OSError without Git.
    """
    import subprocess  # 7 ms at import

    return subprocess.run(  # noqa: S603 - the user's own git
        _command(top, words),
        input=stdin,
        env=_environment(top, config or {}),
        cwd=os.sep,
        capture_output=True,
        check=False,
    )


def open_git(top: str, *words: str) -> Popen[bytes]:
    """Start a Git command that answers requests. Raises OSError without Git."""
    import subprocess

    pipe = subprocess.PIPE
    return subprocess.Popen(  # noqa: S603 - the user's own git
        _command(top, words), stdin=pipe, stdout=pipe, env=_environment(top, {}), cwd=os.sep
    )


def _command(top: str, words: tuple[str, ...]) -> list[str]:
    fixed = [part for setting in _FIXED for part in ("-c", setting)]
    return [_program("git"), "-C", top, "--no-pager", *fixed, *words]


def _program(name: str) -> str:
    """Return the path of a program, never from the working directory, which some systems search."""
    for folder in filter(os.path.isabs, os.get_exec_path()):
        for file in (name, f"{name}.exe"):
            if os.access(place := os.path.join(folder, file), os.X_OK) and os.path.isfile(place):
                return place
    raise FileNotFoundError(2, os.strerror(2), name)


def _environment(top: str, config: Mapping[str, str]) -> dict[str, str]:
    dropped = ("GIT_", "SSH_ASKPASS")
    names = [name for name in os.environ if not name.startswith(dropped) or name.startswith(_KEPT)]
    kept = {name: os.environ[name] for name in names}
    if index := kept.get("GIT_INDEX_FILE"):
        kept["GIT_INDEX_FILE"] = os.path.abspath(index)
    kept["PATH"] = os.pathsep.join(filter(os.path.isabs, os.get_exec_path()))
    # Git must not search for the repository in any other folder.
    kept["GIT_CEILING_DIRECTORIES"] = os.path.dirname(top)
    number = int(kept.get("GIT_CONFIG_COUNT") or 0)
    for count, (name, value) in enumerate(config.items(), start=number):
        kept |= {f"GIT_CONFIG_KEY_{count}": name, f"GIT_CONFIG_VALUE_{count}": value}
    return kept | _ADDED | {"GIT_CONFIG_COUNT": str(number + len(config))}
