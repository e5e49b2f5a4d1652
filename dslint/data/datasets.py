"""Opening datasets: finding files, choosing readers, detecting shapes, and reporting problems."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct, field

from dslint.data import shapes
from dslint.data.protocols import Reader
from dslint.data.readers import reader_for, sample
from dslint.data.readers.files import examine
from dslint.data.readers.find import SPLITS, FoundFile, find, hints, permit, split_of
from dslint.data.readers.layouts import factory_texts
from dslint.data.readers.source import DataFile, stamp
from dslint.errors import InputError
from dslint.model import Input, Problem, Shape, SkippedFile
from dslint.settings import DatasetSettings, Revision, Settings

SHOWN = 10
"""Maximum number of files listed in a note."""
ID_FIELDS = ("id", "uid", "uuid", "_id", "example_id")


class Dataset(Struct, frozen=True):
    """Files that are checked together."""

    name: str
    settings: DatasetSettings
    files: tuple[DataFile, ...]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The different shapes of the files."""
        return tuple({opened.shape.name: opened.shape for opened in self.files}.values())


class Inputs(Struct):
    """What to check: datasets, problems opening files, notes on detection, and skipped files."""

    datasets: list[Dataset] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)

    @property
    def files(self) -> list[DataFile]:
        """The files of all datasets."""
        return [opened for dataset in self.datasets for opened in dataset.files]


class _File(Struct):
    found: FoundFile
    reader: Reader
    shape: Shape
    share: float
    columns: dict[str, str]
    size: int
    note: str | None
    sampled: int
    """Number of records that the shape was detected from."""


def open_inputs(
    paths: Sequence[str],
    settings: Settings,
    known_readers: Sequence[Reader],
    known_shapes: Sequence[Shape],
) -> Inputs:
    """Find the files of a run, and prepare each for reading."""
    search = find(
        paths, settings, [suffix for reader in known_readers for suffix in reader.suffixes]
    )
    empty = [
        Problem(
            kind="empty-input",
            message="no data file here",
            path=place,
            hint="check the path, or name a file",
        )
        for place in search.empty
    ]
    problems = [*empty, *search.problems]
    candidates: list[_File] = []
    for item in search.found:
        try:
            permit(item, settings, named=bool(paths))
            size = examine(item.location)
            reader, note = reader_for(item.path, item.location, known_readers)
        except InputError as error:
            problems.append(
                Problem(
                    kind=error.kind, message=error.message, path=item.path, hint=error.hint or None
                )
            )
        else:
            candidates.append(
                _look(item, reader, size, note, settings, known_readers, known_shapes)
            )
    if settings.revision is not None:
        problems += _adopt_shapes(candidates, settings.revision)
    groups: dict[tuple[int, str], list[_File]] = {}
    for file in candidates:
        configured = (
            settings.datasets.index(file.found.dataset)
            if file.found.dataset in settings.datasets
            else -1
        )
        explicit = configured >= 0 and file.found.dataset.files
        place = "" if explicit else f"{_home(file.found.path)}\0{file.shape.name}"
        groups.setdefault((configured, place), []).append(file)
    names = _names(groups, settings)
    numbers = {
        file.found.path: number
        for number, file in enumerate(sorted(candidates, key=lambda file: file.found.path))
    }
    datasets = [
        Dataset(
            names[key],
            files[0].found.dataset,
            tuple(_opened(file, names[key], numbers[file.found.path]) for file in files),
        )
        for key, files in sorted(groups.items())
    ]
    notes = [
        *_not_read(search.skipped),
        *(file.note for file in candidates if file.note),
        *(note for dataset in datasets for note in _notes(dataset, candidates)),
    ]
    return Inputs(datasets, problems, notes, search.skipped)


