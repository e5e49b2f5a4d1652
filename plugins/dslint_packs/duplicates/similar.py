"""Records that are alike: what is kept of each one, and the pairs that this leads to, verified."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from dslint.plugin import (
    Batch,
    Columns,
    Confidence,
    DatasetRule,
    Finding,
    Location,
    Measure,
    Observer,
    Record,
    Source,
    State,
    sameness,
)
from dslint_packs.duplicates.normalize import normalize
from dslint_packs.duplicates.normalized_texts import plain_texts
from dslint_packs.duplicates.shingles import Kind, Shingling, parts, plain, shingle_set, shingling

FEW, FEW_CHARACTERS = 64, 100_000
"""So few records are compared each with each: importing numpy takes longer."""


@dataclass(frozen=True)
class Sketches(Observer):
    """A MinHash sketch of each record that has a text, and a digest of the text.

    A row of `long` holds the sketch for long texts; a text near the border has two rows. The sketch of a small batch is left empty, to be made when
    there turns out to be more.
    """

    sees = "all"
    state = {"same": "binary[8]", "size": "int32", "long": "bool", "sketch": "binary"}  # noqa: RUF012 - a declaration, never changed

    threshold: float
    shingle: str
    permutations: int
    roles: tuple[str, ...]

    @cached_property
    def shingling(self) -> Shingling:
        """How texts are cut."""
        return shingling(self.shingle)

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each record, two for one whose size is near the border of the kinds of shingles."""
        positions: list[int] = []
        texts: list[str] = []
        long: list[bool] = []
        for position, text in plain_texts(batch, self.roles).items():
            for kind in self.shingling.kinds(len(text), self.threshold):
                positions.append(position)
                texts.append(text)
                long.append(kind is self.shingling.long)
        sizes = list(map(len, texts))
        few = len(texts) <= FEW and sum(sizes) <= FEW_CHARACTERS
        return {
            "record": positions,
            "same": [sameness(text)[:8] for text in texts],
            "size": sizes,
            "long": long,
            "sketch": [b""] * len(texts) if few else self.sketched(texts, long),
        }

    def sketched(self, texts: Sequence[str], long: Sequence[bool]) -> list[bytes]:
        """Return the sketches of texts, by the kind of shingles that is said for each."""
        from dslint_packs.duplicates.hashing import hashes
        from dslint_packs.duplicates.minhash import sketches

        made = [b""] * len(texts)
        for which in set(long):
            places = [number for number, value in enumerate(long) if value == which]
            chosen = [texts[number] for number in places]
            rows = (
                row
                for part in parts(chosen)
                for row in sketches(*hashes(part, self.kind(long=which)), self.permutations)
            )
            for place, row in zip(places, rows, strict=True):
                made[place] = row.tobytes()
        return made

    def kind(self, *, long: bool) -> Kind:
        """Return the shingles of long texts, or of short ones."""
        return self.shingling.long if long else self.shingling.short

    def text(self, record: Record) -> str:
        """Return the text of a record that is compared."""
        return plain([part.text for part in record.texts(self.roles)])


class Match(NamedTuple):
    """A record that is like an earlier one: both, how alike, and their group: its first record and how many it has."""

    later: Any
    earlier: Any
    similarity: float
    first: Any
    group: int


