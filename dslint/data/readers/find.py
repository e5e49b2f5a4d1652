"""Which files make up which dataset: from the configuration, the paths of the command line, or a look around; and why the others do not."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct, field

from dslint.data.readers.files import suffix
from dslint.data.readers.layouts import Cards, is_factory_list
from dslint.data.readers.skipped import (
    ELSEWHERE,
    HIDDEN,
    IGNORED,
    NOT_LOOKED_FOR,
    PLAIN,
    REPORT,
    SHEET,
    UNNAMED,
    holds_records,
    may_be_misnamed,
    why_no_data,
    why_not_folder,
)
from dslint.data.readers.sniff import head
from dslint.data.review_sheet import is_sheet
from dslint.errors import InputError
from dslint.helpers.globs import matches_any
from dslint.helpers.lazy_re import pattern
from dslint.model import Problem, Skipped
from dslint.settings import DatasetSettings, Settings
from dslint.system.repository import ignored

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
_GIT = ".git"
"""What Git keeps there is no part of a repository's files."""
_PEEKED = 1000
"""Files of a folder that is left out among which data is looked for, so that it can be named."""
_LOOKED_INTO = 200
"""Files of other names in one folder whose content is looked at."""
_WORD = pattern(r"[A-Za-z]+")


class Found(Struct, frozen=True):
    """A file to read: where it is, how reports call it, the settings of its dataset, and the split that a dataset card gives it."""

    path: str
    location: str
    dataset: DatasetSettings
    split: str | None = None


class Search(Struct):
    """What looking for files came to: those to read, each once; paths and patterns that mean none; what is not read; what cannot be looked into."""

    found: list[Found] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def find(paths: Sequence[str], settings: Settings, suffixes: Iterable[str]) -> Search:
    """Return the files to read, sorted by the paths that reports show, and what was come across besides."""
    return _Look(settings, tuple(suffixes)).look(paths)


class _Look:
    """One search, under way."""

    def __init__(self, settings: Settings, suffixes: tuple[str, ...]) -> None:
        self.settings = settings
        self.suffixes = suffixes
        self.cards = Cards(settings.root, hints(settings))
        self.found: dict[str, Found] = {}
        self.skipped: dict[str, str] = {}
        self.result = Search()

    def look(self, paths: Sequence[str]) -> Search:
        settings = self.settings
        if paths or settings.staged or not any(dataset.files for dataset in settings.datasets):
            for path in paths or ([] if settings.staged else ["."]):
                self._given(path)
        else:
            for dataset in settings.datasets:
                for pattern in dataset.files:
                    self._configured(pattern, dataset)
            self._beside()
        self.result.found = [self.found[name] for name in sorted(self.found)]
        skipped = {path: reason for path, reason in self.skipped.items() if path not in self.found}
        self.result.skipped = [Skipped(path, reason) for path, reason in sorted(skipped.items())]
        return self.result

    def _given(self, path: str) -> None:
        """Take what a path of the command line means: the standard input, a file, those of a folder, or those that match a pattern."""
        stdin = self.settings.stdin
        if path == STDIN and stdin is not None:
            name = display(stdin.name, self.settings.root) if stdin.name else "<stdin>"
            self.found[name] = Found(name, stdin.location, dataset_of(name, self.settings))
            return
        named = not os.path.isdir(path) and (os.path.lexists(path) or not glob.has_magic(path))
        locations = [path] if named else self._walk(path) if os.path.isdir(path) else _glob(path)
        if not locations:
            self.result.empty.append(path)
        for location in locations:
            self._take(location, None, named=named and not self.settings.force_exclude)

    def _configured(self, pattern: str, dataset: DatasetSettings) -> None:
        matches = _glob(os.path.join(glob.escape(self.settings.root), pattern))
        if not matches:
            self.result.empty.append(pattern)
        for location in matches:
            if not matches_any(self._name(location), dataset.exclude):
                self._take(location, dataset, named=not glob.has_magic(pattern))

    def _take(self, location: str, dataset: DatasetSettings | None, *, named: bool) -> None:
        """Add a file to those that are read; one that is `named`, and not met by a pattern or in a folder, whatever it looks like."""
        name = self._name(location)
        location = self.settings.contents.get(name, location)
        if self.settings.force_exclude:
            reason = ELSEWHERE if excluded(name, self.settings) else why_no_data(location)
            if reason:
                self.skipped[name] = reason
                return
        if not named and os.path.isfile(location) and is_sheet(head(location)):
            self.skipped[name] = SHEET
            return
        split = self.cards.split_of(location)
        self.found.setdefault(
            name, Found(name, location, dataset or dataset_of(name, self.settings), split)
        )

    def _name(self, location: str) -> str:
        return display(location, self.settings.root)

    def _walk(self, folder: str) -> list[str]:
        """Return the data files of a folder, and note what is left out."""
        found: list[str] = []
        for base, folders, files in os.walk(folder, onerror=self._unreadable):
            kept = []
            for name in sorted(folders):
                place = os.path.join(base, name)
                if (reason := why_not_folder(place)) is None:
                    kept.append(place)
                elif name != _GIT and self._may_hold_data(place):
                    self.skipped[f"{self._name(place)}/"] = reason
            folders[:] = [os.path.basename(place) for place in kept]
            found.extend(self._files_of(base, sorted(files)))
        unwanted = ignored(found, folder) if found else set()
        others = {file: IGNORED if file in unwanted else why_no_data(file) for file in found}
        for file, reason in others.items():
            if reason in (IGNORED, REPORT, SHEET) or (reason and holds_records(file)):
                self.skipped[self._name(file)] = reason
        return [file for file in found if not others[file]]

    def _files_of(self, base: str, names: Sequence[str]) -> Iterator[str]:
        """Yield the files of a folder that are data by their names."""
        looked_into = 0
        for name in names:
            place = os.path.normpath(os.path.join(base, name))
            kind = suffix(name)
            by_name = kind in self.suffixes and kind not in NOT_LOOKED_FOR
            if by_name and not name.startswith("."):
                yield place
            elif by_name:
                self.skipped[self._name(place)] = HIDDEN
            elif looked_into < _LOOKED_INTO and may_be_misnamed(name):
                looked_into += 1
                if holds_records(place):
                    self.skipped[self._name(place)] = PLAIN if kind in NOT_LOOKED_FOR else UNNAMED

    def _beside(self) -> None:
        """Note the data files that lie beside those of the configured datasets, and that none of these has."""
        for folder in sorted({os.path.dirname(item.location) for item in self.found.values()}):
            try:
                names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
            except OSError:  # a problem of the files in it
                continue
            for place in self._files_of(folder, names):
                name = self._name(place)
                if (
                    name not in self.found
                    and not left_out(name, self.settings)
                    and not why_no_data(place)
                ):
                    self.skipped[name] = ELSEWHERE

    def _may_hold_data(self, folder: str) -> bool:
        """Return whether a folder has a file with the suffix of data, or too many files to tell; JSON is as often something else."""
        kinds = {kind for kind in self.suffixes if kind not in (*NOT_LOOKED_FOR, ".json")}
        names = list(islice((name for _, _, files in os.walk(folder) for name in files), _PEEKED))
        return len(names) == _PEEKED or any(suffix(name) in kinds for name in names)

    def _unreadable(self, error: OSError) -> None:
        path = self._name(os.fsdecode(error.filename))
        message = f"the folder cannot be read: {error.strerror}"
        self.result.problems.append(
            Problem(
                kind="unreadable-file", message=message, path=path, hint="check its permissions"
            )
        )


