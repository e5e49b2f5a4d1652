"""The gate of another revision, so that a change cannot weaken the gate that it must pass.

The gate is the configuration, baseline, schemas and word lists. They are copied from the objects of
the repository to a temporary folder, and the configuration is read there.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dslint.config import NAMES, Raw, find, read
from dslint.errors import ConfigError
from dslint.git.revision import Revision, shown
from dslint.helpers.globs import matches_any
from dslint.registry.selection import Catalogue, renamed
from dslint.rules.options import option_types, takes_file
from dslint.settings import Settings
from dslint.system.repository import LINK, Entry, Objects, Repository
from dslint.system.scratch import scratch

_LINKS = 20
"""Maximum length of a chain of links."""


class Policy(Struct, frozen=True):
    """The gate of a revision.

    It has the configuration, if any, the folder that paths in flags are relative to, and the
    baseline from a flag. `root` is the folder that data paths are relative to: the one in which the
    configuration would be in the working tree.
    """

    raw: Raw | None
    root: str
    folder: str
    baseline: str | None
    notes: tuple[str, ...]
    revision: Revision
    gate: tuple[str, ...]
    """Patterns of the files of the gate, as display paths."""

    def over(self, settings: Settings) -> Settings:
        """Return the settings from this configuration, adapted to the data in the working tree."""
        notes = (*settings.notes, *self.notes)
        return replace(
            settings,
            root=self.root,
            confined=True,
            notes=notes,
            revision=self.revision,
            gate=self.gate,
        )


@contextmanager
def policy_from(
    revision: str,
    config: str | None,
    baseline: str | None,
    options: Sequence[str],
    known: Catalogue,
) -> Iterator[Policy]:
    """Provide the gate of a revision, for as long as its files are needed.

    `config`, `baseline` and `options` are flags; `config` defaults to the nearest configuration.
    Raises ConfigError for a missing revision or file, and for paths outside the repository.
    """
    import tempfile

    repository = Repository(".")
    commit = repository.commit(revision)
    place = repository.prefix.rstrip("/")
    with (
        tempfile.TemporaryDirectory(prefix="dslint-") as folder,
        scratch() as copies,
        repository.objects() as objects,
    ):
        tree = _Tree(revision, repository.files(commit), objects, folder)
        os.mkdir(os.path.join(folder, ".git"))  # stops the search for a configuration
        os.makedirs(os.path.join(folder, place), exist_ok=True)
        if config is None:
            for path in [posixpath.join(up, name) for up in _upward(place) for name in NAMES]:
                if path in tree.files:
                    tree.take(path)
            found = find(os.path.join(folder, place))
        else:
            tree.take(tree.named(_relative(config), place))
            found = os.path.join(folder, tree.named(_relative(config), place))
        raw = None if found is None else read(found)
        at = None if found is None else os.path.relpath(found, folder)
        gate = {
            tree.named(text, place)
            for text in [
                *_files({"rules": _tables(options)}, known),
                *([_relative(baseline)] if baseline else ()),
            ]
        }
        if raw is not None and at is not None:
            gate |= {
                at,
                *(
                    tree.named(text, posixpath.dirname(at))
                    for text in gate_files(raw.document, known)
                ),
            }
        for pattern in sorted(gate):
            tree.take_all(pattern)
        notes = [
            (
                f"the policy is read from {revision} ({commit[:10]}): "
                f"{'there is no configuration' if at is None else at}"
            )
        ]
        touched = {
            path for path in repository.changed(commit) if path in gate or matches_any(path, gate)
        } | _found_here(config, at, repository.top)
        if touched:
            notes.append(
                f"this change modifies the gate: {', '.join(sorted(touched))}; "
                f"that takes effect once it is in {revision}"
            )
        root = (
            repository.folder if at is None else os.path.join(repository.top, posixpath.dirname(at))
        )
        yield Policy(
            None if raw is None else replace(raw, path=f"{revision}:{at}"),
            root,
            os.path.join(folder, place),
            os.path.join(folder, tree.named(_relative(baseline), place)) if baseline else None,
            tuple(notes),
            Revision(repository, commit, root, objects, copies),
            tuple(sorted(shown(repository, root, dict.fromkeys(gate)))),
        )


def _found_here(config: str | None, at: str | None, top: str) -> set[str]:
    """Return the configuration that applies by the working files, if it is another one."""
    mine = None if config else find(".")
    path = None if mine is None else os.path.relpath(os.path.realpath(mine), os.path.realpath(top))
    return set() if path is None or path == at else {path}


def _upward(place: str) -> Iterator[str]:
    """Yield a folder and its parents, ending with the empty path of the repository."""
    yield place
    while place:
        place = posixpath.dirname(place)
        yield place


def _relative(path: str) -> str:
    """Return a path from a flag relative to the working directory."""
    return (
        os.path.relpath(os.path.realpath(path), os.path.realpath("."))
        if os.path.isabs(path)
        else path
    )


def _tables(options: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return `RULE.OPTION=VALUE` flags in the form of a configuration."""
    tables: dict[str, dict[str, str]] = {}
    for flag in options:
        name, _, value = flag.partition("=")
        rule, _, option = name.strip().rpartition(".")
        tables.setdefault(rule, {})[option.replace("_", "-")] = value.strip()
    return tables


