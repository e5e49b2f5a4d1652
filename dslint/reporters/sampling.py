"""Fair shares of a limited report: if not all findings fit, each rule shows its most severe."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from dslint.model import Finding, Severity


def shares(counts: Mapping[str, int], limit: int) -> dict[str, int]:
    """Return how many of each to show so that at most `limit` are shown in all.

    All get the same number, but none gets more than it has.
    """
    shared: dict[str, int] = {}
    left = limit
    for done, (name, count) in enumerate(
        sorted(counts.items(), key=lambda item: (item[1], item[0]))
    ):
        shared[name] = min(count, left // (len(counts) - done))
        left -= shared[name]
    return shared


def gravest(
    findings: Iterable[Finding],
    counts: Mapping[tuple[Severity, str], int],
    share: Mapping[str, int] | int,
) -> Iterator[Finding]:
    """Yield the most severe findings of each rule, as many as its share, in order.

    Among equal ones the first are chosen; suppressed ones come last. `share` is one number for all
    rules, or one for each. `counts` is the number of active findings by severity and rule.
    It takes one pass, and keeps no finding.
    """
    rest = defaultdict(lambda: share) if isinstance(share, int) else dict(share)
    left: dict[tuple[int, str], int] = {}
    for (severity, rule), count in sorted(counts.items(), reverse=True):
        left[severity, rule] = min(count, rest[rule])
        rest[rule] -= left[severity, rule]
    for finding in findings:
        key = severity_rank(finding), finding.rule
        if left.setdefault(key, rest[finding.rule]) > 0:
            left[key] -= 1
            yield finding


def severity_rank(finding: Finding) -> int:
    """Return the severity of a finding for ranking, 0 if it is suppressed."""
    return 0 if finding.suppressed is not None else finding.severity or Severity.INFO


def active(findings: Iterable[Finding]) -> Counter[tuple[Severity, str]]:
    """Count the active findings by severity and rule."""
    return Counter(
        (finding.severity or Severity.INFO, finding.rule)
        for finding in findings
        if finding.suppressed is None
    )


def smallest_of_each(
    findings: Iterable[Finding], share: Mapping[str, int]
) -> dict[str, list[Finding]]:
    """Return the most severe findings of each rule, as many as its share.

    Among equal ones, those with the smallest fingerprints are chosen, so that shuffling the data
    does not change the choice.
    """
    heaps: dict[str, list[tuple[int, int, int, Finding]]] = {rule: [] for rule in share}
    for number, finding in enumerate(findings):
        heap, item = (
            heaps[finding.rule],
            (severity_rank(finding), -int(finding.fingerprint or "0", 16), -number, finding),
        )
        if len(heap) < share[finding.rule]:
            heapq.heappush(heap, item)
        else:
            heapq.heappushpop(heap, item)
    return {
        rule: [finding for *_, finding in sorted(heap, reverse=True)]
        for rule, heap in heaps.items()
    }
