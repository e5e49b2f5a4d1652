"""The core rules: what readers and the engine find.

They always run; only their severity and limits can be configured.
"""

from __future__ import annotations

from dataclasses import dataclass

from dslint.model import Severity
from dslint.rules.base import CoreRule


@dataclass(frozen=True)
class ParseError(CoreRule):
    """Records that cannot be read.

    Why: a trainer stops at such a record or silently drops it. dslint continues with the next
    record, and lists all of them with line and column.

    Flagged are lines and array elements that are not valid JSON (NaN and Infinity are not), CSV
    rows with an unclosed quotation mark or with more or fewer fields than the header, invalid
    UTF-8, and records that are longer or nested deeper than the configured limits.

    Cure: repair or remove the record.
    """

    name = "parse-error"
    severity = Severity.ERROR


@dataclass(frozen=True)
class DuplicateKey(CoreRule):
    """Duplicate keys in objects, and duplicate or missing column names in tables.

    Why: JSON readers disagree on which value counts; most keep the last and silently drop the
    others. dslint reads such columns under other names.

    Rules judge the last value, which most readers keep. Rules on personal data and secrets search
    the others too.

    Cure: remove or rename one of the keys or columns.
    """

    name = "duplicate-key"
    severity = Severity.WARNING


@dataclass(frozen=True)
class UnusedSuppression(CoreRule):
    """Suppressions that match no finding or have expired.

    Why: an exception that is no longer needed hides the next defect that happens to match it. Only
    checked in full runs.

    For a review sheet, the finding counts the verdicts that match no finding: their records were
    removed or edited, or the sheet belongs to other data.

    Cure: remove the entry from the configuration, or renew its date.
    """

    name = "unused-suppression"
    severity = Severity.WARNING


@dataclass(frozen=True)
class UnusedSetting(CoreRule):
    """Overrides and limits for files that match no file of the run.

    Why: with a misspelt or renamed path, a setting has no effect, and nobody notices. Only checked
    in full runs.

    Splits and columns of the configuration that match nothing are more than a warning: rules that
    need them cannot run, and the run is incomplete.

    Cure: correct the globs in `files`, or remove the entry.
    """

    name = "unused-setting"
    severity = Severity.WARNING


RULES = (ParseError, DuplicateKey, UnusedSuppression, UnusedSetting)
