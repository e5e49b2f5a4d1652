"""Suppressions, and the fingerprints of findings."""

from __future__ import annotations

import datetime
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

from msgspec.structs import replace
from xxhash import xxh3_64_intdigest

from dslint.data.record import Record, digest
from dslint.helpers.globs import matches_any
from dslint.masking.redact import redact
from dslint.model import DATASET, Finding
from dslint.settings import Suppression
from dslint.storage.arrow import scalar
from dslint.storage.findings import KEPT

DEFAULT_KEY = b"dslint"


class Stamper:
    """Adds to findings what depends on their record. Picklable.

    These are the id, the identity, the slices, and suppressions by column value.
    """

    def __init__(
        self,
        suppress: Sequence[Suppression],
        slices: Sequence[str],
        sensitive: Collection[str],
        *,
        identity_by_id: bool,
        keyed: bool,
        today: datetime.date,
    ) -> None:
        """Create a stamper.

        `sensitive` has the rules on personal data and secrets; `keyed` means that fingerprints
        have a secret key, so that nobody can guess data from them.
        """
        self.suppress = tuple(entry for entry in suppress if not expired(entry, today))
        self.slices = tuple(slices)
        self.sensitive = frozenset(sensitive)
        self.identity_by_id = identity_by_id
        self.keyed = keyed

    def needs_record(self, finding: Finding, *, has_id: bool) -> bool:
        """Return whether the record of a dataset rule's finding must be read again."""
        if finding.at.path is None:
            return False
        identified = (
            finding.identity
            or (self.keyed and finding.at.content)
            or (not self.keyed and finding.rule in self.sensitive)
        )
        return (
            has_id
            or bool(self.slices)
            or not identified
            or any(entry.where and covers(entry, finding) for entry in self.suppress)
        )

    def told(self, finding: Finding) -> Finding:
        """Return a dataset rule's finding with its identity, without reading its record."""
        return replace(
            finding, identity=finding.identity or (finding.at.content if self.keyed else b"")
        )

    def __call__(self, finding: Finding, record: Record) -> Finding:
        """Return the finding with what depends on its record."""
        raw = record.column("id")
        identity = finding.identity
        if (
            not identity
            and raw is not None
            and self.identity_by_id
            and (self.keyed or redact(_text(raw)) == _text(raw))
        ):
            identity = digest(raw)
        if not identity and self.keyed:
            identity = finding.at.content or record.digest
        elif not identity and finding.rule not in self.sensitive:
            identity = record.identity
        slices = tuple((kind, _text(record.column(kind))) for kind in self.slices)
        stamped = replace(
            finding, id=None if raw is None else _text(raw), identity=identity, slices=slices
        )
        matching = [
            entry
            for entry in self.suppress
            if entry.where and covers(entry, finding) and _matches(entry.where, record)
        ]
        for entry in matching:
            if entry.fingerprints is None:
                return accepted(stamped, entry)
        return (
            replace(stamped, held=tuple(entry.number for entry in matching))
            if matching
            else stamped
        )


def accepted(finding: Finding, entry: Suppression) -> Finding:
    """Return the finding as suppressed by an entry."""
    return replace(finding, suppressed=entry.reason, suppressed_by=entry.number)


def expired(entry: Suppression, today: datetime.date) -> bool:
    """Return whether a suppression has expired."""
    return entry.expires is not None and entry.expires < today


def covers(entry: Suppression, finding: Finding) -> bool:
    """Return whether a suppression applies to the finding's rule and file."""
    namespace = finding.rule.partition("/")[0]
    if entry.rule not in (finding.rule, namespace, f"{namespace}/*", "all"):
        return False
    return not entry.files or matches_any(finding.at.path or "", entry.files)


