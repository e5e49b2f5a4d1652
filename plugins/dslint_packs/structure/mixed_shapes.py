"""structure/mixed-shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dslint.plugin import Batch, Columns, DatasetRule, Finding, Measure, Source, State, conversation

_LOOSE = ("any", "custom", "text", "classification")
"""Shapes that are too general, or custom: their files are not compared with others."""


@dataclass(frozen=True)
class MixedShapes(DatasetRule):
    """Datasets whose records have more than one shape.

    Why: a trainer reads one shape; it stops at the other records, drops them, or reads empty
    texts from them.

    Flags each record that does not fit the shape of its file but fits another one (chat,
    sharegpt, alpaca, prompt-completion, preference, kto), and in files without a single shape
    each record whose shape differs from that of most. Where files of one dataset have different
    shapes, each file in the minority gets one finding, at its first record.

    Measured: no false positive in thirteen public demo files of six shapes.

    Blind spots: records that fit no shape, which are left to structure/invalid-record.

    Flags::

        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo!"}]}
        {"messages": [{"role": "user", "content": "Go"}, {"role": "assistant", "content": "Bye"}]}
        {"instruction": "Tell a joke.", "input": "", "output": "Knock, knock."}

    Passes::

        {"instruction": "Say hi.", "input": "", "output": "Hi."}
        {"instruction": "Tell a joke.", "output": "Knock, knock."}

    Cure: convert the records to one shape, or keep them in a dataset of their own.
    """

    name = "mixed-shapes"
    sees = "all"
    state = {"shape": "string", "records": "int64"}  # noqa: RUF012 - a declaration, never changed
    """One row for each record of another shape (`records` is 0).

    And one for the first record that has the shape of its file, with the number of such records.
    """

    def observe(self, batch: Batch) -> Columns:
        """Return each record of another shape, and one row that counts all other records.

        In a file without a single shape, only all records together show whether it is a mixture.
        """
        own = batch.shape
        others: dict[int, str] = {}
        usual: list[int] = []
        # A configured shape `any` states that there is no shape to keep to.
        for position, (_, problems) in enumerate(
            batch.parsed if own.name != "any" or not batch.input.stated else ()
        ):
            judged = own.name == "any" or (problems and not own.fits(batch.values[position]))
            shape = conversation(batch.values[position]) if judged else None
            if shape is None:
                usual.append(position)
            else:
                others[position] = shape
        kept = {usual[0]: own.name, **others} if usual else others
        sizes = [len(usual), *[0] * len(others)] if usual else [0] * len(others)
        return {"record": list(kept), "shape": list(kept.values()), "records": sizes}

    def compact(self, state: State) -> Columns | None:
        """Add up the rows that count records, unless they are few."""
        first: dict[int, Any] = {}
        sizes = Counter[int]()
        usual = 0
        for member in state.rows():
            if member.records:
                usual += 1
                sizes[member.file] += member.records
                first[member.file] = min(
                    first.get(member.file, member), member, key=lambda row: row.row
                )
        if 2 * (usual - len(first)) < len(state):
            return None
        kept = [member._replace(records=sizes[file]) for file, member in first.items()]
        kept += [member for member in state.rows() if not member.records]
        return {name: [row[number] for row in kept] for number, name in enumerate(state.schema)}

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record and each file whose shape is not that of the dataset."""
        del source
        loose = Counter[str]()
        files: dict[int, Any] = {}
        for row in state.rows():
            if row.file not in files or row.row < files[row.file].row:
                files[row.file] = row
            if state.input(row).shape == "any":
                loose[row.shape] += row.records or 1
        most = (
            _most(loose - Counter(any=loose["any"])) if 2 * loose["any"] <= loose.total() else None
        )
        for row in state.rows():
            own = state.input(row).shape
            if own == "any":
                own = most or row.shape
            if row.shape not in (own, "any"):
                yield self.finding(
                    state.at(row), f"a record of shape {row.shape} among others of shape {own}"
                )
        shapes = {
            number: state.input(row).shape
            for number, row in files.items()
            if state.input(row).shape not in _LOOSE
        }
        usual = _most(Counter(shapes.values()))
        for number, shape in shapes.items():
            if shape != usual:
                yield self.finding(
                    state.at(files[number]),
                    f"a file of shape {shape} in a dataset of shape {usual}",
                    about=shape,
                )


def _most(counts: Mapping[str, int]) -> str | None:
    """Return the most frequent name; of equally frequent ones, the first in the alphabet."""
    return min(counts, key=lambda name: (-counts[name], name), default=None)
