"""The nouns of dslint: plain data, without behaviour beyond itself.

Rows are 0-based record numbers, lines are 1-based physical lines, `field` is a JSON pointer (RFC 6901), and `start`/`end` are offsets in code points
of the text at `field`. Scores run from 0 to 1; higher is worse.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field


class _Named(enum.IntEnum):
    """An ordered scale whose members are written in lower case."""

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def names(cls) -> list[str]:
        """Return the written names, mildest first."""
        return [str(member) for member in cls]


class Severity(_Named):
    """How much a finding matters."""

    INFO = 1
    WARNING = 2
    ERROR = 3


class Confidence(_Named):
    """How sure a rule is that a finding is one."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class ExitCode(enum.IntEnum):
    """What the process returns. 1 is only ever returned with a verdict."""

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
    """What became of a rule in a run."""

    RAN = "ran"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not-applicable"
    UNAVAILABLE = "unavailable"
    CRASHED = "crashed"


class Scope(enum.StrEnum):
    """Which kinds of rule run."""

    ALL = "all"
    RECORD = "record"
    DATASET = "dataset"


class Input(Struct, frozen=True, kw_only=True):
    """One file of a dataset.

    `index` numbers the files of a run in their reported order; `stated` says that the shape is no guess, `whole` that a text file is one record;
    `languages` are those that the dataset is declared to be in.
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
        """Whether several records may begin on one line: the elements of a JSON array."""
        return self.format == "json"


class Text(Struct, frozen=True, gc=False):
    """A piece of text of a record, as its shape sees it.

    `role` is one of system, developer, user, assistant, tool, text, rejected, metadata, or None where the record does not fit its shape.
    Of what is hidden it is `key` for the name of a field, and `lost` for a value that a later equal key has replaced.
    `target` is true for what a model learns to say.
    """

    field: str
    role: str | None
    text: str
    target: bool = False


class Turn(Struct, frozen=True, gc=False):
    """One turn of a conversation. `calls` says that it calls a tool, `blank` that it has no text that one could see.

    The role `rejected` is an answer that the model learns not to give; in a pair it follows the chosen one.
    """

    field: str
    role: str
    target: bool
    calls: bool
    blank: bool


class ShapeProblem(Struct, frozen=True, gc=False):
    """What keeps a record from fitting its shape; `message` quotes no data."""

    field: str
    message: str


class Location(Struct, frozen=True, gc=False):
    """Where, exactly: a file, a record of it, and perhaps a span of one text.

    `content` is the digest of the record; fingerprints are made from it, and no report shows it.
    `column` counts code points; `byte` is the same place in bytes. `inline` says that other records may begin
    on the line as well.
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
        """Whether the line alone leads to the record: it has one, and no other record begins on it."""
        return (
            self.line is not None and not self.inline and (self.row is None or self.row < self.line)
        )

    @property
    def place(self) -> str:
        """File and record in words: the line, and the row where that alone does not lead there."""
        line = "" if self.line is None else f" line {self.line}"
        row = "" if self.told or self.row is None else f" row {self.row}"
        return f"{self.path or 'the dataset'}{line}{row}"


DATASET = Location()
"""The location of findings on a dataset as a whole."""


class Finding(Struct, frozen=True, kw_only=True):
    """A defect at one place. A rule fills the first fields; the engine adds the names, the gate's bookkeeping and the fingerprint."""

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
    suppressed: str | None = None
    suppressed_by: int = 0
    held: tuple[int, ...] = ()
    """Numbers of the suppressions whose columns the record has, and that ask for a fingerprint too."""
    more: int = 0
    """How many findings it stands for besides itself: more of its kind on its record than are listed."""

    def order(self) -> tuple[Any, ...]:
        """Sort key of reports: path, row, field, start, rule, and the rest so that no two findings tie by chance."""
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
    """A number about a dataset, for limits. Those of a keyed rule are sums over its groups."""

    name: str
    value: float


class Defect(Struct, frozen=True):
    """What a reader has to say about one record: one that cannot be read, or a doubtful one."""

    rule: str
    row: int
    line: int | None
    column: int | None
    message: str
    field: str = ""
    content: bytes = b""
    """Digest of the record's bytes, where they are at hand, which must not depend on how the file is cut."""
    identity: bytes = b""
    """The same without what could be guessed from it: of this its fingerprint is made."""
    sameness: bytes = b""
    """What is equal for equal bytes only, likewise."""
    byte: int | None = None
    """The column in bytes."""
    lost: tuple[tuple[str, str, str], ...] = ()
    """Texts that the record does not have, since a later key is equal: JSON pointer, role (`lost`, or `key` for the name of a field), text."""


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
        """Sort key of reports."""
        return (self.kind, self.path or "", self.rule or "", self.message)