def _not_read(skipped: Sequence[SkippedFile]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for item in skipped:
        by_reason.setdefault(item.reason, []).append(item.path)
    for reason, paths in sorted(by_reason.items()):
        more = f" and {len(paths) - SHOWN:,} more" if len(paths) > SHOWN else ""
        yield f"not read, {reason}: {', '.join(paths[:SHOWN])}{more}"


def _adopt_shapes(files: Sequence[_File], revision: Revision) -> Iterator[Problem]:
    """Give new files without a known shape the shape of base-revision files in the same folder.

    Otherwise the first records of a new file would decide that most rules do not apply to it.
    Yields a problem for each file without such a neighbor.
    """
    shapes_of: dict[tuple[str, PurePosixPath], list[Shape]] = {}
    for file in files:
        if revision.earlier(file.found.path) is not None:
            shapes_of.setdefault(_neighbourhood(file), []).append(file.shape)
    for file in files:
        path = file.found.path
        if (
            file.shape.name != "any"
            or not file.sampled
            or file.found.dataset.shape is not None
            or revision.earlier(path) is not None
        ):
            continue
        neighbors = [
            shape for shape in shapes_of.get(_neighbourhood(file), []) if shape.name != "any"
        ]
        if neighbors:
            file.shape = max(neighbors, key=lambda shape: (neighbors.count(shape), shape.name))
            file.note = (
                f"{path}: read in shape {file.shape.name}, like the files next to it, "
                "because its first records have no known shape"
            )
        elif not shapes_of.get(_neighbourhood(file)):
            yield Problem(
                kind="unknown-shape",
                path=path,
                message="is new, and its first records have no known shape, "
                "so most rules would not apply",
                hint="set it in the configuration of the base revision: "
                'shape = "...", or "any" if that is intended',
            )


def _neighbourhood(file: _File) -> tuple[str, PurePosixPath]:
    dataset = file.found.dataset
    return (
        ("\0".join(dataset.files), PurePosixPath())
        if dataset.files
        else ("", _home(file.found.path))
    )


def _home(path: str) -> PurePosixPath:
    """Return the folder whose files are checked together.

    It is the folder of the file, or its parent if it is named after a split.
    """
    folder = PurePosixPath(path).parent
    return folder.parent if folder.name.lower() in SPLITS else folder


def _look(
    item: FoundFile,
    reader: Reader,
    size: int,
    note: str | None,
    settings: Settings,
    known_readers: Sequence[Reader],
    known_shapes: Sequence[Shape],
) -> _File:
    values = _first_records(item, reader, settings, known_readers, known_shapes)
    own = item.dataset.texts or item.dataset.shape is not None
    texts = item.dataset.texts if own else factory_texts(item.location, hints(settings))
    if texts and item.dataset.shape in (None, shapes.Custom.name):
        shape: Shape = shapes.Custom.of(texts)
        share = 1.0
    elif item.dataset.shape is not None:
        shape, share = shapes.named(item.dataset.shape, known_shapes), 1.0
    else:
        shape, share = shapes.detect(values, known_shapes)
    columns = dict(item.dataset.columns)
    if (
        shape.name == "classification"
        and "label" not in columns
        and (label := shapes.label_column(values)) is not None
    ):
        columns["label"] = label
    if "id" not in columns and (name := _id_field(values)) is not None:
        columns["id"] = name
    return _File(item, reader, shape, share, columns, size, note, len(values))


def _first_records(
    item: FoundFile,
    reader: Reader,
    settings: Settings,
    known_readers: Sequence[Reader],
    known_shapes: Sequence[Shape],
) -> list[Any]:
    """Return the first records of a file, or of its version in the revision whose gate applies."""
    anything = shapes.named("any", known_shapes)
    places = [(reader, item.location)]
    earlier = None if settings.revision is None else settings.revision.earlier(item.path)
    if earlier is not None and earlier != item.location:
        with suppress(InputError):
            examine(earlier)
            places.insert(0, (reader_for(item.path, earlier, known_readers)[0], earlier))
    return next(
        (
            values
            for reads, location in places
            if (
                values := sample(
                    reads,
                    location,
                    anything,
                    shapes.SAMPLE,
                    settings.max_record_bytes,
                    settings.max_depth,
                )
            )
        ),
        [],
    )


def _id_field(values: Sequence[Any]) -> str | None:
    """Return the usual id field that is present and unique in all sampled records, or None."""
    for name in ID_FIELDS:
        ids = [value.get(name) if type(value) is dict else None for value in values]
        if (
            ids
            and all(type(one) is str or type(one) is int for one in ids)
            and len(set(ids)) == len(ids)
        ):
            return name
    return None


def _opened(file: _File, dataset: str, number: int) -> DataFile:
    split, rank = split_of(file.found)
    item = Input(
        index=number,
        path=file.found.path,
        dataset=dataset,
        format=file.reader.name,
        shape=file.shape.name,
        whole=file.found.dataset.text_record == "file",
        stated=file.found.dataset.shape is not None,
        split=split,
        split_rank=rank,
        columns=file.columns,
        languages=file.found.dataset.languages,
        bytes=file.size,
    )
    return DataFile(item, file.found.location, file.reader, file.shape, stamp(file.found.location))


def _names(
    groups: dict[tuple[int, str], list[_File]], settings: Settings
) -> dict[tuple[int, str], str]:
    """Name each dataset: as configured, else after its folder.

    The shape is added if a folder has several datasets, and a number to names that are taken.
    """
    names: dict[tuple[int, str], str] = {}
    taken = {dataset.name for dataset in settings.datasets if dataset.name is not None}
    folders = [place.partition("\0")[0] for _, place in groups if place]
    for key, files in sorted(groups.items()):
        configured, place = key
        name = settings.datasets[configured].name if configured >= 0 else None
        if name is not None:
            own = name not in names.values()
        else:
            folder = (
                place.partition("\0")[0] if place else _common([file.found.path for file in files])
            )
            name = (
                folder
                if folders.count(folder) < 2 or not place
                else f"{folder} ({files[0].shape.name})"
            )
            own = name not in taken
        names[key] = (
            name
            if own
            else next(new for number in count(2) if (new := f"{name} {number}") not in taken)
        )
        taken.add(names[key])
    return names


def _common(paths: Sequence[str]) -> str:
    try:
        return os.path.commonpath([str(PurePosixPath(path).parent) for path in paths]) or "."
    except ValueError:  # files outside the project may have no common path
        return "."


def _notes(dataset: Dataset, candidates: Sequence[_File]) -> list[str]:
    mine = {opened.input.path for opened in dataset.files}
    files = [file for file in candidates if file.found.path in mine]
    splits = sorted({opened.input.split for opened in dataset.files if opened.input.split})
    shape = ", ".join(
        sorted(
            {
                f"{file.shape.name}"
                if file.found.dataset.shape or file.share == 1
                else f"{file.shape.name} ({file.share:.0%} of the first records)"
                for file in files
            }
        )
    )
    count = f"{len(files)} file{'s' if len(files) != 1 else ''}"
    return [
        f"dataset {dataset.name}: {count}, shape {shape}"
        + (f", splits {', '.join(splits)}" if splits else "")
    ]
