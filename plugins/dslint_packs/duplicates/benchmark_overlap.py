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
    """Records that contain a benchmark task.

    Why: a model that has seen the tasks is measured by its memory; every score on that benchmark
    is worthless.

    A task counts as contained if a single record has word 8-grams that cover more than half of
    the task's words, the rule of Tulu 3 (Lambert et al., 2024, section 3.2). Words are compared
    in lower case and without punctuation. The finding names file and line of the task with the
    highest coverage. Tulu 3 drops a training set that contains more than 2 % of a benchmark's
    tasks: the measure `tasks[FILE]` is this share, and can have a limit. 8-grams that occur in
    more than ten tasks of a file are its template; they count neither as words of a task nor as
    covered.

    Measured: all 505 questions of three MMLU tests are found in the same questions under another
    heading, and 1 of their 485 paraphrases. Reading a file of 100 MB takes 26 CPU seconds and
    1.1 GB, with 20,000 records to check; making its index takes 60 seconds and 1.1 GB, using the
    index 9 seconds and 0.5 GB. All of this grows with the size of the file.

    Blind spots: tasks of fewer than eight words, paraphrases, translations, and tasks spread
    over several records.

    Options: `against`, the files of the benchmark (JSON, JSON Lines, CSV, or text with a task
    per line), or indexes made of such files with `dslint index make`; `fields`, the columns of a
    task to compare (default: those named question, prompt, instruction, input, problem, query or
    text; without any of these, all); `ngram`, words per n-gram; `share`, the coverage above
    which a task counts; `roles`, which texts to search.

    Flags with {"against": [[{"question": "Which of these rivers flows north to the sea?"}]]}::

        {"text": "Q: Which of these rivers flows north to the sea? A: The second one."}

    Passes with {"against": [[{"question": "Which of these rivers flows north to the sea?"}]]}::

        {"text": "Which of these rivers flows south, and which of them flows to the sea?"}

    Cure: remove the records from the training data.
    """

    name = "benchmark-overlap"
    severity = Severity.ERROR
    sees = "all"
    requires = ("numpy",)
    extra = "near"
    needs_options = ("against",)
    state = {"against": "int32", "task": "int64", "covered": "double"}  # noqa: RUF012
    measures = {"tasks": "share of a benchmark's tasks in the data, as tasks[FILE]"}  # noqa: RUF012

    against: tuple[OptionFile, ...] = ()
    fields: tuple[str, ...] = ()
    ngram: Annotated[int, Meta(ge=4, le=20)] = 8
    share: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    roles: tuple[str, ...] = ("prompt", "target", "rejected")

    def __post_init__(self) -> None:
        """Reject unreadable files before anything is checked."""
        if self.against and find_spec("numpy") is not None:
            self._indices()

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each task that a record contains."""
        from dslint_packs.duplicates.ngrams import covered_tasks

        plain = plain_texts(batch, self.roles)
        positions, texts = list(plain), list(plain.values())
        rows = [
            (positions[item.text], file, item.task, item.share)
            for file, index in enumerate(self._indices())
            for item in covered_tasks(texts, index, self.share)
        ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
        return dict(zip(("record", *self.state), columns, strict=True))

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record with a task, and the share of tasks in the data."""
        del source
        indices = self._indices()
        contained = {(row.against, row.task) for row in state.rows()}
        for number, index in enumerate(indices):
            if len(index.rows):
                yield Measure(
                    f"tasks[{index.path}]",
                    sum(file == number for file, _ in contained) / len(index.rows),
                )
        best: dict[tuple[int, int], Any] = {}
        for row in state.rows():
            place = row.file, row.row
            best[place] = min(
                best.get(place, row),
                row,
                key=lambda item: (-item.covered, item.against, item.task),
            )
        for row in best.values():
            index = indices[row.against]
            task = Location(
                index.path, int(index.rows[row.task]), int(index.lines[row.task]) or None
            )
            message = f"contains {row.covered:.0%} of the words of a benchmark task: {task.place}"
            yield self.finding(state.at(row), message, related=[task], score=row.covered)

    def _indices(self) -> list[Index]:
        from dslint_packs.duplicates.ngrams import indices

        return indices(self.against, self.fields, self.ngram)

    @classmethod
    def index(cls, file: OptionFile, fields: tuple[str, ...] = (), ngram: int = 8) -> bytes:
        """Return an index of a file, usable in place of the file; it does not reveal its text."""
        from dslint_packs.duplicates.ngrams import dump

        return dump(file, fields, ngram)
