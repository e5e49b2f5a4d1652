"""The plain data types of dslint.

Rows are 0-based record numbers, lines are 1-based physical lines, `field` is a JSON Pointer
(RFC 6901), and `start`/`end` are offsets in code points into the text at `field`. Scores run
from 0 to 1; higher is worse.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field


class _Named(enum.IntEnum):
    """An ordered scale whose members print in lower case."""

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def names(cls) -> list[str]:
        """Return the printed names, from the lowest."""
        return [str(member) for member in cls]


class Severity(_Named):
    """How much a finding matters."""

    INFO = 1
    WARNING = 2
    ERROR = 3


class Confidence(_Named):
    """How sure a rule is that a finding is right."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


COLUMN_KINDS = ("label", "id", "source", "language", "created", "split")
"""What a column may hold that rules know of."""


class ExitCode(enum.IntEnum):
    """Exit code of the process. 1 always comes with a verdict."""

    PASS = 0
    FAIL = 1
    INCOMPLETE = 2
    INTERRUPTED = 130


class Verdict(enum.StrEnum):
    """The result of a run."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCOMPLETE = "incomplete"


class RuleState(enum.StrEnum):
    """The state of a rule after a run."""

    RAN = "ran"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not-applicable"
    UNAVAILABLE = "unavailable"
    CRASHED = "crashed"


class Scope(enum.StrEnum):
    """The kinds of rules that run."""

    ALL = "all"
    RECORD = "record"
    DATASET = "dataset"


class Input(Struct, frozen=True, kw_only=True):
    """One file of a dataset.

    `index` numbers the files of a run in their reported order. `stated`: the shape is configured,
    not detected; `whole`: a text file is one record; `languages`: the declared languages of the
    dataset.
    """

    index: int
    path: str
    dataset: str
    format: str
    shape: str
    stated: bool = False
    whole: bool = False
    split: str | None = None
    split_rank: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    bytes: int = 0

    @property
    def inline(self) -> bool:
        """Whether several records may start on one line, as the elements of a JSON array do."""
        return self.format == "json"


class Text(Struct, frozen=True, gc=False):
    """One text of a record, as its shape reads it.

    `role` is one of system, developer, user, assistant, tool, text, rejected, metadata, or None if
    the record does not fit its shape. For hidden texts it is `key` (the name of a field) or `lost`
    (a value that a later equal key has replaced). `target`: the model learns to say this text.
    """

    field: str
    role: str | None
    text: str
    target: bool = False


class Turn(Struct, frozen=True, gc=False):
    """One turn of a conversation.

    `calls`: the turn calls a tool; `blank`: it has no visible text. The role `rejected` marks an
    answer that the model learns not to give; in a pair it follows the chosen one.
    """

    field: str
    role: str
    target: bool
    calls: bool
    blank: bool


class ShapeProblem(Struct, frozen=True, gc=False):
    """Why a record does not fit its shape; `message` never quotes the data."""

    field: str
    message: str


class Location(Struct, frozen=True, gc=False):
    """The location of a finding: a file, a record, and optionally a span of one text.

    `content` is the digest of the record; fingerprints are made from it, and no report shows it.
    `column` counts code points; `byte` is the same place in bytes. `inline`: other records may
    start on the same line.
    """

    path: str | None = None
    row: int | None = None
    line: int | None = None
    column: int | None = None
    field: str = ""
    start: int | None = None
    end: int | None = None
    role: str | None = None
    content: bytes = b""
    byte: int | None = None
    inline: bool = False

    @property
    def told(self) -> bool:
        """Whether the line alone identifies the record: no other record starts on it."""
        return (
            self.line is not None and not self.inline and (self.row is None or self.row < self.line)
        )

    @property
    def place(self) -> str:
        """File and record for messages: the line, and the row if the line is not enough."""
        line = "" if self.line is None else f" line {self.line}"
        row = "" if self.told or self.row is None else f" row {self.row}"
        return f"{self.path or 'the dataset'}{line}{row}"


DATASET = Location()
"""The location of findings about a whole dataset."""


class Finding(Struct, frozen=True, kw_only=True):
    """What a rule reports about one location.

    Rules set the fields up to `suggestion`; the engine adds the names of rule and dataset, the
    fingerprint, and what the gate needs.
    """

    at: Location
    message: str
    severity: Severity | None = None
    confidence: Confidence = Confidence.HIGH
    related: tuple[Location, ...] = ()
    score: float | None = None
    suggestion: str | None = None
    rule: str = ""
    dataset: str = ""
    id: str | None = None
    identity: bytes = b""
    slices: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""
    former: tuple[str, ...] = ()
    """Its fingerprints under the former ids of its rule."""
    suppressed: str | None = None
    suppressed_by: int = 0
    held: tuple[int, ...] = ()
    """Numbers of suppressions that match the record's columns and also need a fingerprint."""
    more: int = 0
    """Number of further findings of its kind on its record that are not listed."""

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """All fingerprints by which it may have been accepted, the present one first."""
        return (self.fingerprint, *self.former)

    def order(self) -> tuple[Any, ...]:
        """Return the sort key of reports: path, row, field, start, rule, then tie breakers."""
        at = self.at
        return (
            at.path or "",
            -1 if at.row is None else at.row,
            at.field,
            -1 if at.start is None else at.start,
            self.rule,
            -1 if at.end is None else at.end,
            self.message,
            -1.0 if self.score is None else self.score,
        )


class Measure(Struct, frozen=True):
    """A named number that limits can refer to; for a keyed rule, the sum over its groups."""

    name: str
    value: float