class Skipped(Struct, frozen=True, order=True):
    """A file, or a folder with a slash behind its path, that was come across and not read, and why."""

    path: str
    reason: str


class Limit(Struct, frozen=True, kw_only=True):
    """A bound on a measure; `origin` says who set it."""

    measure: str
    max: float | None = None
    min: float | None = None
    origin: str = "config"


class Judged(Struct, frozen=True, kw_only=True):
    """A limit beside the measured value; `passed` is None where the measure's rule did not run."""

    limit: Limit
    value: float | None
    passed: bool | None


class RuleResult(Struct, frozen=True, kw_only=True):
    """What became of one rule in a run."""

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
    """The manual page, as it stands in the rule's docstring."""
    whole: bool = False
    """Whether the rule judges the dataset as a whole, and not each record by itself."""
    sensitive: bool = False
    """Whether its findings point at personal data or secrets."""


class InputResult(Struct, frozen=True, kw_only=True):
    """What was read of one file. `unchecked` is the sum of the unreadable records and of those that do not fit the shape."""

    input: Input
    records: int
    unreadable: int
    misfits: int

    @property
    def unchecked(self) -> int:
        """Records that not every rule could judge."""
        return self.unreadable + self.misfits


class Piece(Struct, frozen=True, gc=False):
    """A stretch of a text in an excerpt: `plain`, `marked` (what the finding is about), `masked` (a mask for a value), or `gap` (left out)."""

    kind: str
    text: str


class Passage(Struct, frozen=True):
    """A text of a record in an excerpt: its field, and the pieces of it that are shown."""

    field: str
    pieces: tuple[Piece, ...]


Excerpt = tuple[Passage, ...]
"""The passages of a record around what a finding is about, masked. Empty where the record may not be shown."""


class Report(Struct, frozen=True, kw_only=True):
    """A whole run: the one argument of every reporter. `excerpts` shows some findings, by fingerprint, in their records, if that was asked for."""

    version: str
    verdict: Verdict
    exit_code: ExitCode
    problems: tuple[Problem, ...]
    inputs: tuple[InputResult, ...]
    rules: tuple[RuleResult, ...]
    measures: Mapping[str, float]
    limits: tuple[Judged, ...]
    counts: Mapping[str, int]
    findings: Sequence[Finding]
    by_rule: Mapping[tuple[Severity, str], int] = {}
    """The active findings by severity and rule, the gravest first."""
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    """What was come across and not read, with the reason."""
    removed: int | None = None
    """Records of the revision compared with that are gone or edited, None where nothing was compared."""
    lacking: str = ""
    """How many rules did not run for lack of what can be installed, and the line that does; empty if all did."""
    stages: Mapping[str, float] | None = None
    """Seconds that the stages of the run took, where asked for."""
    excerpts: Mapping[str, Excerpt] = field(default_factory=dict)


class Resource(Struct, frozen=True, kw_only=True):
    """A data file that a plugin brings for rules of its own or of others: a lexicon, a word list, a list of phrases.

    `kind` is what rules ask for (`profanity`, `refusal` ...), `language` a code, or empty for any. `data` is the content of the file at `path`: it is
    read when a rule that takes this kind is chosen, and travels with the rule.
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
    """How the texts of a record are found. Shapes are stateless and named."""

    @property
    def name(self) -> str:
        """Name, as in the configuration."""

    @property
    def roles(self) -> frozenset[str | None]:
        """Roles that its texts may have; a rule that needs another one is not applicable."""

    def fits(self, value: object) -> bool:
        """Say whether a record looks like this shape, defects aside."""

    def read(self, value: Any) -> tuple[list[Text], list[ShapeProblem]]:
        """Return the texts of a record in order, and what is wrong with its structure. Never raises."""

    def turns(self, value: Any) -> list[Turn]:
        """Return the turns of a record that fits this shape; none if it is no conversation."""


class Shard(Struct, frozen=True, kw_only=True):
    """A run of records of one file: what one worker reads. `stop` is None where the file cannot be cut."""

    input: Input
    location: str
    start: int = 0
    stop: int | None = None
    first_row: int = 0
    first_line: int = 1