class SimilarRule(DatasetRule):
    """A rule that flags each record that is like an earlier one."""

    sees = "all"
    measures = {  # noqa: RUF012 - a declaration, never changed
        "in-groups": "share of the records with text that are in a group of records that are alike",
        "largest-group": "records in the largest of these groups",
    }
    how: ClassVar[str] = "similar"
    """What a finding says of two records."""
    confidence: ClassVar[Confidence] = Confidence.HIGH

    @abstractmethod
    def matches(self, state: State, source: Source) -> list[Match]:
        """Return for each record the most similar one of those before it that are similar enough."""

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that is like an earlier one."""
        found = self.matches(state, source) if len(state) else []
        groups = {(match.first.file, match.first.row): match.group for match in found}
        if len(state):
            yield Measure("in-groups", sum(groups.values()) / len(state))
            yield Measure("largest-group", max(groups.values(), default=0))
        for match in found:
            before, first = state.at(match.earlier), state.at(match.first)
            message = f"{match.similarity:.2f} {self.how} to {before.place}"
            if match.group > 2:
                message += f", one of {match.group:,} from {first.place} on"
            yield self.finding(
                state.at(match.later),
                message,
                confidence=self.confidence,
                related=[before] if before == first else [before, first],
                score=match.similarity,
            )


def matches(
    state: State, source: Source, how: Sketches, apart: Callable[[Any], Any] | None = None
) -> list[Match]:
    """Return for each record the most similar one of those before it that are similar enough, and not equal after normalising.

    With `apart`, a sort key of what the column `split` holds, the order of splits comes first, and only records of different splits are compared.
    Rows without a size, and with `apart` those without a split, are not looked at.
    """
    few = list(state.rows()) if len(state) <= FEW else []
    if len(few) == len(state) and sum(row.size or 0 for row in few) <= FEW_CHARACTERS:
        few, times = _distinct(few, apart)
        return best(
            _compared(few, texts_at(few, state, source, how.text), how, apart),
            times,
            lambda numbers: [few[number] for number in numbers],
        )
    from dslint_packs.duplicates.candidates import similar
    from dslint_packs.duplicates.text_store import Distinct

    texts = Distinct(state, source, how.text, apart)
    return best(similar(texts, how), texts.times.tolist(), texts.rows)


def texts_at(
    rows: Sequence[Any], state: State, source: Source, text: Callable[[Record], str]
) -> list[str]:
    """Return the texts of the records of some rows, read again."""
    places = [(at.path, at.row) for at in map(state.at, rows)]
    found = {
        (record.path, record.row): text(record)
        for record in source.records(Location(*place) for place in places)
    }
    return [found[path or "", row or 0] for path, row in places]


def _distinct(rows: list[Any], apart: Callable[[Any], Any] | None) -> tuple[list[Any], list[int]]:
    """Return rows in their natural order, each text once, and how often it is there."""
    found: dict[Any, list[Any]] = {}
    if apart is not None:
        rows = [row for row in rows if row.split is not None]
    for row in sorted(
        (row for row in rows if row.size),
        key=lambda row: (() if apart is None else apart(row.split), row[:5]),
    ):
        found.setdefault((None if apart is None else row.split, row.same, row.long), []).append(row)
    return [equal[0] for equal in found.values()], [len(equal) for equal in found.values()]


def _compared(
    rows: list[Any], texts: list[str], how: Sketches, apart: Callable[[Any], Any] | None
) -> Iterator[tuple[int, int, float]]:
    """Compare each with each; yield the pairs that are similar enough, and how similar."""
    sets = [
        shingle_set(text, how.kind(long=row.long)) for text, row in zip(texts, rows, strict=True)
    ]
    for number, later in enumerate(rows):
        for other, earlier in enumerate(rows[:number]):
            if later.long != earlier.long or (apart is not None and later.split == earlier.split):
                continue
            both = len(sets[number] & sets[other])
            similarity = both / (len(sets[number]) + len(sets[other]) - both)
            if similarity >= how.threshold and normalize(texts[number]) != normalize(texts[other]):
                yield other, number, similarity


def best(
    pairs: Iterable[tuple[int, int, float]],
    times: Sequence[int],
    rows: Callable[[list[int]], Sequence[Any]],
) -> list[Match]:
    """Return for each later record its most similar earlier one, the first of those equally similar, and the group to which the pairs join it.

    Records are numbers, of which `rows` gives the rows; `times` says how often the text of each is there.
    """
    best: dict[int, tuple[float, int]] = {}
    parent: dict[int, int] = {}

    def root(number: int) -> int:
        while (above := parent.setdefault(number, number)) != number:
            parent[number] = parent[above]
            number = above
        return number

    for earlier, later, similarity in pairs:
        best[later] = min(best.get(later, (0.0, 0)), (-similarity, earlier))
        one, other = sorted((root(earlier), root(later)))
        parent[other] = one
    sizes = Counter[int]()
    for number in parent:
        sizes[root(number)] += times[number]
    numbers = sorted(parent)
    row = dict(zip(numbers, rows(numbers), strict=True))
    return [
        Match(row[later], row[earlier], -similarity, row[root(later)], sizes[root(later)])
        for later, (similarity, earlier) in sorted(best.items())
    ]
