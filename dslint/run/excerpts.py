"""Excerpts of records around findings, with possible personal data and secrets masked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

from msgspec import Struct, field

from dslint.data.readers.source import DataFile, FileSource
from dslint.errors import InputError
from dslint.helpers.pointers import leaves
from dslint.masking.redact import masks, redact_pointer
from dslint.model import Excerpt, Finding, Passage, Piece
from dslint.reporters.sampling import active, gravest, shares
from dslint.settings import Settings

AROUND = 300
"""Characters shown before and after a span."""
LONGEST = 600
"""Characters shown of a span, or of a text that is flagged as a whole."""
BESIDE = 200
"""Characters shown of a neighbouring text."""
NEIGHBOURS = 2
"""Texts shown before and after the flagged one."""
MARGIN = 10_000
"""Characters searched on either side of what is shown: a value that is cut would not be masked."""
MASK = "[masked]"

Span = tuple[int, int]


class _Hidden(Struct):
    """Findings of sensitive rules in one record: spans by field; None for the whole field."""

    spans: dict[str, list[Span | None]] = field(default_factory=lambda: defaultdict(list))


def excerpts(
    findings: Iterable[Finding],
    files: Iterable[DataFile],
    sensitive: Collection[str],
    settings: Settings,
) -> dict[str, Excerpt]:
    """Return excerpts for at most `settings.excerpts` findings, by fingerprint.

    Each rule gets a fair share, its most severe findings first. The records are read again.
    `sensitive` names the rules whose findings point at personal data or secrets: their spans are
    masked in all excerpts.
    """
    wanted: defaultdict[tuple[str, int], list[Finding]] = defaultdict(list)
    counts = Counter(finding.rule for finding in findings)
    for finding in gravest(findings, active(findings), shares(counts, settings.excerpts)):
        if finding.at.path is not None and finding.at.row is not None:
            wanted[finding.at.path, finding.at.row].append(finding)
    hidden: defaultdict[tuple[str | None, int | None], _Hidden] = defaultdict(_Hidden)
    for finding in findings if any(rule in counts for rule in sensitive) else ():
        at = finding.at
        if finding.rule in sensitive and (at.path, at.row) in wanted:
            hidden[at.path, at.row].spans[at.field].append(
                None if at.start is None or at.end is None else (at.start, at.end)
            )
    source = FileSource(
        {opened.input.path: opened for opened in files},
        {},
        settings.max_record_bytes,
        settings.max_depth,
    )
    made: dict[str, Excerpt] = {}
    try:
        for record in source.records(finding.at for found in wanted.values() for finding in found):
            texts = dict(leaves(record.value))
            for finding in wanted[record.path, record.row]:
                made[finding.fingerprint] = excerpt(
                    texts, finding, hidden[record.path, record.row].spans
                )
    except InputError:  # the file has changed since; a report may lack excerpts
        return made
    return made


def excerpt(
    texts: dict[str, str], finding: Finding, hidden: dict[str, list[Span | None]]
) -> Excerpt:
    """Return the passages of a record, given as texts by field, around what a finding is about.

    Return none if the field of a sensitive finding is not among the texts: the value could be in
    any of them.
    """
    if not hidden.keys() <= texts.keys():
        return ()
    names = list(texts)
    about = finding.at.field
    flagged = [
        number
        for number, name in enumerate(names)
        if name == about or (about and name.startswith(f"{about}/"))
    ][: 2 * NEIGHBOURS + 1]
    first, last = (
        (flagged[0] - NEIGHBOURS, flagged[-1] + NEIGHBOURS) if flagged else (0, 2 * NEIGHBOURS)
    )
    passages = []
    for name in names[max(first, 0) : last + 1]:
        span = (
            (finding.at.start, finding.at.end)
            if name == about and finding.at.start is not None and finding.at.end is not None
            else None
        )
        whole = span is None and bool(about) and (name == about or name.startswith(f"{about}/"))
        passages.append(
            Passage(
                redact_pointer(name),
                tuple(_pieces(texts[name], span, hidden.get(name, ()), whole=whole)),
            )
        )
    return tuple(passages)


def _pieces(
    text: str, span: Span | None, hidden: Iterable[Span | None], *, whole: bool
) -> Iterator[Piece]:
    low, high = (
        (span[0] - AROUND, min(span[1], span[0] + LONGEST) + AROUND)
        if span
        else (0, LONGEST if whole else BESIDE)
    )
    low, high = max(low, 0), min(high, len(text))
    marked = span or ((0, len(text)) if whole else (-1, -1))
    masked = [(0, len(text), MASK) if place is None else (*place, MASK) for place in hidden]
    start = max(low - MARGIN, 0)
    masked += [
        (start + one, start + two, label) for one, two, label in masks(text[start : high + MARGIN])
    ]
    cuts = sorted(
        {
            min(max(place, low), high)
            for one, two in [(low, high), marked, *((one, two) for one, two, _ in masked)]
            for place in (one, two)
        }
    )
    if low > 0:
        yield Piece("gap", "")
    before = None
    for one, two in pairwise(cuts):
        inside = marked[0] <= one and two <= marked[1]
        label = next((mask for mask in masked if mask[0] <= one and two <= mask[1]), None)
        if label is None:
            yield Piece("marked" if inside else "plain", text[one:two])
        elif label != before:
            yield Piece("marked" if inside else "masked", label[2])
        before = label
    if high < len(text):
        yield Piece("gap", "")
