"""From paths to datasets: which files there are, how each is read, what shape its records have, and what could not be opened."""

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
from dslint.data.readers.find import SPLITS, Found, find, hints, permit, split_of
from dslint.data.readers.layouts import factory_texts
from dslint.data.readers.source import Opened, stamp
from dslint.errors import InputError
from dslint.model import Input, Problem, Shape, Skipped
from dslint.settings import DatasetSettings, Revision, Settings

SHOWN = 10
"""Files that a note names."""
ID_FIELDS = ("id", "uid", "uuid", "_id", "example_id")


class Dataset(Struct, frozen=True):
    """Files that are judged together."""

    name: str
    settings: DatasetSettings
    files: tuple[Opened, ...]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of the files, each once."""
        return tuple({opened.shape.name: opened.shape for opened in self.files}.values())


class Inputs(Struct):
    """What there is to check: datasets, the problems of what could not be opened, notes on what was detected, and what is not read."""

    datasets: list[Dataset] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def files(self) -> list[Opened]:
        """The files of all datasets."""
        return [opened for dataset in self.datasets for opened in dataset.files]


class _Seen(Struct):
    found: Found
    reader: Reader
    shape: Shape
    share: float
    columns: dict[str, str]
    size: int
    note: str | None
    sampled: int
    """Records that the shape was detected from."""


def open_inputs(
    paths: Sequence[str],
    settings: Settings,
    known_readers: Sequence[Reader],
    known_shapes: Sequence[Shape],
) -> Inputs:
    """Find the files of a run, and look at each."""
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
    seen: list[_Seen] = []
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
            seen.append(_look(item, reader, size, note, settings, known_readers, known_shapes))
    if settings.revision is not None:
        problems += _as_their_neighbours(seen, settings.revision)
    groups: dict[tuple[int, str], list[_Seen]] = {}
    for file in seen:
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
        for number, file in enumerate(sorted(seen, key=lambda file: file.found.path))
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
        *(file.note for file in seen if file.note),
        *(note for dataset in datasets for note in _notes(dataset, seen)),
    ]
    return Inputs(datasets, problems, notes, search.skipped)


def _not_read(skipped: Sequence[Skipped]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for item in skipped:
        by_reason.setdefault(item.reason, []).append(item.path)
    for reason, paths in sorted(by_reason.items()):
        more = f" and {len(paths) - SHOWN:,} more" if len(paths) > SHOWN else ""
        yield f"not read, {reason}: {', '.join(paths[:SHOWN])}{more}"


def _as_their_neighbours(seen: Sequence[_Seen], revision: Revision) -> Iterator[Problem]:
    """Give files that the change adds, and whose records look like nothing known, the shape of the files beside them that the revision has.

    Else the first records of a new file would decide that most rules do not apply to it. Yields a problem for each that has no such neighbour.
    """
    shapes_of: dict[tuple[str, PurePosixPath], list[Shape]] = {}
    for file in seen:
        if revision.earlier(file.found.path) is not None:
            shapes_of.setdefault(_neighbourhood(file), []).append(file.shape)
    for file in seen:
        path = file.found.path
        if (
            file.shape.name != "any"
            or not file.sampled
            or file.found.dataset.shape is not None
            or revision.earlier(path) is not None
        ):
            continue
        beside = [shape for shape in shapes_of.get(_neighbourhood(file), []) if shape.name != "any"]
        if beside:
            file.shape = max(beside, key=lambda shape: (beside.count(shape), shape.name))
            file.note = f"{path}: read in shape {file.shape.name}, as the files beside it; its first records look like nothing known"
        elif not shapes_of.get(_neighbourhood(file)):
            yield Problem(
                kind="unknown-shape",
                path=path,
                message="is new, and its first records have no known shape, so most rules would not apply",
                hint='state it in the configuration of the base revision: shape = "...", or "any" if that is meant',
            )


def _neighbourhood(file: _Seen) -> tuple[str, PurePosixPath]:
    dataset = file.found.dataset
    return (
        ("\0".join(dataset.files), PurePosixPath())
        if dataset.files
        else ("", _home(file.found.path))
    )


def _home(path: str) -> PurePosixPath:
    """Return the folder whose files are judged together: that of the file, or the one above if it is named after a split."""
    folder = PurePosixPath(path).parent
    return folder.parent if folder.name.lower() in SPLITS else folder


def _look(
    item: Found,
    reader: Reader,
    size: int,
    note: str | None,
    settings: Settings,
    known_readers: Sequence[Reader],
    known_shapes: Sequence[Shape],
) -> _Seen:
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
    return _Seen(item, reader, shape, share, columns, size, note, len(values))


def _first_records(
    item: Found,
    reader: Reader,
    settings: Settings,
    known_readers: Sequence[Reader],
    known_shapes: Sequence[Shape],
) -> list[Any]:
    """Return the records that show what a file holds: its first ones, those of the revision whose gate judges where it has the file."""
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
    """Return the usual name of an id that every sampled record has, each another one."""
    for name in ID_FIELDS:
        ids = [value.get(name) if type(value) is dict else None for value in values]
        if (
            ids
            and all(type(one) is str or type(one) is int for one in ids)
            and len(set(ids)) == len(ids)
        ):
            return name
    return None


def _opened(file: _Seen, dataset: str, number: int) -> Opened:
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
    return Opened(item, file.found.location, file.reader, file.shape, stamp(file.found.location))


def _names(
    groups: dict[tuple[int, str], list[_Seen]], settings: Settings
) -> dict[tuple[int, str], str]:
    """Name each dataset: as configured, else by its folder, with the shape where a folder holds several; a number tells the rest apart."""
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
    except ValueError:  # some lie outside the project, and have nothing in common with the others
        return "."


def _notes(dataset: Dataset, seen: Sequence[_Seen]) -> list[str]:
    mine = {opened.input.path for opened in dataset.files}
    files = [file for file in seen if file.found.path in mine]
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
