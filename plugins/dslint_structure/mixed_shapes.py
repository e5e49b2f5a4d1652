"""structure/mixed-shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dslint.plugin import Batch, Columns, DatasetRule, Finding, Measure, Source, State, conversation

_LOOSE = ("any", "custom", "text", "classification")
"""Shapes that say too little, or that only their owners know: files of them are not compared with others."""


@dataclass(frozen=True)
class MixedShapes(DatasetRule):
    """Datasets whose records have more than one shape.

    Why: a trainer reads one shape; it stops at the other records, drops them, or reads empty texts out of them.

    Each record that does not fit the shape of its file but another one (chat, sharegpt, alpaca, prompt-completion, preference, kto); in files
    of no single shape, each that has another one than most. Files of one dataset whose shapes differ get one finding each, at their first record.

    Measured: no false alarm in thirteen public demo files of six shapes.

    Blind spots: records that fit no shape, which are left to structure/invalid-record.

    Flags::

        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}
        {"messages": [{"role": "user", "content": "Bye"}, {"role": "assistant", "content": "See you!"}]}
        {"instruction": "Tell a joke.", "input": "", "output": "Knock, knock."}

    Passes::

        {"instruction": "Say hi.", "input": "", "output": "Hi."}
        {"instruction": "Tell a joke.", "output": "Knock, knock."}

    Cure: convert the records to one shape, or keep them in a dataset of their own.
    """

    name = "mixed-shapes"
    sees = "all"
    state = {"shape": "string"}  # noqa: RUF012 - a declaration, never changed

    def observe(self, batch: Batch) -> Columns:
        """Return the records whose shape is not that of their file, and the first of each batch, which stands for the file.

        Of files of no single shape all records: only together they tell whether they are a mixture.
        """
        own = batch.shape
        if own.name == "any" and batch.input.stated:  # the user says that there is no shape to keep
            return {"record": [], "shape": []}
        found = {0: own.name}
        for position, (_, problems) in enumerate(batch.parsed):
            if own.name == "any":
                found[position] = conversation(batch.values[position]) or "any"
            elif problems and not own.fits(batch.values[position]) and (shape := conversation(batch.values[position])) is not None:
                found[position] = shape
        return {"record": list(found), "shape": list(found.values())}

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that is not of the dataset's shape, and for each file that is of another one."""
        del source
        rows = sorted(state.rows(), key=lambda row: (row.file, row.row))
        loose = Counter(row.shape for row in rows if state.input(row).shape == "any")
        most = _most(shape for shape in loose.elements() if shape != "any") if 2 * loose["any"] <= loose.total() else None
        files: dict[int, Any] = {}
        for row in rows:
            own = state.input(row).shape
            files.setdefault(row.file, row)
            if own == "any":
                own = most or row.shape
            if row.shape not in (own, "any"):
                yield self.finding(state.at(row), f"a record of shape {row.shape} among others of shape {own}")
        shapes = {number: state.input(row).shape for number, row in files.items() if state.input(row).shape not in _LOOSE}
        usual = _most(shapes.values())
        for number, shape in shapes.items():
            if shape != usual:
                yield self.finding(state.at(files[number]), f"a file of shape {shape} in a dataset of shape {usual}")


def _most(names: Iterable[str]) -> str | None:
    """Return the most frequent name, of equally frequent ones the first in the alphabet."""
    counts = Counter(names)
    return min(counts, key=lambda name: (-counts[name], name), default=None)
