"""The settings of a run, resolved: what the configuration, the environment and the flags come to. Plain data."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct, field

from dslint.model import Confidence, Limit, Scope, Severity

MIB = 1 << 20


class RuleSettings(Struct, frozen=True, kw_only=True):
    """What is set for one rule or one namespace. `limits` maps measures of the rule to (min, max)."""

    severity: Severity | None = None
    off: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)


class Override(Struct, frozen=True, kw_only=True):
    """Rule settings for some files."""

    files: tuple[str, ...]
    rules: Mapping[str, RuleSettings]


class Suppression(Struct, frozen=True, kw_only=True):
    """Findings that the owners accept, with the reason why. `number` is the place of the entry in the configuration, from 1.

    `review` is the path of the review sheet that the fingerprints are from, if they are: a verdict
    stays true when what it is on is gone.
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
    """One dataset: its files, and what is known of them. `texts` maps roles to column paths: where the texts of a custom shape are."""

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
    """The standard input, kept in a file so that it can be read again, and the file name that it goes by; an empty one if there is none."""

    location: str
    name: str = ""


class Accepted(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A finding that a baseline accepts, by its fingerprint. The rule is there for those who read the file."""

    rule: str
    fingerprint: str
    reason: str = ""
    expires: datetime.date | None = None


class Held(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A measure that a baseline lets get no worse than it was, but for a share of `tolerance`."""

    measure: str
    value: float
    tolerance: float = 0.0


class Baseline(Struct, frozen=True, kw_only=True):
    """What was accepted at one time: findings by fingerprint, measures by name. `salt` is the key of its fingerprints, in hexadecimal."""

    salt: str
    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    held: Mapping[str, Held] = field(default_factory=dict)


class Revision(Protocol):
    """The files of the Git revision whose gate judges. All paths are as reports show them."""

    @property
    def changed(self) -> frozenset[str]:
        """The files of the working folder that are not as in the revision, whether it has them or not."""

    def earlier(self, path: str) -> str | None:
        """Return where the content is that the revision has at a path, None if it has no file there."""


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that a run depends on but the data.

    `select` is None for the recommended set, to which `extend_select` adds. `narrowed` says that the run is less than the whole configured
    one: suppressions may then well suppress nothing. `asked` holds the columns and splits that the command line names, as (`column`, kind, field) and
    (`split`, name, glob): they must match in such a run, too. `confined` says that links and the
    configuration must not lead out of the root, but for what `allow_paths` matches. `memory` is how many bytes the state of dataset rules may take
    before it goes to disk. `baseline_file` is read into `baseline`, unless that is given.
    `since` is the revision whose records are not new, and `staged` says that the index is judged: its new records, by record rules.
    `revision` is the one whose gate judges, where that is not the one that is here. `gate` matches the files that the gate
    is made of, which are no data.
    `contents` maps paths to where their content is read from, if not there. `force_exclude` holds named files to the configured datasets.
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
    """The most findings that the report shows in their records."""
