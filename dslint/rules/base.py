"""The base classes of rules: record rules and dataset rules."""

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
"""Maximum number of findings listed per rule, record, role, severity and confidence.

The last one listed counts the others.
"""


class OptionFile(Struct, frozen=True):
    """The value of an option that names a file.

    It is read once, by the parent process, relative to the configuration.
    """

    path: str
    data: bytes


class Rule(ABC):
    """The base class of rules, which are frozen dataclasses.

    The fields of a rule are its options, its docstring is its manual page. Equal rules must behave
    alike. Rules are pickled for workers: keep models and word lists in a
    `functools.cached_property`, which pickling drops.
    """

    name: ClassVar[str]
    """Name within the namespace of the plugin: `all-caps`."""
    formerly: ClassVar[tuple[str, ...]] = ()
    """Former full ids of the rule, such as `text/old-name`, which keep working, with a note.

    Classes that derive from the rule do not inherit them.
    """
    severity: ClassVar[Severity] = Severity.WARNING
    default: ClassVar[bool] = True
    """Whether the rule is in the recommended set."""
    sees: ClassVar[Literal["valid", "all"]] = "valid"
    """`all`: the rule also judges records that do not fit their shape."""
    sensitive: ClassVar[bool] = False
    """Findings point at personal data or secrets; fingerprints are not made from the record."""
    needs_options: ClassVar[tuple[str, ...]] = ()
    """Options that the rule requires (`a|b`: one of the two).

    A rule with such options joins the recommended set when they are given.
    """
    needs_columns: ClassVar[tuple[str, ...]] = ()
    """Columns (label, source ...) that a dataset must have, or the rule is not applicable."""
    needs_roles: ClassVar[tuple[str, ...]] = ()
    """Roles of which the shape must have at least one, or the rule is not applicable."""
    languages: ClassVar[tuple[str, ...]] = ()
    """Primary codes of the languages that the rule supports; empty for any.

    Texts that are known to be in another language are hidden from the rule.
    """
    requires: ClassVar[tuple[str, ...]] = ()
    """Modules that must be importable."""
    extra: ClassVar[str] = ""
    """The extra of the plugin's distribution that installs them."""
    takes: ClassVar[tuple[str, ...]] = ()
    """Kinds of resources that the rule uses, from any plugin."""
    resources: ClassVar[tuple[Resource, ...]] = ()
    """These resources with their content; set on the instance when the rule is built."""
    by_role: ClassVar[bool] = False
    """A record rule with the option `roles` also has measures for each role of its texts.

    They are named `count[role=user]`, `rate[role=user]`.
    """
    measures: ClassVar[Mapping[str, str]] = {}
    """The rule's own measures, with a short description for the manual page."""

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
        """Return a finding.

        `severity` None means that of the rule. Messages and suggestions must not quote the data,
        nor text derived from it. A finding on many records sets `about` to what it is about (a
        label, a pair of groups): its fingerprint then does not depend on which record is first.
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
        fields = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
        }
        return {**fields, "resources": self.resources} if self.resources else fields

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class RecordRule(Rule):
    """A rule that judges each record by itself."""

    @abstractmethod
    def check(self, record: Record) -> Iterable[Finding]:
        """Yield the findings on one record."""

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Yield the findings on the records of a batch.

        Override it for speed; the findings must equal those of `check` on each record.
        """
        for record in batch.records:
            yield from self.check(record)


class Observer(ABC):
    """The part of a dataset rule that returns state for each batch.

    Equal observers run once, however many rules conclude from them. `state` declares the columns as
    plain data, so that the declaration needs no imports.
    """

    sees: ClassVar[Literal["valid", "all"]] = "valid"
    languages: ClassVar[tuple[str, ...]] = ()
    state: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def observe(self, batch: Batch) -> Columns:
        """Return the columns of state for a batch.

        They have one row per record, or any number of rows and a column `record` with the
        positions of their records in the batch.
        """

    def compact(self, state: State) -> Columns | None:
        """Return a smaller state from which the same is concluded, or None to keep it.

        Rows keep their `content`, `file`, `row` and `line`.
        """
        del state
        return None


class DatasetRule(Rule, Observer):
    """A rule that judges all records of a dataset together.

    The findings must not depend on how the data is cut into shards. With `key` set, rows with equal
    keys are concluded together, and others possibly in a separate call. Such a rule has at most one
    finding per record, and its measures are sums over its groups.
    """

    key: ClassVar[str | None] = None

    def observer(self) -> Observer:
        """Return the observer: the rule itself, or a frozen value that several rules share."""
        return self

    def observe(self, batch: Batch) -> Columns:
        """See `Observer.observe`."""
        del batch
        raise PluginError(
            f"{type(self).__name__} has neither observe() nor an observer() of its own"
        )

    @abstractmethod
    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield findings and measures from the merged state of all shards."""


class PairRule(DatasetRule):
    """A keyed rule about pairs of records.

    Records with equal keys are candidates; each pair is verified once, however many keys it shares.
    """

    group_limit: ClassVar[int] = 32
    """In larger groups, each member is paired only with the first and with its predecessor."""

    def pair(self, group: list[Any]) -> Iterable[tuple[Any, Any]]:
        """Yield candidate pairs from the rows with one key, which are sorted."""
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
        """Yield findings for the pairs that are confirmed.

        `pairs` is a sorted chunk of distinct (earlier, later) rows.
        """

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield nothing: of pair rules, the engine calls `pair` and `verify` instead."""
        del state, source
        return ()


class CoreRule(Rule):
    """A built-in rule that always runs; readers and the engine make its findings."""


class Active(Struct, frozen=True, kw_only=True):
    """A rule selected for a run: the instance with its options, and its full id."""

    id: str
    rule: Rule
    plugin: str
    version: str
    severity: Severity | None = None
    """The configured severity, or None for that of the rule."""
    by_file: tuple[tuple[tuple[str, ...], Severity], ...] = ()
    """Globs of files and the severity in these; later ones take precedence."""

    @property
    def severity_or_default(self) -> Severity:
        """The severity of findings that do not set their own."""
        return self.rule.severity if self.severity is None else self.severity

    def severity_of(self, finding: Finding) -> Severity:
        """Return the severity of a finding: for its file, as configured, its own, or the rule's."""
        path = finding.at.path
        if self.by_file and path is not None:
            for files, severity in reversed(self.by_file):
                if matches_any(path, files):
                    return severity
        return self.severity or finding.severity or self.rule.severity


_EXAMPLE = r"^(Flags|Passes)(?: with (\{.*\}))?::\n\n((?:    .*\n?|\n)+)"
_SPLIT = r"^\s*# split: (\w+)\s*$"


class Example(Struct, frozen=True):
    """An example of a manual page: records that the rule flags or passes.

    With the splits of the records and the options of the rule.
    """

    flags: bool
    options: Mapping[str, Any]
    records: tuple[Any, ...]
    splits: tuple[str | None, ...]


def manual(rule: type[Rule]) -> str:
    """Return a rule's manual page."""
    import inspect

    return inspect.cleandoc(rule.__doc__ or "")


def summary(rule: type[Rule]) -> str:
    """Return the first line of a rule's manual page."""
    return manual(rule).partition("\n")[0]


def examples(rule: type[Rule]) -> list[Example]:
    """Return the examples of a rule's manual page.

    They are listed under `Flags::`, `Passes::` or `Flags with {"option": value}::`, one record per
    line; `# split: test` starts another split.
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
