"""The baseline: findings and measures accepted at some time, so that only new or worse ones fail.

The file has a fingerprint or a measure on each line, and no lines, paths or dates of findings, so
shuffling, renaming and splitting data leave it valid. Its lines are sorted, but their order and
repetitions have no meaning: Git can merge it by union.
"""

from __future__ import annotations

import datetime
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from dslint.errors import ConfigError
from dslint.model import DATASET, Finding, Limit, Report, RuleState
from dslint.names import Names
from dslint.settings import AcceptedFinding, Baseline, Ratchet, Settings

NAME = "dslint-baseline.jsonl"
SCHEMA = "dslint.baseline/1"
NUMBER = -1
"""`Finding.suppressed_by` of a finding accepted by a baseline; suppressions are numbered from 1."""
RATCHETS = ("count", "rate")

_SALT_BYTES = 16


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: str
    salt: str


def read(path: str, names: Names) -> Baseline:
    """Read a baseline, with former rule ids as present ones.

    Raises ConfigError, with the line, if it is not valid.
    """
    place = os.path.basename(path)  # a policy's baseline is read from a temporary folder
    try:
        with open(path, encoding="utf-8") as stream:
            lines = stream.read().splitlines()
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such baseline", "create it: dslint baseline create"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read as a baseline: {type(error).__name__}", "check the path"
        ) from None
    salts: set[str] = set()
    accepted: dict[str, AcceptedFinding] = {}
    held: dict[str, Ratchet] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        entry = _entry(line, f"{path}:{number}")
        if isinstance(entry, _Head):
            salts.add(_salt(entry, f"{path}:{number}"))
        elif isinstance(entry, AcceptedFinding):  # of two that differ, the one that expires first
            if (rule := names.current(entry.rule, place)) != entry.rule:
                entry = replace(entry, rule=rule)
            accepted[entry.fingerprint] = min(
                accepted.get(entry.fingerprint, entry), entry, key=_end
            )
        else:
            entry = replace(entry, measure=names.current(entry.measure, place))
            held[entry.measure] = min(held.get(entry.measure, entry), entry, key=_bound)
    if len(salts) != 1:
        what = (
            "was created twice: it has several salts"
            if salts
            else "has no first line with its salt"
        )
        raise ConfigError(
            f"{path}: this baseline {what}",
            "remove it, and create it again: dslint baseline create",
        )
    return Baseline(salt=salts.pop(), accepted=accepted, held=held)


def _entry(line: str, place: str) -> _Head | AcceptedFinding | Ratchet:
    try:
        value = msgspec.json.decode(line)
        kind = _Head if "schema" in value else Ratchet if "measure" in value else AcceptedFinding
        return msgspec.convert(value, kind)  # type: ignore[return-value]
    except (msgspec.MsgspecError, TypeError, RecursionError):
        hint = (
            "after a merge, keep the lines of both sides"
            if line[:7] in ("<<<<<<<", "=======", ">>>>>>>")
            else "remove the line"
        )
        raise ConfigError(f"{place}: not a line of a baseline", hint) from None


def _salt(head: _Head, place: str) -> str:
    if head.schema != SCHEMA:
        raise ConfigError(
            f"{place}: created for another version of dslint: {head.schema!r}, not {SCHEMA!r}",
            "create it again: dslint baseline create",
        )
    try:
        if len(bytes.fromhex(head.salt)) == _SALT_BYTES:
            return head.salt
    except ValueError:
        pass
    raise ConfigError(
        f"{place}: the salt is not {2 * _SALT_BYTES} hexadecimal digits",
        "create the baseline again: dslint baseline create",
    )


def _end(entry: AcceptedFinding) -> tuple[datetime.date, str]:
    return entry.expires or datetime.date.max, entry.reason


def _bound(entry: Ratchet) -> float:
    return entry.value * (1 + entry.tolerance)


def lines_of(baseline: Baseline) -> Iterator[str]:
    """Yield the lines of a baseline file."""
    held = sorted(baseline.held.values(), key=lambda entry: entry.measure)
    accepted = sorted(baseline.accepted.values(), key=lambda entry: (entry.rule, entry.fingerprint))
    for entry in (_Head(schema=SCHEMA, salt=baseline.salt), *held, *accepted):
        yield msgspec.json.encode(entry).decode() + "\n"


def loaded(settings: Settings, renamed: Mapping[str, str]) -> Settings:
    """Return the settings with the baseline file that they name loaded.

    Its salt becomes the key of fingerprints, and its measures become limits. `renamed` maps former
    ids of rules to present ones.
    """
    if settings.baseline_file is None or settings.baseline is not None:
        return settings
    names = Names(renamed)
    baseline = read(settings.baseline_file, names)
    limits = [
        Limit(measure=entry.measure, max=_bound(entry), origin="baseline")
        for entry in baseline.held.values()
    ]
    return replace(
        settings,
        baseline=baseline,
        key=bytes.fromhex(baseline.salt),
        limits=(*limits, *settings.limits),
        notes=(*settings.notes, *names.notes),
    )


