"""What was accepted at one time, so that only what is new or worse fails: a file of fingerprints and measures, one a line.

The file says nothing of lines, paths or dates of findings, so shuffling, renaming and cutting data leave it valid. Its lines are sorted, and neither
their order nor repeated lines mean anything: Git can merge it by union.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from dslint.errors import ConfigError
from dslint.model import DATASET, Finding, Limit, Report, RuleState
from dslint.settings import Accepted, Baseline, Held, Settings

NAME = "dslint-baseline.jsonl"
SCHEMA = "dslint.baseline/1"
NUMBER = -1
"""What `Finding.suppressed_by` is for a finding that a baseline accepts: it is none of the suppressions, which count from 1."""
RATCHETS = ("count", "rate")

_SALT_BYTES = 16


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: str
    salt: str


def read(path: str) -> Baseline:
    """Read a baseline. Raises ConfigError, with the line, for what is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            lines = stream.read().splitlines()
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such baseline", "make it: dslint baseline create"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read as a baseline: {type(error).__name__}", "check the path"
        ) from None
    salts: set[str] = set()
    accepted: dict[str, Accepted] = {}
    held: dict[str, Held] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        entry = _entry(line, f"{path}:{number}")
        if isinstance(entry, _Head):
            salts.add(_salt(entry, f"{path}:{number}"))
        elif isinstance(entry, Accepted):  # of two that differ, the one that ends sooner
            accepted[entry.fingerprint] = min(
                accepted.get(entry.fingerprint, entry), entry, key=_end
            )
        else:
            held[entry.measure] = min(held.get(entry.measure, entry), entry, key=_bound)
    if len(salts) != 1:
        what = (
            "was made twice: it has several salts" if salts else "has no first line with its salt"
        )
        raise ConfigError(
            f"{path}: this baseline {what}", "remove it, and make it again: dslint baseline create"
        )
    return Baseline(salt=salts.pop(), accepted=accepted, held=held)


def _entry(line: str, place: str) -> _Head | Accepted | Held:
    try:
        value = msgspec.json.decode(line)
        kind = _Head if "schema" in value else Held if "measure" in value else Accepted
        return msgspec.convert(value, kind)  # type: ignore[return-value]
    except (msgspec.MsgspecError, TypeError, RecursionError):
        cure = (
            "after a merge keep the lines of both sides"
            if line[:7] in ("<<<<<<<", "=======", ">>>>>>>")
            else "remove the line"
        )
        raise ConfigError(f"{place}: not a line of a baseline", cure) from None


def _salt(head: _Head, place: str) -> str:
    if head.schema != SCHEMA:
        raise ConfigError(
            f"{place}: made for another version of dslint: {head.schema!r}, not {SCHEMA!r}",
            "make it again: dslint baseline create",
        )
    try:
        if len(bytes.fromhex(head.salt)) == _SALT_BYTES:
            return head.salt
    except ValueError:
        pass
    raise ConfigError(
        f"{place}: the salt is not {2 * _SALT_BYTES} hexadecimal digits",
        "make the baseline again: dslint baseline create",
    )


def _end(entry: Accepted) -> tuple[datetime.date, str]:
    return entry.expires or datetime.date.max, entry.reason


def _bound(entry: Held) -> float:
    return entry.value * (1 + entry.tolerance)


def written(baseline: Baseline) -> Iterator[str]:
    """Yield the lines of a baseline."""
    held = sorted(baseline.held.values(), key=lambda entry: entry.measure)
    accepted = sorted(baseline.accepted.values(), key=lambda entry: (entry.rule, entry.fingerprint))
    for entry in (_Head(schema=SCHEMA, salt=baseline.salt), *held, *accepted):
        yield msgspec.json.encode(entry).decode() + "\n"


def loaded(settings: Settings) -> Settings:
    """Return the settings with the baseline that they name: its salt is the key of fingerprints, and its measures are limits."""
    if settings.baseline_file is None or settings.baseline is not None:
        return settings
    baseline = read(settings.baseline_file)
    limits = [
        Limit(measure=entry.measure, max=_bound(entry), origin="baseline")
        for entry in baseline.held.values()
    ]
    return replace(
        settings,
        baseline=baseline,
        key=bytes.fromhex(baseline.salt),
        limits=(*limits, *settings.limits),
    )


def applied(
    findings: Iterable[Finding], baseline: Baseline, today: datetime.date, *, whole: bool
) -> Iterator[Finding]:
    """Yield the findings with those suppressed that the baseline accepts.

    Where a run is not on the `whole` data but on what is new in it, a nameless finding is never accepted: its number means another one there.
    """
    for finding in findings:
        entry = (
            None if finding.suppressed is not None else baseline.accepted.get(finding.fingerprint)
        )
        if entry is not None and not _expired(entry, today) and (whole or not nameless(finding)):
            yield replace(
                finding, suppressed=entry.reason or "in the baseline", suppressed_by=NUMBER
            )
        else:
            yield finding


def nameless(finding: Finding) -> bool:
    """Say whether a finding is on a record that its fingerprint does not tell: nothing but a number tells it from others of its rule."""
    return not finding.identity and finding.at.row is not None


def stale(
    used: Collection[str], baseline: Baseline, today: datetime.date, unknown: Collection[str]
) -> list[Finding]:
    """Return a finding for each rule with entries that have expired, or that are not among the used ones; of the `unknown` rules nobody can tell."""
    ended, idle = Counter[str](), Counter[str]()
    for entry in baseline.accepted.values():
        if _expired(entry, today):
            ended[entry.rule] += 1
        elif entry.fingerprint not in used and entry.rule not in unknown:
            idle[entry.rule] += 1
    said = [
        f"the baseline accepts {count:,} of {rule} that expired; what they accepted is active again"
        for rule, count in ended.items()
    ]
    said += [
        f"the baseline accepts {count:,} of {rule} that are not there any more; run dslint baseline prune"
        for rule, count in idle.items()
    ]
    return [
        Finding(at=DATASET, rule="dslint/unused-suppression", message=message)
        for message in sorted(said)
    ]


def _expired(entry: Accepted, today: datetime.date) -> bool:
    return entry.expires is not None and entry.expires < today


def of_findings(report: Report, known: Mapping[str, Accepted]) -> dict[str, Accepted]:
    """Return an entry for each finding that is active or that the known entries accept, as they are."""
    found = [
        finding
        for finding in report.findings
        if finding.suppressed is None or finding.suppressed_by == NUMBER
    ]
    kept = {f.fingerprint for f in found if f.suppressed_by == NUMBER}
    return {
        f.fingerprint: known[f.fingerprint]
        if f.fingerprint in kept
        else Accepted(rule=f.rule, fingerprint=f.fingerprint)
        for f in found
        if f.rule != "dslint/unused-suppression"
    }


def of_measures(report: Report, kind: str, tolerance: float) -> dict[str, Held]:
    """Return an entry for the count or rate of each rule that ran."""
    names = [
        f"{rule.id}.{kind}"
        for rule in report.rules
        if rule.state == RuleState.RAN and rule.id != "dslint/unused-suppression"
    ]
    return {
        name: Held(measure=name, value=report.measures[name], tolerance=tolerance) for name in names
    }


def pruned(baseline: Baseline, report: Report) -> Baseline:
    """Return the baseline without the entries that accept nothing now, and with measures that have become better."""
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
    """Return the baseline with what is found now: further findings, and measures as they are."""
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
