"""The settings of a run, as plain data: configuration, environment and flags combined."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct, field

from dslint.model import Confidence, Limit, Scope, Severity

MIB = 1 << 20


class RuleSettings(Struct, frozen=True, kw_only=True):
    """Settings of one rule or namespace. `limits` maps measures of the rule to (min, max)."""

    severity: Severity | None = None
    off: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)


class Override(Struct, frozen=True, kw_only=True):
    """Rule settings for the files that match the globs `files`."""

    files: tuple[str, ...]
    rules: Mapping[str, RuleSettings]


class Suppression(Struct, frozen=True, kw_only=True):
    """Findings that the owners accept, with the reason.

    `number` is the position of the entry in the configuration, from 1. `review` is the path of the
    review sheet that the fingerprints come from, if any: its verdicts stay valid even when their
    findings are gone.
    """

    rule: str
    reason: str
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    fingerprints: frozenset[str] | None = None
    review: str = ""
    expires: datetime.date | None = None
    number: int = 0


class DatasetSettings(Struct, frozen=True, kw_only=True):
    """One dataset: its files, and what is configured about them.

    `texts` maps roles to the column paths of the texts of a custom shape.
    """

    name: str | None = None
    files: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    shape: str | None = None
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    text_record: str = "line"
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    rules: Mapping[str, RuleSettings] = field(default_factory=dict)


class Stdin(Struct, frozen=True, kw_only=True):
    """The standard input, copied to the file `location` so that it can be read again.

    `name` is the file name that reports show, if one was given.
    """

    location: str
    name: str = ""


class AcceptedFinding(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A finding that a baseline accepts, by fingerprint; `rule` is for readers of the file."""

    rule: str
    fingerprint: str
    reason: str = ""
    expires: datetime.date | None = None


class Ratchet(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A measure that must not get worse than in the baseline, except by the share `tolerance`."""

    measure: str
    value: float
    tolerance: float = 0.0


class Baseline(Struct, frozen=True, kw_only=True):
    """What was accepted at one point in time: findings by fingerprint, measures by name.

    `salt` is the key of the fingerprints, in hexadecimal.
    """

    salt: str
    accepted: Mapping[str, AcceptedFinding] = field(default_factory=dict)
    held: Mapping[str, Ratchet] = field(default_factory=dict)


class Revision(Protocol):
    """The files of the Git revision whose configuration is used. Paths are as in reports."""

    @property
    def changed(self) -> frozenset[str]:
        """Files that differ between the working folder and the revision, including new ones."""

    def earlier(self, path: str) -> str | None:
        """Return where the revision's content of a path is, or None if it has no such file."""


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that a run depends on except the data.

    - `select`: None selects the recommended set; `extend_select` adds to it.
    - `narrowed`: the run covers less than what is configured, so unused suppressions are expected.
    - `asked`: columns and splits given on the command line, as (`column`, kind, field) and
      (`split`, name, glob); they must match even in a narrowed run.
    - `confined`: links and the configuration must not lead outside `root`, except to paths that
      `allow_paths` matches.
    - `memory`: bytes of state of dataset rules before it spills to disk.
    - `baseline_file`: read into `baseline` unless that is given.
    - `since`: the base revision; records that it has are not new.
    - `staged`: check the new records of the Git index, with record rules only.
    - `revision`: the revision whose configuration is used, if not that of the working folder.
    - `gate`: globs of the files that configure the gate, which are not data.
    - `contents`: maps paths to the locations their content is read from, if elsewhere.
    - `force_exclude`: of the files named, check only those that the configured datasets have.
    """

    root: str = "."
    config: str | None = None
    profile: str | None = None
    datasets: tuple[DatasetSettings, ...] = ()
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pre_commit: bool = False
    narrowed: bool = False
    asked: frozenset[tuple[str, str, str]] = frozenset()
    confined: bool = False
    allow_paths: tuple[str, ...] = ()
    stdin: Stdin | None = None
    contents: Mapping[str, str] = field(default_factory=dict)
    force_exclude: bool = False
    revision: Revision | None = None
    gate: tuple[str, ...] = ()
    since: str | None = None
    staged: bool = False
    baseline_file: str | None = None
    baseline: Baseline | None = None
    rules: Mapping[str, RuleSettings] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    suppress: tuple[Suppression, ...] = ()
    limits: tuple[Limit, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    min_confidence: Confidence = Confidence.MEDIUM
    scope: Scope = Scope.ALL
    exit_zero: bool = False
    allow_empty: bool = False
    shard_size: int = 8 * MIB
    memory: int = 128 * MIB
    max_record_bytes: int = 64 * MIB
    max_depth: int = 200
    timings: bool = False
    today: datetime.date | None = None
    key: bytes = b""
    notes: tuple[str, ...] = ()
    excerpts: int = 0
    """Maximum number of findings that the report shows with an excerpt."""
