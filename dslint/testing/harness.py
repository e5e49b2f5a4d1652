"""Running one rule over records in memory, cut, ordered, partitioned and pickled as one likes."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct, field

from dslint import engine, registry
from dslint.config.build import OptionValue, build
from dslint.data import shapes
from dslint.data.batch import Batch, Identify
from dslint.data.record import Record
from dslint.engine.partial import Crash, Partial
from dslint.model import Finding, Input, Location, Shape
from dslint.registry.declarations import wrong_declarations
from dslint.registry.selection import RuleEntry
from dslint.rules.base import Active, Observer, Rule, examples
from dslint.settings import RuleSettings
from dslint.storage.arrow import to_arrow
from dslint.storage.findings import Findings
from dslint.storage.state import ENGINE_COLUMNS, State

RANKS = {None: 0, "train": 0, "validation": 1, "dev": 1, "test": 2}


class Run(Struct, frozen=True, kw_only=True):
    """How to run a rule.

    Positions where the records are cut into shards, records of a batch, whether the shards arrive
    in reverse order, partitions to conclude in, and whether state is Arrow, is compacted on the
    way or goes to disk, rules judge record by record, and all is pickled between steps.
    """

    cuts: tuple[int, ...] = ()
    batch: int = 1000
    backwards: bool = False
    partitions: int = 1
    arrow: bool = False
    compact: bool = False
    spilled: bool = False
    single: bool = False
    pickled: bool = False


class Outcome(Struct, frozen=True):
    """What a rule said: findings in their reported order, its measures, and where it crashed."""

    findings: tuple[Finding, ...]
    measures: Mapping[str, float]
    crashes: Mapping[str, Crash] = field(default_factory=dict)

    @property
    def rows(self) -> list[int]:
        """The rows that have a finding, each once."""
        return sorted({finding.at.row for finding in self.findings if finding.at.row is not None})


class MemorySource:
    """The records of a run, fetched again by their place."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._records = {
            (record.path, record.row): record for batch in batches for record in batch.records
        }

    def records(self, locations: Iterable[Location]) -> Iterator[Record]:
        """Yield the records at the sorted unique locations."""
        places = {(at.path or "", at.row if at.row is not None else -1) for at in locations}
        yield from (self._records[place] for place in sorted(places) if place in self._records)


def activate(rule: Rule) -> Active:
    """Return a rule as one that was chosen for a run."""
    if rule.takes and not rule.resources:
        vars(rule)["resources"] = build(_known(type(rule)), []).rule.resources
    return Active(id=f"test/{rule.name}", rule=rule, plugin="test", version="0")


def with_options(rule: type[Rule], options: Mapping[str, Any]) -> Rule:
    """Return a rule with options as in a configuration. Raises ConfigError for an invalid value."""
    name = f"test/{rule.name}"
    written = RuleSettings(options={key: OptionValue(value, ".") for key, value in options.items()})
    return build(_known(rule), [{name: written}]).rule


def _known(rule: type[Rule]) -> RuleEntry:
    """Return a rule class as of a plugin named test, with the resources of all plugins."""
    brought = registry.load(registry.discover()).resources if rule.takes else ()
    return RuleEntry(
        f"test/{rule.name}",
        rule,
        "test",
        "0",
        tuple(item for item in brought if item.kind in rule.takes),
    )


@cache
def _identify() -> Identify | None:
    """Return what tells the languages of texts, from whichever installed plugin brings it."""
    return registry.load(registry.discover()).identify


def inputs_of(
    splits: Sequence[str | None], shape: Shape, columns: Mapping[str, str]
) -> dict[str | None, Input]:
    """Return one file for each split."""
    names = sorted(set(splits), key=lambda split: (RANKS.get(split, 3), split or ""))
    return {
        split: Input(
            index=number,
            path=f"{split or 'data'}.jsonl",
            dataset="data",
            format="jsonl",
            shape=shape.name,
            split=split,
            split_rank=RANKS.get(split, 3),
            columns=dict(columns),
        )
        for number, split in enumerate(names)
    }


def shape_for(records: Sequence[Any], name: str | None = None) -> Shape:
    """Return the shape of that name, else the one that the records have."""
    return (
        shapes.named(name, shapes.BUILT_IN) if name else shapes.detect(records, shapes.BUILT_IN)[0]
    )


