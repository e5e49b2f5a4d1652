"""Which files make up which dataset: from the configuration, the paths of the command line, or a look around."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from dslint.errors import InputError
from dslint.globs import matches_any
from dslint.patterns import pattern
from dslint.readers.files import suffix
from dslint.readers.layouts import Cards, is_factory_list
from dslint.readers.sniff import is_data
from dslint.settings import DatasetSettings, Settings

SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "dev",
    "test": "test",
    "testing": "test",
}
RANKS = {"train": 0, "validation": 1, "dev": 1, "test": 2}
STDIN = "-"
"""The path that stands for the standard input."""
_NOT_LOOKED_FOR = (".txt",)
"""Suffixes of data that are as often something else: such a file is read when it is named."""
_SKIPPED = {"node_modules", "__pycache__", "venv", "env", "site-packages"}
_WORD = pattern(r"[A-Za-z]+")


class Found(Struct, frozen=True):
    """A file to read: where it is, how reports call it, the settings of its dataset, and the split that a dataset card gives it."""

    path: str
    location: str
    dataset: DatasetSettings
    split: str | None = None


def find(paths: Sequence[str], settings: Settings, suffixes: Iterable[str]) -> tuple[list[Found], list[str], list[str]]:
    """Return the files to read, sorted, each once; those patterns or folders that hold none; and the files that `force_exclude` skips."""
    known = tuple(suffixes)
    cards = Cards(settings.root)
    found: dict[str, Found] = {}
    empty: list[str] = []
    skipped: set[str] = set()

    def take(location: str, dataset: DatasetSettings | None) -> None:
        name = display(location, settings.root)
        location = settings.contents.get(name, location)
        if settings.force_exclude and (excluded(name, settings) or _other(location)):
            skipped.add(name)
            return
        found.setdefault(name, Found(name, location, dataset or dataset_of(name, settings), cards.split_of(location)))

    if paths or settings.staged or not any(dataset.files for dataset in settings.datasets):
        for path in paths or ([] if settings.staged else ["."]):
            if path == STDIN and settings.stdin is not None:
                name = display(settings.stdin.name, settings.root) if settings.stdin.name else "<stdin>"
                found[name] = Found(name, settings.stdin.location, dataset_of(name, settings))
                continue
            locations = _expand(path, known)
            if not locations:
                empty.append(path)
            for location in locations:
                take(location, None)
    else:
        for dataset in settings.datasets:
            for pattern in dataset.files:
                matches = _glob(os.path.join(glob.escape(settings.root), pattern))
                if not matches:
                    empty.append(pattern)
                for location in matches:
                    if not matches_any(display(location, settings.root), dataset.exclude):
                        take(location, dataset)
    return [found[name] for name in sorted(found)], empty, sorted(skipped)


def matching(pattern: str, root: str) -> set[str]:
    """Return the files that a glob of a configuration means now, as reports show them."""
    return {display(path, root) for path in _glob(os.path.join(glob.escape(root), pattern))}


def permit(item: Found, settings: Settings, *, named: bool) -> None:
    """Raise InputError for what must not be read as data: LLaMA-Factory's list of datasets; and, where `confined`, files outside of the root.

    `named` says that the user named the paths of this run. Such a path may lie outside; what a link or the configuration reaches there may not,
    since both come with the data.
    """
    if is_factory_list(item.location):
        raise InputError("is a list of datasets for LLaMA-Factory, not data", "name the files that it lists")
    if (
        not settings.confined
        or item.location in settings.contents.values()
        or (settings.stdin is not None and item.location == settings.stdin.location)
    ):
        return
    root, real = os.path.realpath(settings.root), os.path.realpath(item.location)
    if _within(real, root) or (named and not _within(os.path.abspath(item.location), os.path.abspath(settings.root))):
        return
    allowed = [os.path.normpath(os.path.join(root, pattern)) for pattern in settings.allow_paths]
    if not matches_any(real, allowed):
        raise InputError("lies outside of the project, which CI does not allow", "allow it in the configuration: allow-paths", "outside-path")


def _within(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def display(location: str, root: str) -> str:
    """Return the path that reports show: relative to the root in POSIX style, absolute for files outside it."""
    absolute = Path(os.path.abspath(location))
    try:
        name = absolute.relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        name = absolute.as_posix()
    return os.fsencode(name).decode(errors="backslashreplace")  # a name need not be text, but a report is


def split_of(item: Found) -> tuple[str | None, int]:
    """Return the split of a file and the split's rank: as configured, else as its dataset card says, else by its name; train comes first."""
    path, dataset = item.path, item.dataset
    for number, (name, patterns) in enumerate(dataset.splits.items()):
        if matches_any(path, patterns):
            return name, RANKS.get(name, 3 + number)
    if dataset.splits:
        return None, 0
    if item.split is not None:
        return item.split, RANKS.get(item.split, 3)
    words = [word.lower() for word in _WORD.findall(Path(path).name)]
    folder = Path(path).parent.name.lower()
    for word in [*words, folder]:
        if word in SPLITS:
            return SPLITS[word], RANKS[SPLITS[word]]
    return None, 0


def _glob(pattern: str) -> list[str]:
    if not glob.has_magic(pattern):
        return [pattern]
    return sorted(path for path in glob.glob(pattern, recursive=True) if not os.path.isdir(path) and not is_factory_list(path))


def _other(location: str) -> bool:
    """Say whether a file that there is holds something else than data."""
    return os.path.isfile(location) and (not is_data(location) or is_factory_list(location))


def _expand(path: str, suffixes: tuple[str, ...]) -> list[str]:
    """Return the files that a path of the command line names: itself, those of a folder, or those that match a pattern."""
    if os.path.isdir(path):
        return _walk(path, tuple(kind for kind in suffixes if kind not in _NOT_LOOKED_FOR))
    if os.path.lexists(path) or not glob.has_magic(path):
        return [path]
    return _glob(path)


def _walk(folder: str, suffixes: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _SKIPPED and not os.path.exists(os.path.join(base, name, "pyvenv.cfg"))
        )
        found.extend(os.path.normpath(os.path.join(base, name)) for name in sorted(files) if not name.startswith(".") and suffix(name) in suffixes)
    return [file for file in _not_ignored(found, folder) if is_data(file)]


def _not_ignored(files: list[str], folder: str) -> list[str]:
    """Leave out what Git ignores, where there is a Git repository to ask."""
    if not files:
        return files
    import subprocess  # 7 ms at import, needed for folders only

    inputs = "\0".join(os.path.abspath(file) for file in files)
    try:
        asked = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", folder, "check-ignore", "-z", "--stdin"],  # noqa: S607 - the user's own git
            input=os.fsencode(inputs),
            capture_output=True,
            check=False,
        )
    except OSError:
        return files
    ignored = set(os.fsdecode(asked.stdout).split("\0")) if asked.returncode == 0 else set()
    return [file for file in files if os.path.abspath(file) not in ignored]


def dataset_of(path: str, settings: Settings) -> DatasetSettings:
    """Return the settings of the dataset that a file belongs to; plain ones if it belongs to none."""
    for dataset in settings.datasets:
        if matches_any(path, dataset.files):
            return dataset
    if len(settings.datasets) == 1 and not settings.datasets[0].files:
        return settings.datasets[0]
    return DatasetSettings()


def excluded(path: str, settings: Settings) -> bool:
    """Say whether a file is in none of the configured datasets."""
    return bool(settings.datasets) and not any(
        (not dataset.files or matches_any(path, dataset.files)) and not matches_any(path, dataset.exclude) for dataset in settings.datasets
    )
