"""The new records of a run: its files compared with those of a revision, as multisets of digests.

A reformatted, reordered or renamed file has no new records; an edited record or an additional copy
is new. A record counts for its dataset and split: if it moves from train to test, it is new there.
Files with the same content for Git are not read at all.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from dslint import engine
from dslint.data import shapes
from dslint.data.batch import Batch, Identify
from dslint.data.datasets import Dataset
from dslint.data.protocols import Reader
from dslint.data.readers import reader_for
from dslint.data.readers.files import examine, suffix
from dslint.data.readers.find import FoundFile, dataset_of, display, excluded, split_of
from dslint.data.readers.skipped import NOT_LOOKED_FOR
from dslint.data.record import secure_digests
from dslint.engine.partial import Partial, Tally
from dslint.errors import InputError
from dslint.git.revision import follow, shown
from dslint.model import Finding, Input, Location, Problem, Scope, Shard
from dslint.rules.base import Active, Observer
from dslint.settings import Settings
from dslint.system.repository import LINK, Entry, Objects, Repository

if TYPE_CHECKING:
    from dslint.system.scratch import Scratch

T = TypeVar("T")

Pool = tuple[int, str | None]
"""The scope within which a moved record is not new: the number of its dataset, and its split."""


class Changes(Struct, frozen=True):
    """The new records of a run.

    `new` has by path one byte per row, 1 for a new one. A path that is missing has none.
    """

    new: Mapping[str, bytes]
    altered: frozenset[str] = frozenset()
    """The files that differ from the revision, whether data or not."""
    removed: int = 0
    """Number of records in the revision that the run does not have: removed or edited."""
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def concern(self, finding: Finding) -> bool:
        """Return whether a finding is new: it involves a new record, or the dataset as a whole."""
        return finding.at.path is None or any(map(self._new, (finding.at, *finding.related)))

    def _new(self, at: Location) -> bool:
        flags = self.new.get(at.path or "", b"")
        return 1 in flags if at.row is None else is_new(flags, at.row)


def is_new(flags: bytes, row: int) -> bool:
    """Return whether a row is new, by the flags of its file."""
    return row < len(flags) and flags[row] == 1


def fold(
    batches: Iterable[Batch],
    new: bytes,
    rules: Sequence[Active],
    observers: Sequence[Observer],
    stamp: engine.Stamp,
    slices: Sequence[str],
    identify: Identify | None,
) -> Iterator[Partial]:
    """Fold a shard like `engine.fold`, but count its new records only.

    All records are judged, because what is new about a dataset depends on the old ones, too.
    """
    kept: list[Batch] = []

    def watched() -> Iterator[Batch]:
        for batch in batches:
            kept.extend(only([batch], new))
            yield batch

    for part in engine.fold(watched(), rules, observers, stamp, slices, identify):
        counted = engine.merge(
            engine.fold(kept, (), (), stamp, slices, identify), (), lambda _: None
        )
        total = next(iter(counted.tallies.values()), Tally())
        readable = total.records - total.unreadable
        judged = {
            active.id: readable - (total.misfits if active.rule.sees == "valid" else 0)
            for active in rules
        }
        part.tallies, part.judged, part.sliced = (
            counted.tallies,
            Counter({**judged, **counted.judged}),
            counted.sliced,
        )
        yield part
        kept.clear()


def only(batches: Iterable[Batch], new: bytes) -> Iterator[Batch]:
    """Yield batches of the new records only."""
    for batch in batches:
        keep = [position for position, row in enumerate(batch.rows) if is_new(new, row)]
        defects = [defect for defect in batch.defects if is_new(new, defect.row)]
        if keep or defects:
            rows, lines = [batch.rows[k] for k in keep], [batch.lines[k] for k in keep]
            yield Batch(
                batch.input, batch.shape, [batch.values[k] for k in keep], rows, lines, defects
            )


def compare(datasets: Sequence[Dataset], settings: Settings, known: Sequence[Reader]) -> Changes:
    """Compare a run with `settings.since` or the last commit, and return its new records.

    Raises ConfigError for an unknown revision.
    """
    from dslint.system.scratch import scratch  # 5 ms at import, needed for comparisons only

    repository = Repository(settings.root)
    commit = _commit(repository, settings)
    files = repository.files(commit)
    before, index = (
        shown(repository, settings.root, files),
        shown(repository, settings.root, repository.index()),
    )
    changed = repository.changed(commit, staged=settings.staged) | repository.changed_modules(
        commit
    )
    altered = frozenset(shown(repository, settings.root, dict.fromkeys(changed)))
    opened = {item.input.path: item.location for dataset in datasets for item in dataset.files}
    with scratch() as copies, repository.objects() as objects:
        work = _Comparison(settings, known, objects, copies)
        # A link does not change with its target, so always compare its content.
        for path in (
            path
            for path in opened
            if path not in before or before[path].mode == LINK or _is_link(opened[path])
        ):
            own = os.path.relpath(os.path.join(settings.root, path), repository.top).replace(
                os.sep, "/"
            )
            if (entry := follow(files, own, objects)) is not None:
                before[path] = entry
                altered |= {path}
        touched = {path for path in opened if path in altered or path not in before} | {
            path for path in altered if work.is_data(path)
        }
        now = {
            path: opened.get(path)
            or settings.contents.get(path)
            or os.path.join(settings.root, path)
            for path in touched
        }
        now = {
            path: location
            for path, location in now.items()
            if path in opened or path in index or not settings.staged
        }
        work.run(
            now, {path: before[path] for path in touched & {*before} if before[path].mode != LINK}
        )
    new = {path: bytes(flags) for path, flags in work.new.items() if 1 in flags and path in opened}
    against = "HEAD" if settings.since is None else settings.since
    note = _summary(against, commit, new, opened, sum(path not in before for path in opened))
    if work.removed:
        note += f"; {_number(work.removed, 'record')} of {against} removed or edited"
    return Changes(new, altered, work.removed, (*work.notes, note), tuple(work.problems))


def _is_link(location: str) -> bool:
    """Return whether a file is reached through a link, its own or one of a folder."""
    return os.path.realpath(location) != os.path.join(
        os.path.realpath("."), os.path.relpath(os.path.abspath(location))
    )


def _commit(repository: Repository, settings: Settings) -> str | None:
    return repository.head() if settings.since is None else repository.commit(settings.since)


def _summary(
    against: str,
    commit: str | None,
    new: Mapping[str, bytes],
    opened: Mapping[str, str],
    unknown: int,
) -> str:
    records = sum(flags.count(1) for flags in new.values())
    where = f"{against} ({commit[:10]})" if commit else f"{against}, before the first commit"
    summary = (
        f"compared with {where}: {_number(records, 'new record')} "
        f"in {_number(len(new), 'file')} of {len(opened):,}; only these are counted"
    )
    return summary + (
        f"; not in that revision: {_number(unknown, 'file')}" if unknown and commit else ""
    )


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


class _Comparison(Struct):
    """A comparison in progress."""

    settings: Settings
    known: Sequence[Reader]
    objects: Objects
    copies: Scratch
    new: dict[str, bytearray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    removed: int = 0

    def is_data(self, path: str) -> bool:
        """Return whether a file that the run does not read is data: records may have moved."""
        return not excluded(path, self.settings) and any(
            suffix(path) in reader.suffixes for reader in self.known
        )

    def run(self, now: Mapping[str, str], then: Mapping[str, Entry]) -> None:
        """Match the records of each path, then the rest in pools.

        A pool first takes the files that are not in the revision, then all.
        """
        left: defaultdict[Pool, Counter[bytes]] = defaultdict(Counter)
        waiting: list[tuple[Pool, str, int, bytes]] = []
        for path in sorted({*now, *then}, key=lambda path: (path not in then, path)):
            pool = self._pool(path)
            had = Counter(self._then(path, then[path])) if path in then else left[pool]
            flags = self.new[path] = bytearray()
            for row, record in enumerate(self._now(path, now[path]) if path in now else ()):
                flags.append(0)
                if had[record]:
                    had[record] -= 1
                elif path in then:
                    waiting.append((pool, path, row, record))
                else:
                    flags[row] = 1
            if path in then:
                left[pool] += had
        for pool, path, row, record in waiting:
            if left[pool][record]:
                left[pool][record] -= 1
            else:
                self.new[path][row] = 1
        self.removed = sum(sum(records.values()) for records in left.values())

    def _pool(self, path: str) -> Pool:
        dataset = dataset_of(path, self.settings)
        number = self.settings.datasets.index(dataset) if dataset in self.settings.datasets else -1
        return number, split_of(FoundFile(path, path, dataset))[0]

    def _now(self, path: str, location: str) -> Iterator[bytes]:
        try:
            yield from self._digests(path, location)
        except (
            InputError,
            OSError,
        ):  # the run reports this for its own files; from other files no records can have come
            return

    def _then(self, path: str, entry: Entry) -> Iterator[bytes]:
        location = self.copies.place(f"then{os.path.splitext(path)[1]}")
        try:
            self.objects.copy(entry, location)
            yield from self._digests(path, location)
        except InputError as error:
            if error.kind == "data-pointer":
                self.problems.append(
                    Problem(
                        kind=error.kind,
                        path=path,
                        message=f"in the base revision: {error.message}",
                        hint=error.hint,
                    )
                )
            else:
                self.notes.append(
                    f"{path}: could not be read to the end in the base revision, "
                    "so all records after that point count as new"
                )

    def _digests(self, path: str, location: str) -> Iterator[bytes]:
        """Yield the identity of each row; that of an unreadable row is its bytes, marked."""
        if not os.path.exists(location) or not examine(location):
            return
        reader, _ = reader_for(path, location, self.known)
        whole = dataset_of(path, self.settings).text_record == "file"
        item = Input(index=0, path=path, dataset="", format=reader.name, shape="any", whole=whole)
        anything = shapes.named("any", shapes.BUILT_IN)
        for batch in reader.read(
            Shard(input=item, location=location),
            anything,
            self.settings.max_record_bytes,
            self.settings.max_depth,
        ):
            rows = dict(zip(batch.rows, secure_digests(batch.values), strict=True))
            rows |= {
                defect.row: b"?" + defect.secure_digest
                for defect in batch.defects
                if defect.rule == "dslint/parse-error"
            }
            yield from (rows[row] for row in sorted(rows))


def staged(
    settings: Settings, paths: Sequence[str], suffixes: Iterable[str], copies: Scratch
) -> tuple[Settings, list[str]]:
    """Return settings and paths for a run over the index.

    The paths are those that a commit would change, of the named files or else of all data files.
    Files edited since they were staged are copied in their staged version.
    """
    repository = Repository(settings.root)
    index, known = repository.index(), tuple(suffixes)
    changed = {
        path: path
        for path in repository.changed(_commit(repository, settings), staged=True)
        if path in index
    }
    changed = dict(sorted(shown(repository, settings.root, changed).items()))
    configured = any(dataset.files for dataset in settings.datasets)
    looked_for = known if configured else [kind for kind in known if kind not in NOT_LOOKED_FOR]
    data = [name for name in changed if not excluded(name, settings) and suffix(name) in looked_for]
    named = {display(path, settings.root) for path in paths}
    wanted = (
        [
            name
            for name in changed
            if not named.isdisjoint([name, *map(str, PurePosixPath(name).parents)])
        ]
        if named
        else data
    )
    edited = repository.unstaged()
    contents: dict[str, str] = {}
    with repository.objects() as objects:
        for number, name in enumerate({*wanted, *data}):
            path = changed[name]
            if path in edited and index[path].mode != LINK:
                contents[name] = copies.place(f"{number}{os.path.splitext(path)[1]}")
                objects.copy(index[path], contents[name])
    judged = replace(
        settings,
        staged=True,
        scope=Scope.RECORD,
        contents=contents,
        force_exclude=settings.force_exclude or not named,
    )
    return judged, [os.path.join(repository.top, changed[name]) for name in wanted]
