"""Fair shares of a bounded report: where not all findings fit, each rule shows its gravest."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from dslint.model import Finding, Severity


def shares(counts: Mapping[str, int], limit: int) -> dict[str, int]:
    """Return how many of each are shown if at most `limit` are in all: the same number of each, but no more than there are."""
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
    """Yield the gravest findings of each rule, as many as its share, in their order.

    Of equal ones it is the first; suppressed ones come last. `share` is one number for all rules,
    or one for each. `counts` holds how many active findings there are of each severity and rule.
    One pass, and no finding is kept.
    """
    rest = defaultdict(lambda: share) if isinstance(share, int) else dict(share)
    left: dict[tuple[int, str], int] = {}
    for (severity, rule), count in sorted(counts.items(), reverse=True):
        left[severity, rule] = min(count, rest[rule])
        rest[rule] -= left[severity, rule]
    for finding in findings:
        key = gravity(finding), finding.rule
        if left.setdefault(key, rest[finding.rule]) > 0:
            left[key] -= 1
            yield finding


def gravity(finding: Finding) -> int:
    """Return how grave a finding is: its severity, 0 if it is suppressed."""
    return 0 if finding.suppressed is not None else finding.severity or Severity.INFO


def active(findings: Iterable[Finding]) -> Counter[tuple[Severity, str]]:
    """Count the active findings of each severity and rule."""
    return Counter(
        (finding.severity or Severity.INFO, finding.rule)
        for finding in findings
        if finding.suppressed is None
    )


def smallest_of_each(
    findings: Iterable[Finding], share: Mapping[str, int]
) -> dict[str, list[Finding]]:
    """Return for each rule the gravest findings, as many as its share.

    Of equal ones these are those with the smallest fingerprints.
    A shuffle of the data chooses the same ones.
    """
    heaps: dict[str, list[tuple[int, int, int, Finding]]] = {rule: [] for rule in share}
    for number, finding in enumerate(findings):
        heap, item = (
            heaps[finding.rule],
            (gravity(finding), -int(finding.fingerprint or "0", 16), -number, finding),
        )
        if len(heap) < share[finding.rule]:
            heapq.heappush(heap, item)
        else:
            heapq.heappushpop(heap, item)
    return {
        rule: [finding for *_, finding in sorted(heap, reverse=True)]
        for rule, heap in heaps.items()
    }