def columns_for(
    records: Sequence[Any], shape: Shape, given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the columns given, and the label's if the shape has one."""
    columns = dict(given or {})
    label = shapes.label_column(records) if shape.name == "classification" else None
    return columns if label is None else {"label": label, **columns}


def run(
    rule: Rule,
    records: Sequence[Any],
    how: Run | None = None,
    *,
    shape: str | None = None,
    columns: Mapping[str, str] | None = None,
    splits: Sequence[str | None] | None = None,
) -> Outcome:
    """Run one rule over decoded records. Raises what the rule raises.

    Shape, columns and splits are detected unless given.
    """
    how = how or Run()
    splits = list(splits) if splits is not None else [None] * len(records)
    chosen = shape_for(records, shape)
    inputs = inputs_of(splits, chosen, columns_for(records, chosen, columns))
    shards = list(_shards(records, splits, inputs, chosen, how))
    ship: Any = (
        (lambda value: pickle.loads(pickle.dumps(value))) if how.pickled else (lambda value: value)
    )
    active = [activate(_Single(rule) if how.single and hasattr(rule, "check") else rule)]
    observers = engine.observers_of(active)
    parts = []
    for batches in shards:
        for part in engine.fold(
            batches, ship(active), ship(observers), _as_it_is, identify=_identify(), raising=True
        ):
            for index, observer in enumerate(observers):
                _bend(part, index, observer, how)
            parts.append(ship(part))
    findings = Findings()
    whole = engine.merge(
        reversed(parts) if how.backwards else parts,
        observers,
        findings.extend,
        0 if how.spilled else None,
    )
    source = MemorySource(
        [batch for batches in _shards(records, splits, inputs, chosen, how) for batch in batches]
    )
    engine.conclude(
        whole,
        ship(active),
        ship(observers),
        list(inputs.values()),
        source,
        findings.extend,
        lambda _: how.partitions,
        raising=True,
    )
    return Outcome(tuple(findings), whole.measures, whole.crashes)


def assert_declared(rule: type[Rule]) -> None:
    """Check the declarations of a rule: name, class attributes, options.

    The message has a line for each wrong one, with its cure.
    """
    wrong = wrong_declarations(rule)
    assert not wrong, "\n".join(f"{rule.__module__}.{rule.__qualname__}: {line}" for line in wrong)


def assert_documented(rule: type[Rule]) -> None:
    """Check the declarations of a rule, and run the examples of its manual page.

    Each record under Flags is judged by itself (all together for a dataset rule), those under
    Passes together.
    """
    assert_declared(rule)
    shown = examples(rule)
    kinds = {example.flags for example in shown}
    assert kinds == {True, False}, (
        f"{rule.name}: the manual page must show both Flags:: and Passes::"
    )
    for example in shown:
        made = with_options(rule, example.options)
        alone = example.flags and hasattr(made, "check")
        groups = (
            [[number] for number in range(len(example.records))]
            if alone
            else [list(range(len(example.records)))]
        )
        for group in groups:
            said = run(
                made, [example.records[n] for n in group], splits=[example.splits[n] for n in group]
            )
            assert not said.crashes, f"{rule.name}: crashed on its own example: {said.crashes}"
            assert bool(said.findings) == example.flags, (
                f"{rule.name}: {'Flags' if example.flags else 'Passes'} example {group}: "
                f"{said.findings}"
            )


def _as_it_is(finding: Finding, record: Record) -> Finding:
    del record
    return finding


def _shards(
    records: Sequence[Any],
    splits: Sequence[str | None],
    inputs: Mapping[str | None, Input],
    shape: Shape,
    how: Run,
) -> Iterator[list[Batch]]:
    cuts = sorted({cut for cut in how.cuts if 0 < cut < len(records)})
    rows = dict.fromkeys(inputs, 0)
    numbered = []
    for split, value in zip(splits, records, strict=True):
        numbered.append((split, rows[split], value))
        rows[split] += 1
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        batches: list[Batch] = []
        for split, item in inputs.items():
            mine = [(row, value) for where, row, value in numbered[start:end] if where == split]
            for begin in range(0, len(mine), how.batch):
                part = mine[begin : begin + how.batch]
                numbers = [row for row, _ in part]
                batches.append(
                    Batch(
                        item,
                        shape,
                        [value for _, value in part],
                        numbers,
                        [row + 1 for row in numbers],
                    )
                )
        yield batches


def _bend(part: Partial, index: int, observer: Observer, how: Run) -> None:
    """Bring the state of a shard into the form that the run asks for."""
    if index not in part.states:
        return
    if how.compact:
        compacted = observer.compact(State(observer.state, part.states[index]))
        part.states[index] = part.states[index] if compacted is None else [compacted]
    if how.arrow:
        part.states[index] = [to_arrow(ENGINE_COLUMNS | dict(observer.state), part.states[index])]


class _Single(Rule):
    """A record rule without its batch method and caches: every record meets a fresh copy."""

    def __new__(cls, rule: Any) -> Any:
        kind = type(rule)

        def check_batch(self: Any, batch: Batch) -> Iterator[Finding]:
            for record in batch.records:
                fresh = object.__new__(kind)
                fresh.__setstate__(self.__getstate__())
                yield from fresh.check(record)

        alone: Any = type(
            kind.__name__, (kind,), {"check_batch": check_batch, "__module__": kind.__module__}
        )
        made: Any = object.__new__(alone)
        made.__dict__.update(rule.__getstate__())
        return made
