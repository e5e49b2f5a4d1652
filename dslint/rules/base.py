"""The two kinds of rule, and the contract that each one signs."""

from __future__ import annotations

import dataclasses
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Struct

from dslint.data.batch import Batch
from dslint.data.protocols import Source
from dslint.data.record import HIDDEN_ROLES, Record, digest
from dslint.errors import PluginError
from dslint.helpers.globs import matches_any
from dslint.masking.redact import unguessable
from dslint.model import Confidence, Finding, Location, Measure, Resource, Severity
from dslint.storage.arrow import Columns
from dslint.storage.state import State

MOST = 10_000
"""Findings of one rule on one record that are listed, of each role, severity and confidence; the last stands for those beyond."""


class OptionFile(Struct, frozen=True):
    """An option that is a file: read once, by the parent process, relative to the configuration that names it."""

    path: str
    data: bytes


class Rule(ABC):
    """A frozen dataclass: its fields are its options, its docstring is its manual page.

    Two equal rules behave alike, and a rule is pickled to workers: models and word lists belong into a `functools.cached_property`, which
    pickling drops.
    """

    name: ClassVar[str]
    """Name within the plugin's namespace: `all-caps`."""
    severity: ClassVar[Severity] = Severity.WARNING
    default: ClassVar[bool] = True
    """Whether the rule is in the recommended set."""
    sees: ClassVar[Literal["valid", "all"]] = "valid"
    """`all`: the rule also judges records that do not fit their shape."""
    sensitive: ClassVar[bool] = False
    """Whether findings point at personal data or secrets; their fingerprints are then not made from the record."""
    needs_options: ClassVar[tuple[str, ...]] = ()
    """Options without which the rule has nothing to do (`a|b`: one of the two); it joins the recommended set when they are given."""
    needs_columns: ClassVar[tuple[str, ...]] = ()
    """Columns (label, source ...) without which the rule is not applicable to a dataset."""
    needs_roles: ClassVar[tuple[str, ...]] = ()
    """Roles of which a shape must have one, or the rule is not applicable."""
    languages: ClassVar[tuple[str, ...]] = ()
    """Primary language codes that the rule is for; empty for any. It then does not see texts that are known to be in another language."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Modules that must be importable."""
    extra: ClassVar[str] = ""
    """The extra of the plugin's distribution that installs them."""
    takes: ClassVar[tuple[str, ...]] = ()
    """Kinds of resources that the rule uses, from whichever plugins bring them."""
    resources: ClassVar[tuple[Resource, ...]] = ()
    """Those resources, with their content; set on the instance when the rule is built."""
    by_role: ClassVar[bool] = False
    """Whether a record rule with the option `roles` is also measured by the role of its texts: `count[role=user]`, `rate[role=user]`."""
    measures: ClassVar[Mapping[str, str]] = {}
    """The rule's own measures, with a short meaning for the manual page."""

    def finding(
        self,
        at: Location,
        message: str,
        *,
        severity: Severity | None = None,
        confidence: Confidence = Confidence.HIGH,
        related: Iterable[Location] = (),
        score: float | None = None,
        suggestion: str | None = None,
        about: object = None,
    ) -> Finding:
        """Return a finding. `severity` None means the rule's own; messages and suggestions never quote the data, nor what they make of it.

        A finding on many records says what it is `about` (a label, a pair of groups), by which it is known again wherever its first record stands.
        """
        return Finding(
            at=at,
            message=f"{message}, {HIDDEN_ROLES[at.role]}" if at.role in HIDDEN_ROLES else message,
            severity=severity,
            confidence=confidence,
            related=tuple(related),
            score=score,
            suggestion=suggestion,
            identity=b"" if about is None else digest(unguessable(about)),
        )

    def __getstate__(self) -> dict[str, Any]:
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]
        return {**fields, "resources": self.resources} if self.resources else fields

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class RecordRule(Rule):
    """Judges each record by itself."""

    @abstractmethod
    def check(self, record: Record) -> Iterable[Finding]:
        """Yield what is wrong with one record."""

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Yield what is wrong with the records of a batch. Override for speed; the result must equal `check` over the records."""
        for record in batch.records:
            yield from self.check(record)


class Observer(ABC):
    """What a dataset rule keeps of each batch. Equal observers run once, however many rules conclude from them.

    `state` declares the columns as plain data, so that declaring them imports nothing.
    """

    sees: ClassVar[Literal["valid", "all"]] = "valid"
    languages: ClassVar[tuple[str, ...]] = ()
    state: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def observe(self, batch: Batch) -> Columns:
        """Return columns for a batch: one row a record, or any number with a column `record` of batch positions."""

    def compact(self, state: State) -> Columns | None:
        """Shrink the state, without changing what is concluded from it; None keeps it. Rows keep their `content`, `file`, `row`, `line`."""
        del state
        return None


class DatasetRule(Rule, Observer):
    """Judges the dataset as a whole, in steps that survive any cut of the data.

    With `key` set, rows that share a key are concluded together, anywhere, and the rest elsewhere. Such a rule has at most one finding a record,
    and its measures are sums over its groups.
    """

    key: ClassVar[str | None] = None

    def observer(self) -> Observer:
        """Return what looks at the data for this rule: the rule itself, or a frozen value shared with others."""
        return self

    def observe(self, batch: Batch) -> Columns:
        """See `Observer.observe`."""
        del batch
        raise PluginError(
            f"{type(self).__name__} has neither observe() nor an observer() of its own"
        )

    @abstractmethod
    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield findings and measures from the state of all shards together."""