class Defect(Struct, frozen=True):
    """A record that a reader cannot read, or that it reads with a doubt."""

    rule: str
    row: int
    line: int | None
    column: int | None
    message: str
    field: str = ""
    content: bytes = b""
    """Digest of the record's bytes, if available; independent of how the file is cut."""
    identity: bytes = b""
    """The same without guessable values; the fingerprint is made from it."""
    secure_digest: bytes = b""
    """A digest, likewise without guessable values, that is equal only for equal bytes."""
    byte: int | None = None
    """The column in bytes."""
    lost: tuple[tuple[str, str, str], ...] = ()
    """Texts that a later equal key has replaced: JSON Pointer, role (`lost` or `key`), text."""


class Problem(Struct, frozen=True, kw_only=True):
    """Something that could not be checked; it makes the run incomplete."""

    kind: str
    message: str
    path: str | None = None
    rule: str | None = None
    plugin: str | None = None
    version: str | None = None
    hint: str | None = None

    def order(self) -> tuple[str, ...]:
        """Return the sort key of reports."""
        return (self.kind, self.path or "", self.rule or "", self.message)


class SkippedFile(Struct, frozen=True, order=True):
    """A file or folder that was found but not read, with the reason; a folder ends with a slash."""

    path: str
    reason: str


class Limit(Struct, frozen=True, kw_only=True):
    """A minimum or maximum of a measure; `origin` says where it was set."""

    measure: str
    max: float | None = None
    min: float | None = None
    origin: str = "config"


class LimitResult(Struct, frozen=True, kw_only=True):
    """A limit with the measured value; `passed` is None if the measure's rule did not run."""

    limit: Limit
    value: float | None
    passed: bool | None


class RuleResult(Struct, frozen=True, kw_only=True):
    """The result of one rule in a run."""

    id: str
    plugin: str
    severity: Severity
    state: RuleState
    reason: str | None = None
    judged: int = 0
    count: int = 0
    rate: float = 0.0
    seconds: float | None = None
    manual: str = ""
    """The manual page: the rule's docstring."""
    whole: bool = False
    """Whether it is a dataset rule: one that judges all records together."""
    sensitive: bool = False
    """Whether the rule's findings point at personal data or secrets."""


class InputResult(Struct, frozen=True, kw_only=True):
    """The numbers of records read from one file."""

    input: Input
    records: int
    unreadable: int
    misfits: int

    @property
    def unchecked(self) -> int:
        """Records that not every rule could judge: unreadable or not of the shape."""
        return self.unreadable + self.misfits


class Piece(Struct, frozen=True, gc=False):
    """A part of a text in an excerpt.

    `kind` is `plain`, `marked` (what the finding is about), `masked` (a mask in place of a value),
    or `gap` (text left out).
    """

    kind: str
    text: str


class Passage(Struct, frozen=True):
    """One text of a record in an excerpt: its field, and the pieces that are shown."""

    field: str
    pieces: tuple[Piece, ...]


Excerpt = tuple[Passage, ...]
"""The masked passages of a record around a finding. Empty if the record must not be shown."""


class Report(Struct, frozen=True, kw_only=True):
    """The result of a run: the argument of every reporter.

    `excerpts` maps fingerprints of findings to excerpts of their records, if requested.
    """

    version: str
    verdict: Verdict
    exit_code: ExitCode
    problems: tuple[Problem, ...]
    inputs: tuple[InputResult, ...]
    rules: tuple[RuleResult, ...]
    measures: Mapping[str, float]
    limits: tuple[LimitResult, ...]
    counts: Mapping[str, int]
    findings: Sequence[Finding]
    by_rule: Mapping[tuple[Severity, str], int] = {}
    """Active findings by severity and rule, the most severe first."""
    notes: tuple[str, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    """Files and folders that were found but not read."""
    removed: int | None = None
    """Records of the base revision that are gone or edited; None if nothing was compared."""
    lacking: str = ""
    """How many rules did not run because of missing extras, and the command that installs them."""
    stages: Mapping[str, float] | None = None
    """Seconds per stage of the run, if requested."""
    excerpts: Mapping[str, Excerpt] = field(default_factory=dict)


class Resource(Struct, frozen=True, kw_only=True):
    """A data file of a plugin, for its own rules or others: a lexicon, a word or phrase list.

    `kind` is what rules ask for (`profanity`, `refusal` ...), `language` a code, or empty for any.
    `data` is the content of the file at `path`: it is read when a rule that takes this kind is
    selected, and pickled with the rule.
    """

    kind: str
    name: str
    path: str
    language: str = ""
    licence: str = ""
    source: str = ""
    version: str = ""
    data: bytes = b""


class Shape(Protocol):
    """The layout of records: where their texts are. Shapes are stateless."""

    @property
    def name(self) -> str:
        """The name that configurations use."""

    @property
    def roles(self) -> frozenset[str | None]:
        """Roles that its texts may have; a rule that needs another role is not applicable."""

    def fits(self, value: object) -> bool:
        """Return whether a record looks like this shape, apart from defects."""

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return the texts of a record in order, and its structural problems. Never raises."""

    def turns(self, value: Any) -> list[Turn]:
        """Return the turns of a record that fits this shape; none if it is not a conversation."""


class Shard(Struct, frozen=True, kw_only=True):
    """A range of one file that one worker reads. `stop` is None if the file cannot be cut."""

    input: Input
    location: str
    start: int = 0
    stop: int | None = None
    first_row: int = 0
    first_line: int = 1