def hints(settings: Settings) -> Callable[[str], str | None]:
    """Return what tells where a file that says how the data is to be read, such as a dataset card, is itself read from.

    That is its own place, unless another revision's gate judges: then what that revision has there, None for nothing.
    """
    revision = settings.revision
    return (
        (lambda location: location)
        if revision is None
        else lambda location: revision.earlier(display(location, settings.root))
    )


def matching(pattern: str, root: str) -> set[str]:
    """Return the files that a glob of a configuration means now, as reports show them."""
    return {display(path, root) for path in _glob(os.path.join(glob.escape(root), pattern))}


def permit(item: Found, settings: Settings, *, named: bool) -> None:
    """Raise InputError for what must not be read as data: LLaMA-Factory's list of datasets; and, where `confined`, files outside of the root.

    `named` says that the user named the paths of this run. Such a path may lie outside; what a link or the configuration reaches there may not,
    since both come with the data.
    """
    if is_factory_list(item.location):
        raise InputError(
            "is a list of datasets for LLaMA-Factory, not data", "name the files that it lists"
        )
    if (
        not settings.confined
        or item.location in settings.contents.values()
        or (settings.stdin is not None and item.location == settings.stdin.location)
    ):
        return
    root, real = os.path.realpath(settings.root), os.path.realpath(item.location)
    if _within(real, root) or (
        named and not _within(os.path.abspath(item.location), os.path.abspath(settings.root))
    ):
        return
    allowed = [os.path.normpath(os.path.join(root, pattern)) for pattern in settings.allow_paths]
    if not matches_any(real, allowed):
        raise InputError(
            "lies outside of the project, which CI does not allow",
            "allow it in the configuration: allow-paths",
            "outside-path",
        )


def _within(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def display(location: str, root: str) -> str:
    """Return the path that reports show: relative to the root in POSIX style, absolute for files outside it."""
    absolute = Path(os.path.abspath(location))
    try:
        name = absolute.relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        name = absolute.as_posix()
    return os.fsencode(name).decode(
        errors="backslashreplace"
    )  # a name need not be text, but a report is


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
    return sorted(
        path
        for path in glob.glob(pattern, recursive=True)
        if not os.path.isdir(path) and not is_factory_list(path)
    )


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
        (not dataset.files or matches_any(path, dataset.files))
        and not matches_any(path, dataset.exclude)
        for dataset in settings.datasets
    )


def left_out(path: str, settings: Settings) -> bool:
    """Return whether the configuration leaves a file out by a pattern under `exclude`."""
    return any(matches_any(path, dataset.exclude) for dataset in settings.datasets)