def gate_files(document: Mapping[str, Any], known: Catalogue) -> list[str]:
    """Return the paths and globs in a configuration that belong to the gate.

    These are a baseline, review sheets, and options that are files.
    """
    baseline = document.get("baseline")
    return [
        *_files(document, known),
        *_sheets(document),
        *([baseline] if isinstance(baseline, str) else ()),
    ]


def _files(document: Mapping[str, Any], known: Catalogue) -> Iterator[str]:
    """Yield the paths and globs of all options that are files."""
    present = renamed(known)
    holders = [document]
    for key in ("profiles", "overrides", "dataset"):
        value = document.get(key, ())
        holders += (
            value
            if isinstance(value, list)
            else value.values()
            if key == "profiles" and isinstance(value, dict)
            else [value]
        )
    for holder in holders:
        tables = holder.get("rules", {}) if isinstance(holder, dict) else {}
        for written, table in tables.items() if isinstance(tables, dict) else ():
            name = present.get(written, written)
            kinds = [
                option_types(entry.rule)
                for entry in known.values()
                if name in (entry.id, entry.id.partition("/")[0])
            ]
            for option, value in table.items() if isinstance(table, dict) else ():
                if any(takes_file(kind.get(option)) for kind in kinds):
                    listed = (
                        value
                        if isinstance(value, list)
                        else value.split(",")
                        if isinstance(value, str)
                        else ()
                    )
                    yield from (
                        text.strip() for text in listed if isinstance(text, str) and text.strip()
                    )


def _sheets(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the review sheets of the suppressions."""
    entries = document.get("suppress", ())
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("review"), str):
            yield entry["review"]


class _Tree(Struct):
    """The files of the revision, and the folder to copy them to."""

    revision: str
    files: Mapping[str, Entry]
    objects: Objects
    folder: str

    def named(self, text: str, place: str) -> str:
        """Return the repository path of a path or glob that is relative to a folder.

        Raises ConfigError if it is outside the repository.
        """
        path = posixpath.normpath(posixpath.join(place, text))
        if path.startswith(("/", "../")) or path == "..":
            raise ConfigError(
                f"{text} is outside the repository, so no revision has it",
                "move the file into the repository, and use its path there",
            )
        return path

    def take_all(self, pattern: str) -> None:
        """Copy the files that a path or glob matches. Raises ConfigError if there are none."""
        found = (
            [pattern]
            if pattern in self.files
            else [path for path in self.files if matches_any(path, [pattern])]
        )
        if not found:
            raise ConfigError(
                f"{pattern} is not in {self.revision}, whose gate needs it",
                f"add it to {self.revision} first, or drop --policy-from",
            )
        for path in found:
            self.take(path)

    def take(self, path: str) -> None:
        """Copy a file to the folder; for a link, copy its target."""
        location = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(location), exist_ok=True)
        at = path
        for _ in range(_LINKS):
            entry = self.files.get(at)
            if entry is None:
                break
            self.objects.copy(entry, location)
            if entry.mode != LINK:
                return
            with open(location, encoding="utf-8", errors="surrogateescape") as stream:
                at = self.named(stream.read(), posixpath.dirname(at))
        raise ConfigError(
            f"{path} is not a file of {self.revision}",
            f"add it to {self.revision} first, or drop --policy-from",
        )
