"""The files of each dataset, and why other files are skipped.

Files come from the configuration, from paths on the command line, or from a search of folders.
"""

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
from dslint.model import Problem, SkippedFile
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
"""The path that means standard input."""
_GIT_FOLDER = ".git"
"""Folder with Git's own files, which are not part of a repository's content."""
_MAX_FOLDER_SAMPLE = 1000
"""Number of files to check in a skipped folder, to report it if it may have data."""
_MAX_UNNAMED = 200
"""Number of files without a data suffix per folder whose content is checked."""
_WORD = pattern(r"[A-Za-z]+")


class FoundFile(Struct, frozen=True):
    """A file to read: its display path, its location, the settings of its dataset, and its split.

    The split is the one that a dataset card assigns, if any.
    """

    path: str
    location: str
    dataset: DatasetSettings
    split: str | None = None


class Search(Struct):
    """The result of a search.

    Files to read, paths and patterns without files, skipped files, and unreadable folders.
    """

    found: list[FoundFile] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def find(paths: Sequence[str], settings: Settings, suffixes: Iterable[str]) -> Search:
    """Return the files to read, sorted by display path, and what was skipped on the way."""
    return _Finder(settings, tuple(suffixes)).look(paths)


class _Finder:
    """A search in progress."""

    def __init__(self, settings: Settings, suffixes: tuple[str, ...]) -> None:
        self.settings = settings
        self.suffixes = suffixes
        self.cards = Cards(settings.root, hints(settings))
        self.found: dict[str, FoundFile] = {}
        self.skipped: dict[str, str] = {}
        self.result = Search()

    def look(self, paths: Sequence[str]) -> Search:
        settings = self.settings
        if paths or settings.staged or not any(dataset.files for dataset in settings.datasets):
            for path in paths or ([] if settings.staged else ["."]):
                self._add_path(path)
        else:
            for dataset in settings.datasets:
                for pattern in dataset.files:
                    self._add_pattern(pattern, dataset)
            self._note_neighbors()
        self.result.found = [self.found[name] for name in sorted(self.found)]
        skipped = {path: reason for path, reason in self.skipped.items() if path not in self.found}
        self.result.skipped = [
            SkippedFile(path, reason) for path, reason in sorted(skipped.items())
        ]
        return self.result

    def _add_path(self, path: str) -> None:
        """Add what a path from the command line means.

        That is standard input, a file, the files of a folder, or those that match a pattern.
        """
        stdin = self.settings.stdin
        if path == STDIN and stdin is not None:
            name = display(stdin.name, self.settings.root) if stdin.name else "<stdin>"
            self.found[name] = FoundFile(name, stdin.location, dataset_of(name, self.settings))
            return
        named = not os.path.isdir(path) and (os.path.lexists(path) or not glob.has_magic(path))
        locations = [path] if named else self._walk(path) if os.path.isdir(path) else _glob(path)
        if not locations:
            self.result.empty.append(path)
        for location in locations:
            self._add_file(location, None, named=named and not self.settings.force_exclude)

    def _add_pattern(self, pattern: str, dataset: DatasetSettings) -> None:
        matches = _glob(os.path.join(glob.escape(self.settings.root), pattern))
        if not matches:
            self.result.empty.append(pattern)
        for location in matches:
            if not matches_any(self._name(location), dataset.exclude):
                self._add_file(location, dataset, named=not glob.has_magic(pattern))

    def _add_file(self, location: str, dataset: DatasetSettings | None, *, named: bool) -> None:
        """Add a file to those that are read.

        One that is `named`, not found in a folder or by a pattern, is added whatever it looks like.
        """
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
            name, FoundFile(name, location, dataset or dataset_of(name, self.settings), split)
        )

    def _name(self, location: str) -> str:
        return display(location, self.settings.root)

    def _walk(self, folder: str) -> list[str]:
        """Return the data files of a folder, and note what is skipped."""
        found: list[str] = []
        for base, folders, files in os.walk(folder, onerror=self._unreadable):
            kept = []
            for name in sorted(folders):
                place = os.path.join(base, name)
                if (reason := why_not_folder(place)) is None:
                    kept.append(place)
                elif name != _GIT_FOLDER and self._may_hold_data(place):
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
        checked = 0
        for name in names:
            place = os.path.normpath(os.path.join(base, name))
            kind = suffix(name)
            by_name = kind in self.suffixes and kind not in NOT_LOOKED_FOR
            if by_name and not name.startswith("."):
                yield place
            elif by_name:
                self.skipped[self._name(place)] = HIDDEN
            elif checked < _MAX_UNNAMED and may_be_misnamed(name):
                checked += 1
                if holds_records(place):
                    self.skipped[self._name(place)] = PLAIN if kind in NOT_LOOKED_FOR else UNNAMED

    def _note_neighbors(self) -> None:
        """Note data files in the folders of the configured datasets that no dataset includes."""
        for folder in sorted({os.path.dirname(item.location) for item in self.found.values()}):
            try:
                names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
            except OSError:  # reported for the files in it
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
        """Return whether a folder has a file with a data suffix, or too many files to tell.

        JSON does not count, because it is just as often something else.
        """
        kinds = {kind for kind in self.suffixes if kind not in (*NOT_LOOKED_FOR, ".json")}
        names = list(
            islice((name for _, _, files in os.walk(folder) for name in files), _MAX_FOLDER_SAMPLE)
        )
        return len(names) == _MAX_FOLDER_SAMPLE or any(suffix(name) in kinds for name in names)

    def _unreadable(self, error: OSError) -> None:
        path = self._name(os.fsdecode(error.filename))
        message = f"the folder cannot be read: {error.strerror}"
        self.result.problems.append(
            Problem(
                kind="unreadable-file", message=message, path=path, hint="check its permissions"
            )
        )


