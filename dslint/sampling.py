"""Fair shares of a bounded report: where not all findings can be shown, each rule shows some."""

from __future__ import annotations

import heapq
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


def first_of_each(findings: Iterable[Finding], share: Mapping[str, int]) -> Iterator[Finding]:
    """Yield the first findings of each rule, as many as its share, in their order."""
    left = dict(share)
    for finding in findings:
        if left[finding.rule] > 0:
            left[finding.rule] -= 1
            yield finding


def smallest_of_each(findings: Iterable[Finding], share: Mapping[str, int]) -> dict[str, list[Finding]]:
    """Return for each rule those findings that have the smallest fingerprints, as many as its share, by fingerprint.

    A shuffle of the data chooses the same ones.
    """
    heaps: dict[str, list[tuple[int, int, Finding]]] = {rule: [] for rule in share}
    for number, finding in enumerate(findings):
        heap, item = heaps[finding.rule], (-int(finding.fingerprint or "0", 16), -number, finding)
        if len(heap) < share[finding.rule]:
            heapq.heappush(heap, item)
        else:
            heapq.heappushpop(heap, item)
    return {rule: [finding for _, _, finding in sorted(heap, reverse=True)] for rule, heap in heaps.items()}
