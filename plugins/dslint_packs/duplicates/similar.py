"""Similar records: what is kept of each record, and the verified pairs found from it."""

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
    secure_digest,
)
from dslint_packs.duplicates.normalize import normalize
from dslint_packs.duplicates.normalized_texts import plain_texts
from dslint_packs.duplicates.shingles import Kind, Shingling, chunks, plain, shingle_set, shingling

FEW, FEW_CHARACTERS = 64, 100_000
"""Up to this many records (and characters), all are compared: importing numpy takes longer."""


@dataclass(frozen=True)
class Sketches(Observer):
    """A MinHash sketch of each record that has a text, and a digest of the text.

    A row with `long` has a sketch of the shingles for long texts; a text near the border has two
    rows. The sketches of a small batch are left empty, and made later if there are more records.
    """

    sees = "all"
    state = {  # noqa: RUF012 - a declaration, never changed
        "same": "binary[8]",
        "size": "int32",
        "long": "bool",
        "sketch": "binary",
    }

    threshold: float
    shingle: str
    permutations: int
    roles: tuple[str, ...]

    @cached_property
    def shingling(self) -> Shingling:
        """How texts are cut into shingles."""
        return shingling(self.shingle)

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each record, or two if its length is near the border of the kinds."""
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
            "same": [secure_digest(text)[:8] for text in texts],
            "size": sizes,
            "long": long,
            "sketch": [b""] * len(texts) if few else self.sketch(texts, long),
        }

    def sketch(self, texts: Sequence[str], long: Sequence[bool]) -> list[bytes]:
        """Return the sketches of texts; `long` gives the kind of shingles of each."""
        from dslint_packs.duplicates.hashing import hashes
        from dslint_packs.duplicates.minhash import sketches

        result = [b""] * len(texts)
        for value in set(long):
            numbers = [number for number, each in enumerate(long) if each == value]
            chosen = [texts[number] for number in numbers]
            rows = (
                row
                for chunk in chunks(chosen)
                for row in sketches(*hashes(chunk, self.kind(long=value)), self.permutations)
            )
            for number, row in zip(numbers, rows, strict=True):
                result[number] = row.tobytes()
        return result

    def kind(self, *, long: bool) -> Kind:
        """Return the kind of shingles of long texts, or of short ones."""
        return self.shingling.long if long else self.shingling.short

    def text(self, record: Record) -> str:
        """Return the text of a record that is compared."""
        return plain([part.text for part in record.texts(self.roles)])


class Match(NamedTuple):
    """A record and the earlier one that it is similar to, with their similarity and group.

    The group is given by its first record and its number of records.
    """

    later: Any
    earlier: Any
    similarity: float
    first: Any
    group: int


class SimilarRule(DatasetRule):
    """A rule that flags each record that is similar to an earlier one."""

    sees = "all"
    measures = {  # noqa: RUF012 - a declaration, never changed
        "in-groups": "share of the records with text that are in a group of similar records",
        "largest-group": "number of records in the largest of these groups",
    }
    relation: ClassVar[str] = "similar"
    """How the message of a finding relates two records."""
    confidence: ClassVar[Confidence] = Confidence.HIGH

    @abstractmethod
    def matches(self, state: State, source: Source) -> list[Match]:
        """Return the most similar earlier record of each record that has a similar one."""

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that is similar to an earlier one."""
        found = self.matches(state, source) if len(state) else []
        groups = {(match.first.file, match.first.row): match.group for match in found}
        if len(state):
            yield Measure("in-groups", sum(groups.values()) / len(state))
            yield Measure("largest-group", max(groups.values(), default=0))
        for match in found:
            before, first = state.at(match.earlier), state.at(match.first)
            message = f"{self.relation} to {before.place} ({match.similarity:.2f})"
            if match.group > 2:
                message += f", in a group of {match.group:,} that starts at {first.place}"
            yield self.finding(
                state.at(match.later),
                message,
                confidence=self.confidence,
                related=[before] if before == first else [before, first],
                score=match.similarity,
            )


def matches(
    state: State,
    source: Source,
    sketches: Sketches,
    split_order: Callable[[Any], Any] | None = None,
) -> list[Match]:
    """Return the most similar earlier record of each record that has a similar one.

    Pairs that are equal after normalization are left out. With `split_order`, a sort key for the
    values of the column `split`, splits come first in the order, and only records of different
    splits are compared. Rows without a size, and with `split_order` those without a split, are
    ignored.
    """
    few = list(state.rows()) if len(state) <= FEW else []
    if len(few) == len(state) and sum(row.size or 0 for row in few) <= FEW_CHARACTERS:
        few, times = _unique_texts(few, split_order)
        return best_matches(
            _compare_all(few, texts_at(few, state, source, sketches.text), sketches, split_order),
            times,
            lambda numbers: [few[number] for number in numbers],
        )
    from dslint_packs.duplicates.candidates import similar_pairs
    from dslint_packs.duplicates.text_store import TextStore

    texts = TextStore(state, source, sketches.text, split_order)
    return best_matches(similar_pairs(texts, sketches), texts.times.tolist(), texts.rows)


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


def _unique_texts(
    rows: list[Any], split_order: Callable[[Any], Any] | None
) -> tuple[list[Any], list[int]]:
    """Return rows in their natural order, each text once, and how often each text occurs."""
    found: dict[Any, list[Any]] = {}
    if split_order is not None:
        rows = [row for row in rows if row.split is not None]
    for row in sorted(
        (row for row in rows if row.size),
        key=lambda row: (() if split_order is None else split_order(row.split), row[:5]),
    ):
        found.setdefault(
            (None if split_order is None else row.split, row.same, row.long), []
        ).append(row)
    return [equal[0] for equal in found.values()], [len(equal) for equal in found.values()]


def _compare_all(
    rows: list[Any], texts: list[str], sketches: Sketches, split_order: Callable[[Any], Any] | None
) -> Iterator[tuple[int, int, float]]:
    """Compare all rows with each other; yield the pairs that are similar enough."""
    sets = [
        shingle_set(text, sketches.kind(long=row.long))
        for text, row in zip(texts, rows, strict=True)
    ]
    for number, later in enumerate(rows):
        for other, earlier in enumerate(rows[:number]):
            if later.long != earlier.long or (
                split_order is not None and later.split == earlier.split
            ):
                continue
            both = len(sets[number] & sets[other])
            similarity = both / (len(sets[number]) + len(sets[other]) - both)
            if similarity >= sketches.threshold and normalize(texts[number]) != normalize(
                texts[other]
            ):
                yield other, number, similarity


def best_matches(
    pairs: Iterable[tuple[int, int, float]],
    times: Sequence[int],
    rows: Callable[[list[int]], Sequence[Any]],
) -> list[Match]:
    """Return for each later record its most similar earlier one, and the group that pairs form.

    Of equally similar records the first is taken. Records are numbers, for which `rows` returns
    the rows; `times` is how often the text of each occurs.
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
