"""duplicates/benchmark-overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

from dslint.plugin import (
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Location,
    Measure,
    Meta,
    OptionFile,
    Severity,
    Source,
    State,
)
from dslint_packs.duplicates.normalized_texts import plain_texts

if TYPE_CHECKING:
    from dslint_packs.duplicates.ngrams import Index


@dataclass(frozen=True)
class BenchmarkOverlap(DatasetRule):
    """Records that hold a task of a benchmark.

    Why: a model that has seen the tasks is measured by its memory; every score on that benchmark is worth nothing.

    A task counts as seen if a single record holds word 8-grams that cover more than half of its words, the rule of Tulu 3 (Lambert et al., 2024,
    section 3.2). Words are compared in lower case and without punctuation. The finding names the task, by file and line, that is covered most. There,
    a set of training data is given up if it holds more than 2 % of a benchmark's tasks: the measure `tasks[FILE]`, for which you can set
    a limit. 8-grams that more than ten tasks of a file share are its template, and count neither as words of a task nor as seen.

    Measured: all 505 questions of three MMLU tests are found in the same questions under another heading, and 1 of their 485 paraphrases.
    A file of 100 MB is read in 26 CPU seconds and 1.1 GB with 20,000 records to check; its index is made in 60 seconds and 1.1 GB, and used in 9
    seconds and 0.5 GB. All of this grows with the size of the file.

    Blind spots: tasks of fewer than eight words, paraphrases, translations, and a task that is spread over several records.

    Options: `against`, the files of the benchmark, JSON, JSON Lines, CSV or text (a task a line), or indices that `dslint index make` has made of
    such files; `fields`, the columns of a task to compare (else those named question, prompt, instruction, input, problem, query or text; else all);
    `ngram`; `share`; `roles`.

    Flags with {"against": [[{"question": "A train leaves the station at noon and drives at sixty miles an hour. Where is it at two?"}]]}::

        {"text": "Q: A train leaves the station at noon and drives at sixty miles an hour. Where is it at two? A: 120 miles away."}

    Passes with {"against": [[{"question": "A train leaves the station at noon and drives at sixty miles an hour. Where is it at two?"}]]}::

        {"text": "The train leaves the station at noon; tickets are sold at the station until ten minutes before, and in the train."}

    Cure: take the records out of the training data.
    """

    name = "benchmark-overlap"
    severity = Severity.ERROR
    sees = "all"
    requires = ("numpy",)
    extra = "near"
    needs_options = ("against",)
    state = {"against": "int32", "task": "int64", "covered": "double"}  # noqa: RUF012 - a declaration, never changed
    measures = {"tasks": "share of a benchmark's tasks that the data holds, as tasks[FILE]"}  # noqa: RUF012 - a declaration, never changed

    against: tuple[OptionFile, ...] = ()
    fields: tuple[str, ...] = ()
    ngram: Annotated[int, Meta(ge=4, le=20)] = 8
    share: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    roles: tuple[str, ...] = ("prompt", "target", "rejected")

    def __post_init__(self) -> None:
        """Refuse files that cannot be read, before anything is checked."""
        if self.against and find_spec("numpy") is not None:
            self._indices()

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each task that a record covers."""
        from dslint_packs.duplicates.ngrams import covered

        said = plain_texts(batch, self.roles)
        positions, texts = list(said), list(said.values())
        found = [
            (positions[item.text], file, item.task, item.share)
            for file, index in enumerate(self._indices())
            for item in covered(texts, index, self.share)
        ]
        columns = [list(column) for column in zip(*found, strict=True)] or [[], [], [], []]
        return dict(zip(("record", *self.state), columns, strict=True))

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that holds a task, and how much of each benchmark is held."""
        del source
        found = self._indices()
        held = {(row.against, row.task) for row in state.rows()}
        for number, index in enumerate(found):
            if len(index.rows):
                yield Measure(
                    f"tasks[{index.path}]",
                    sum(file == number for file, _ in held) / len(index.rows),
                )
        best: dict[tuple[int, int], Any] = {}
        for row in state.rows():
            place = row.file, row.row
            best[place] = min(
                best.get(place, row), row, key=lambda item: (-item.covered, item.against, item.task)
            )
        for row in best.values():
            index = found[row.against]
            task = Location(
                index.path, int(index.rows[row.task]), int(index.lines[row.task]) or None
            )
            message = f"holds {row.covered:.0%} of the words of a task: {task.place}"
            yield self.finding(state.at(row), message, related=[task], score=row.covered)

    def _indices(self) -> list[Index]:
        from dslint_packs.duplicates.ngrams import indices

        return indices(self.against, self.fields, self.ngram)

    @classmethod
    def index(cls, file: OptionFile, fields: tuple[str, ...] = (), ngram: int = 8) -> bytes:
        """Return an index of a file, which serves in its place and tells none of its text."""
        from dslint_packs.duplicates.ngrams import dump

        return dump(file, fields, ngram)
