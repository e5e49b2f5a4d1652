"""The core's own rules: what readers and the engine find. They always run; only their severity and limits can be set."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.model import Severity
from dslint.rules.base import CoreRule


@dataclass(frozen=True)
class ParseError(CoreRule):
    """Records that cannot be read.

    Why: a trainer stops at such a record, or drops it in silence. dslint goes on with the next one and lists every one with line and column.

    A line or an element of an array that is not valid JSON (NaN and Infinity are not), a row of CSV that has another number of fields than the
    header or a quotation mark that is not closed, invalid UTF-8, a record that is longer or nested deeper than the configured limits.

    Cure: mend the record, or remove it.
    """

    name = "parse-error"
    severity = Severity.ERROR


@dataclass(frozen=True)
class DuplicateKey(CoreRule):
    """Objects that have a key twice, and tables with columns of one name or of none.

    Why: JSON readers disagree on which value counts; most keep the last and lose the others in silence. Columns are read under other names then.

    Rules judge the last value, as most readers keep it. Rules on personal data and secrets search the others too.

    Cure: remove or rename one of the keys or columns.
    """

    name = "duplicate-key"
    severity = Severity.WARNING


@dataclass(frozen=True)
class UnusedSuppression(CoreRule):
    """Suppressions that suppress nothing, or that have expired.

    Why: an exception that nobody needs any more hides the next defect that it happens to match. Only judged in full runs.

    Of a review sheet it is said how many of its verdicts are on no finding: their records are gone or were edited, or the sheet is of other data.

    Cure: remove the entry from the configuration, or renew its date.
    """

    name = "unused-suppression"
    severity = Severity.WARNING


@dataclass(frozen=True)
class UnusedSetting(CoreRule):
    """Overrides, and limits within some files, that are about no file of the run.

    Why: a misspelt or renamed path switches nothing on or off, and nobody sees it. Only judged in full runs.

    Splits and columns of the configuration that match nothing are more than a warning: what needs them is not checked, and the run is incomplete.

    Cure: correct the globs in `files`, or remove the entry.
    """

    name = "unused-setting"
    severity = Severity.WARNING


RULES = (ParseError, DuplicateKey, UnusedSuppression, UnusedSetting)
