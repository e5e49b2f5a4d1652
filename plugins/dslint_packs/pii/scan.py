"""The search that the rules on personal data share.

A prefilter selects the texts that can contain a kind of data; presidio then analyses only these.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from dslint.plugin import HIDDEN, Batch
from dslint_packs.pii.context import boost, near

THRESHOLD = 0.35
"""The minimum presidio score of a hit.

0.5 would drop telephone numbers without a word for telephones nearby.
"""
REGIONS = (
    "US",
    "CA",
    "GB",
    "DE",
    "FR",
    "IL",
    "IN",
    "BR",
    "AT",
    "AU",
    "BE",
    "CH",
    "CN",
    "IE",
    "JP",
    "KR",
    "NL",
    "NZ",
    "SE",
    "VN",
    "ZA",
)
"""Regions of telephone numbers: presidio's, and more in which national numbers begin with a 0."""

_SPACE = r"(?:[ .-]|\xC2\xA0)?"  # a no-break space has two bytes in UTF-8
GATES = {
    "CREDIT_CARD": rf"[0-9]{{4}}(?:{_SPACE}[0-9]){{8}}",
    "IBAN_CODE": rf"[A-Za-z]{{2}}[0-9]{{2}}{_SPACE}[A-Za-z0-9]{{4}}{_SPACE}[A-Za-z0-9]{{4}}",
    "CRYPTO": r"(?:bc1|[13])[a-zA-HJ-NP-Z0-9]{25}|0x[0-9a-fA-F]{40}",
    "EMAIL_ADDRESS": r"@[^\s@.]+\.",
    "US_SSN": r"[0-9]{3}(?:[ .-][0-9]{2}[ .-][0-9]{4}|[0-9]{6})",
    "MAC_ADDRESS": (
        r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}"
        r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"
    ),
    "IP_ADDRESS": (
        r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[0-9A-Fa-f:]::|::[0-9A-Fa-f]"
        r"|[0-9A-Fa-f]:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:"
    ),
    "PHONE_NUMBER": rf"[0-9](?:{_SPACE}[()]?{_SPACE}[0-9]){{6}}",
}
"""Regular expressions on UTF-8 that match in every text in which the recognizer finds something.

There is one for each kind. None matches across a line end.
"""

_PHONE = "PHONE_NUMBER"
EVERYDAY = tuple(name for name in GATES if name != _PHONE)


class Hit(NamedTuple):
    """A span in text `number`, in code points, with presidio's entity type and score."""

    number: int
    start: int
    end: int
    kind: str
    score: float


Recognizers = Callable[[], Mapping[str, Any]]


def scan(
    texts: Sequence[str],
    names: Sequence[str],
    recognizers: Recognizers,
    taken: Sequence[Hit] = (),
    *,
    gated: bool = True,
) -> list[Hit]:
    """Return what the recognizers with these names find, sorted by text and position.

    Of overlapping hits the one with the highest score is kept, and none that overlaps one of
    `taken`. A recognizer without a gate analyses every text. presidio is only imported if a text
    passes a gate.
    """
    taken_in: dict[int, list[Hit]] = {}
    for hit in taken:
        taken_in.setdefault(hit.number, []).append(hit)
    selected = (
        candidates(texts, names) if gated else {number: list(names) for number in range(len(texts))}
    )
    hits: list[Hit] = []
    for number in sorted(selected):
        found = [
            hit
            for name in selected[number]
            for hit in _analyse(number, texts[number], recognizers()[name])
        ]
        hits.extend(_strongest(found, taken_in.get(number, [])))
    return hits


@cache
def _gate(name: str) -> Any:
    import re2  # type: ignore[import-untyped]  # ten times as fast as re on a batch

    return re2.compile(GATES[name].encode("latin-1"))


