"""Fair shares of a bounded report: where not all findings can be shown, each rule shows some."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from dslint.model import Finding


def shares(counts: Mapping[str, int], limit: int) -> dict[str, int]:
    """Return how many of each are shown if at most `limit` are in all: the same number of each, but no more than there are."""
    shared: dict[str, int] = {}
    left = limit
    for done, (name, count) in enumerate(sorted(counts.items(), key=lambda item: (item[1], item[0]))):
        shared[name] = min(count, left // (len(counts) - done))
        left -= shared[name]
    return shared


def first_of_each(findings: Iterable[Finding], limit: int) -> Iterator[Finding]:
    """Yield at most `limit` findings in their order, the first ones of each rule. `findings` is iterated twice."""
    left = shares(Counter(finding.rule for finding in findings), limit)
    for finding in findings:
        if left[finding.rule] > 0:
            left[finding.rule] -= 1
            yield finding


def smallest_of_each(findings: Iterable[Finding], limit: int) -> dict[str, list[Finding]]:
    """Return for each rule those findings that have the smallest fingerprints, at most `limit` in all, by fingerprint.

    A shuffle of the data chooses the same ones. `findings` is iterated twice, and no more than `limit` are kept.
    """
    share = shares(Counter(finding.rule for finding in findings), limit)
    heaps: dict[str, list[tuple[int, int, Finding]]] = {rule: [] for rule in share}
    for number, finding in enumerate(findings):
        heap, item = heaps[finding.rule], (-int(finding.fingerprint or "0", 16), -number, finding)
        if len(heap) < share[finding.rule]:
            heapq.heappush(heap, item)
        else:
            heapq.heappushpop(heap, item)
    return {rule: [finding for _, _, finding in sorted(heap, reverse=True)] for rule, heap in heaps.items()}