def hints(settings: Settings) -> Callable[[str], str | None]:
    """Return a function that gives the path to read a hints file from, such as a dataset card.

    That is the file's own path, unless the gate of another revision applies: then it is the path of
    that revision's version, or None if it has none.
    """
    revision = settings.revision
    return (
        (lambda location: location)
        if revision is None
        else lambda location: revision.earlier(display(location, settings.root))
    )


def matching(pattern: str, root: str) -> set[str]:
    """Return the display paths of the files that a glob in a configuration matches now."""
    return {display(path, root) for path in _glob(os.path.join(glob.escape(root), pattern))}


def permit(item: FoundFile, settings: Settings, *, named: bool) -> None:
    """Raise InputError for what must not be read as data.

    That is LLaMA-Factory's list of datasets and, if `confined`, files outside the root.
    `named` says that the user named the paths of this run. Such a path may be outside; what is
    reached there by a link or the configuration may not, because both come with the data.
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
            "is outside the project, which is not allowed in CI",
            "allow it in the configuration: allow-paths",
            "outside-path",
        )


def _within(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def display(location: str, root: str) -> str:
    """Return the path for reports: POSIX style, relative to the root, absolute outside it."""
    absolute = Path(os.path.abspath(location))
    try:
        name = absolute.relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        name = absolute.as_posix()
    return os.fsencode(name).decode(
        errors="backslashreplace"
    )  # a file name may not be valid text, but a report must be


def split_of(item: FoundFile) -> tuple[str | None, int]:
    """Return the split of a file and its rank (train first).

    The split comes from the configuration, else from the dataset card, else from the file name.
    """
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
    """Return the settings of the dataset of a file, or the defaults if it is in none."""
    for dataset in settings.datasets:
        if matches_any(path, dataset.files):
            return dataset
    if len(settings.datasets) == 1 and not settings.datasets[0].files:
        return settings.datasets[0]
    return DatasetSettings()


def excluded(path: str, settings: Settings) -> bool:
    """Return whether a file is in none of the configured datasets."""
    return bool(settings.datasets) and not any(
        (not dataset.files or matches_any(path, dataset.files))
        and not matches_any(path, dataset.exclude)
        for dataset in settings.datasets
    )


def left_out(path: str, settings: Settings) -> bool:
    """Return whether a pattern under `exclude` matches a file."""
    return any(matches_any(path, dataset.exclude) for dataset in settings.datasets)