def _matches(where: Mapping[str, tuple[str, ...]], record: Record) -> bool:
    return all(_text(record.column(kind)) in values for kind, values in where.items())


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def fingerprinted(
    findings: Collection[Finding],
    key: bytes = b"",
    formerly: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Finding]:
    """Yield the findings, which must be in reported order, with fingerprints.

    A fingerprint is a keyed BLAKE2b hash of the rule, the record identity, and the ordinal among
    findings that are equal in both. It does not depend on paths, lines or dates. `formerly` maps
    rules to their former ids, under which a finding keeps its former fingerprints.
    """
    formerly = formerly or {}
    repeated = _repeated(findings) if len(findings) > KEPT else None
    seen: dict[int, int] = {}
    keyed = blake2b(digest_size=16, key=key or DEFAULT_KEY)
    for finding in findings:
        same = _sameness(finding)
        ordinal = 0
        if repeated is None or same in repeated:
            ordinal = seen[same] = seen.get(same, -1) + 1
        made = _fingerprint(keyed, finding.rule, finding.identity, ordinal)
        former = [
            _fingerprint(keyed, rule, finding.identity, ordinal)
            for rule in formerly.get(finding.rule, ())
        ]
        yield replace(finding, fingerprint=made, former=tuple(former))


def _fingerprint(keyed: blake2b, rule: str, identity: bytes, ordinal: int) -> str:
    made = keyed.copy()
    for part in (rule.encode(), identity, str(ordinal).encode()):
        made.update(len(part).to_bytes(4, "big") + part)
    return made.hexdigest()


def _sameness(finding: Finding) -> int:
    """Return 64 bits that are equal for findings of one rule on one identity."""
    return xxh3_64_intdigest(f"{finding.rule}\0".encode() + finding.identity)


def _repeated(findings: Iterable[Finding]) -> set[int]:
    """Return the hashes of `_sameness` that occur more than once, using eight bytes a finding.

    Among very many findings, only these need an ordinal.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    same = array("Q", map(_sameness, findings))
    counts = pc.value_counts(
        pa.Array.from_buffers(pa.uint64(), len(same), [None, pa.py_buffer(same)])
    )
    return set(
        counts.field("values").filter(pc.greater(counts.field("counts"), scalar(1))).to_pylist()
    )


def suppressed(
    findings: Iterable[Finding], entries: Sequence[Suppression], today: datetime.date
) -> Iterator[Finding]:
    """Yield the findings with suppressions by file or fingerprint applied.

    What a suppression needs from the record has been added by `Stamper`.
    """
    live = [
        entry
        for entry in entries
        if not expired(entry, today) and (not entry.where or entry.fingerprints is not None)
    ]
    for finding in findings:
        matching = (
            entry
            for entry in live
            if covers(entry, finding)
            and (
                entry.fingerprints is None
                or not entry.fingerprints.isdisjoint(finding.fingerprints)
            )
            and (not entry.where or entry.number in finding.held)
        )
        entry = None if finding.suppressed is not None else next(matching, None)
        yield finding if entry is None else accepted(finding, entry)


def unused(
    used: Collection[int],
    entries: Sequence[Suppression],
    today: datetime.date,
    met: Collection[str] = (),
) -> list[Finding]:
    """Return a finding for each suppression that has expired or is not in `used`.

    For a review sheet it counts the verdicts whose fingerprints are not in `met`, those of the
    findings of the run.
    """
    result = []
    for entry in entries:
        where = f"[[suppress]] entry {entry.number} (rule {entry.rule})"
        if expired(entry, today):
            result.append(
                Finding(
                    at=DATASET,
                    rule="dslint/unused-suppression",
                    message=f"{where} expired on {entry.expires}; its findings are active again",
                )
            )
        elif entry.review:
            verdicts = entry.fingerprints or frozenset()
            if lone := len(verdicts.difference(met)):
                message = (
                    f"{where}: {lone:,} of {len(verdicts):,} verdicts in its review sheet "
                    "match no finding"
                )
                result.append(
                    Finding(at=DATASET, rule="dslint/unused-suppression", message=message)
                )
        elif entry.number not in used:
            result.append(
                Finding(
                    at=DATASET,
                    rule="dslint/unused-suppression",
                    message=f"{where} suppresses nothing",
                )
            )
    return result