class PairRule(DatasetRule):
    """A keyed rule about pairs of records: candidates meet under a key, each pair is verified once, wherever and however often it met."""

    group_limit: ClassVar[int] = 32
    """In larger groups each member is paired with the first and with its neighbour only."""

    def pair(self, group: list[Any]) -> Iterable[tuple[Any, Any]]:
        """Yield candidate pairs from the rows that share a key, in their natural order."""
        if len(group) <= self.group_limit:
            return ((a, b) for number, b in enumerate(group) for a in group[:number])
        return (
            pair
            for number in range(1, len(group))
            for pair in {(group[0], group[number]), (group[number - 1], group[number])}
        )

    @abstractmethod
    def verify(
        self, pairs: list[tuple[Any, Any]], state: State, source: Source
    ) -> Iterable[Finding]:
        """Yield findings for those pairs that hold; `pairs` is a sorted, duplicate-free chunk of (earlier, later) rows."""

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Pair rules conclude by verifying; the engine calls `pair` and `verify`."""
        del state, source
        return ()


class CoreRule(Rule):
    """A rule of the core itself: always runs; readers and the engine make its findings."""


class Active(Struct, frozen=True, kw_only=True):
    """A rule chosen for a run: the instance with its options, under its full id."""

    id: str
    rule: Rule
    plugin: str
    version: str
    severity: Severity | None = None
    """The configured severity; None leaves it to the rule."""
    by_file: tuple[tuple[tuple[str, ...], Severity], ...] = ()
    """Globs of files and the severity there; later ones take precedence."""

    @property
    def severity_or_default(self) -> Severity:
        """The severity of a finding that does not state its own."""
        return self.rule.severity if self.severity is None else self.severity

    def severity_of(self, finding: Finding) -> Severity:
        """Return the severity of a finding: configured for its file, for the rule, or its own."""
        path = finding.at.path
        if self.by_file and path is not None:
            for files, severity in reversed(self.by_file):
                if matches_any(path, files):
                    return severity
        return self.severity or finding.severity or self.rule.severity


_EXAMPLE = r"^(Flags|Passes)(?: with (\{.*\}))?::\n\n((?:    .*\n?|\n)+)"
_SPLIT = r"^\s*# split: (\w+)\s*$"


class Example(Struct, frozen=True):
    """An example of a manual page: records that the rule flags, or passes, with their splits and the options that it takes."""

    flags: bool
    options: Mapping[str, Any]
    records: tuple[Any, ...]
    splits: tuple[str | None, ...]


def manual(rule: type[Rule]) -> str:
    """Return a rule's manual page."""
    import inspect

    return inspect.cleandoc(rule.__doc__ or "")


def summary(rule: type[Rule]) -> str:
    """Return the first sentence of a rule's manual page."""
    return manual(rule).partition("\n")[0]


def examples(rule: type[Rule]) -> list[Example]:
    """Return the examples of a rule's manual page.

    They stand under `Flags::`, `Passes::` or `Flags with {"option": value}::`, one record a line; `# split: test` begins another split.
    """
    found = []
    for kind, options, body in re.findall(_EXAMPLE, manual(rule) + "\n", re.MULTILINE):
        records, splits, split = [], [], None
        for line in filter(str.strip, body.splitlines()):
            if begins := re.match(_SPLIT, line):
                split = begins[1]
            else:
                records.append(msgspec.json.decode(line))
                splits.append(split)
        found.append(
            Example(
                kind == "Flags", msgspec.json.decode(options or "{}"), tuple(records), tuple(splits)
            )
        )
    return found