def applied(
    findings: Iterable[Finding], baseline: Baseline, today: datetime.date, *, whole: bool
) -> Iterator[Finding]:
    """Yield the findings, with those suppressed that the baseline accepts.

    If a run is not on the `whole` data but only on what is new, a finding without an identity is
    never accepted: its ordinal is that of another finding there.
    """
    for finding in findings:
        entries = (baseline.accepted.get(fingerprint) for fingerprint in finding.fingerprints)
        live = (entry for entry in entries if entry is not None and not _expired(entry, today))
        entry = None if finding.suppressed is not None else next(live, None)
        if entry is not None and (whole or not lacks_identity(finding)):
            yield replace(
                finding, suppressed=entry.reason or "in the baseline", suppressed_by=NUMBER
            )
        else:
            yield finding


def lacks_identity(finding: Finding) -> bool:
    """Return whether the fingerprint of a finding on a record does not identify the record.

    Only an ordinal then distinguishes it from other findings of its rule.
    """
    return not finding.identity and finding.at.row is not None


def stale(
    used: Collection[str], baseline: Baseline, today: datetime.date, unknown: Collection[str]
) -> list[Finding]:
    """Return a finding for each rule with baseline entries that have expired or are unused.

    For rules in `unknown`, unused entries cannot be determined.
    """
    expired, unused = Counter[str](), Counter[str]()
    for entry in baseline.accepted.values():
        if _expired(entry, today):
            expired[entry.rule] += 1
        elif entry.fingerprint not in used and entry.rule not in unknown:
            unused[entry.rule] += 1
    messages = [
        f"baseline entries of {rule} that expired: {count:,}; their findings are active again"
        for rule, count in expired.items()
    ]
    messages += [
        f"baseline entries of {rule} that match no finding: {count:,}; run dslint baseline prune"
        for rule, count in unused.items()
    ]
    return [
        Finding(at=DATASET, rule="dslint/unused-suppression", message=message)
        for message in sorted(messages)
    ]


def _expired(entry: AcceptedFinding, today: datetime.date) -> bool:
    return entry.expires is not None and entry.expires < today


def of_findings(report: Report, known: Mapping[str, AcceptedFinding]) -> dict[str, AcceptedFinding]:
    """Return an entry for each finding that is active, and the known entry for accepted ones."""
    found = [
        finding
        for finding in report.findings
        if finding.suppressed is None or finding.suppressed_by == NUMBER
    ]
    already_accepted = {f.fingerprint for f in found if f.suppressed_by == NUMBER}
    return {
        f.fingerprint: known[f.fingerprint]
        if f.fingerprint in already_accepted
        else AcceptedFinding(rule=f.rule, fingerprint=f.fingerprint)
        for f in found
        if f.rule != "dslint/unused-suppression"
    }


def of_measures(report: Report, kind: str, tolerance: float) -> dict[str, Ratchet]:
    """Return an entry for the count or rate of each rule that ran."""
    names = [
        f"{rule.id}.{kind}"
        for rule in report.rules
        if rule.state == RuleState.RAN and rule.id != "dslint/unused-suppression"
    ]
    return {
        name: Ratchet(measure=name, value=report.measures[name], tolerance=tolerance)
        for name in names
    }


def renewed(baseline: Baseline, report: Report) -> Baseline:
    """Return the baseline with present fingerprints in place of those under former rule ids."""
    found = {former: finding for finding in report.findings for former in finding.former}
    accepted = {
        now.fingerprint: replace(entry, rule=now.rule, fingerprint=now.fingerprint)
        for former, entry in baseline.accepted.items()
        if (now := found.get(former)) is not None
    }
    kept = {name: entry for name, entry in baseline.accepted.items() if name not in found}
    return Baseline(salt=baseline.salt, accepted={**accepted, **kept}, held=baseline.held)


def pruned(baseline: Baseline, report: Report) -> Baseline:
    """Return the baseline without unused entries, and with measures lowered to improved values."""
    baseline = renewed(baseline, report)
    used = {finding.fingerprint for finding in report.findings if finding.suppressed_by == NUMBER}
    known = {name: entry for name, entry in baseline.held.items() if name in report.measures}
    return Baseline(
        salt=baseline.salt,
        accepted={name: entry for name, entry in baseline.accepted.items() if name in used},
        held={
            name: replace(entry, value=min(entry.value, report.measures[name]))
            for name, entry in known.items()
        },
    )


def updated(baseline: Baseline, report: Report) -> Baseline:
    """Return the baseline with all current findings added, and measures set to current values."""
    baseline = renewed(baseline, report)
    held = {}
    for entry in baseline.held.values():
        held.update(of_measures(report, entry.measure.rpartition(".")[2], entry.tolerance))
    exact = baseline.accepted or not baseline.held
    return Baseline(
        salt=baseline.salt,
        accepted={**baseline.accepted, **of_findings(report, baseline.accepted)} if exact else {},
        held={
            **held,
            **{
                name: replace(entry, value=report.measures.get(name, entry.value))
                for name, entry in baseline.held.items()
            },
        },
    )