def candidates(texts: Sequence[str], names: Sequence[str]) -> dict[int, list[str]]:
    """Return the numbers of the texts that can contain something, and the recognizers to run.

    All texts are joined as lines and searched at once.
    """
    encoded = [text.encode(errors="replace") for text in texts]
    joined = b"\n".join(encoded)
    ends = list(accumulate(len(text) + 1 for text in encoded))
    selected: dict[int, list[str]] = {}
    for name in names:
        for number in _matching(_gate(name), joined, ends) if name in GATES else range(len(texts)):
            selected.setdefault(number, []).append(name)
    return selected


def _matching(gate: Any, joined: bytes, ends: Sequence[int]) -> Iterator[int]:
    """Yield the numbers of the texts with a match; after a match, the next text is searched."""
    at = 0
    while match := gate.search(joined, at):
        number = bisect_right(ends, match.start())
        yield number
        at = ends[number]


def _analyse(number: int, text: str, recognizer: Any) -> list[Hit]:
    weigh = getattr(recognizer, "weigh", None)
    hits = []
    for result in recognizer.analyze(text, recognizer.supported_entities, None):
        if weigh:
            score = weigh(text, result.start, result.end, result.score)
        else:
            words = "|".join(filter(None, map(str.lower, recognizer.context or ())))
            score = (
                boost(result.score)
                if words and near(text, result.start, result.end, words)
                else result.score
            )
        if score > 0:
            hits.append(Hit(number, result.start, result.end, result.entity_type, round(score, 2)))
    return hits


def _strongest(hits: list[Hit], taken: list[Hit]) -> list[Hit]:
    spans = sorted((hit.start, hit.end) for hit in taken if hit.score >= THRESHOLD)
    if not spans and all(one.end <= other.start for one, other in pairwise(hits)):
        return hits  # in order and apart, as those of one recognizer mostly are
    best_first = sorted(hits, key=lambda hit: (-hit.score, hit.start - hit.end, hit.start))
    return sorted(hit for hit in best_first if claim(spans, hit.start, hit.end))


def claim(spans: list[tuple[int, int]], start: int, end: int) -> bool:
    """Add a span to a sorted list and return True, or return False if it overlaps one of them."""
    place = bisect_right(spans, (start, end))
    if (place and spans[place - 1][1] > start) or (place < len(spans) and spans[place][0] < end):
        return False
    spans.insert(place, (start, end))
    return True


@cache
def _everyday() -> Mapping[str, Any]:
    from dslint_packs.pii.recognizers import everyday

    return everyday()


@lru_cache(maxsize=8)
def _phone(regions: tuple[str, ...]) -> Mapping[str, Any]:
    from dslint_packs.pii.phone import PhoneNumberRecognizer

    return {_PHONE: PhoneNumberRecognizer(regions)}


def everyday(texts: Sequence[str], *, gated: bool = True) -> list[Hit]:
    """Return the hits of all default kinds except telephone numbers."""
    return scan(texts, EVERYDAY, _everyday, gated=gated)


def phones(
    texts: Sequence[str],
    taken: Sequence[Hit],
    regions: tuple[str, ...] = REGIONS,
    *,
    gated: bool = True,
) -> list[Hit]:
    """Return the telephone numbers that do not overlap `taken`."""
    return scan(texts, (_PHONE,), lambda: _phone(regions), taken, gated=gated)


def everyday_of(batch: Batch) -> list[Hit]:
    """Return `everyday` of all texts of a batch, computed once."""
    return batch.cached("pii", lambda batch: everyday(batch.texts(("all", HIDDEN)).strings))


def everyday_by_kind(batch: Batch) -> Mapping[str, list[Hit]]:
    """Return `everyday` of all texts of a batch by presidio's entity type, computed once."""
    return batch.cached("pii by kind", _by_kind)


def _by_kind(batch: Batch) -> Mapping[str, list[Hit]]:
    found: defaultdict[str, list[Hit]] = defaultdict(list)
    for hit in everyday_of(batch):
        found[hit.kind].append(hit)
    return found
