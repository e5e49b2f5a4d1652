"""Records that are alike: what is kept of each one, and the pairs that this leads to, verified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from dslint.plugin import Batch, Columns, Observer, Record, Source, State, digest
from dslint_duplicates.normalize import normalize
from dslint_duplicates.shingles import Kind, Shingling, parts, plain, shingle_set, shingling

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
        flat = batch.texts(self.roles)
        pieces: dict[int, list[str]] = {}
        for position, item in zip(flat.positions, flat.items, strict=True):
            pieces.setdefault(position, []).append(item.text)
        positions: list[int] = []
        texts: list[str] = []
        long: list[bool] = []
        for position, found in pieces.items():
            if text := plain(found):
                for kind in self.shingling.kinds(len(text), self.threshold):
                    positions.append(position)
                    texts.append(text)
                    long.append(kind is self.shingling.long)
        sizes = list(map(len, texts))
        few = len(texts) <= FEW and sum(sizes) <= FEW_CHARACTERS
        return {
            "record": positions,
            "same": [digest(text)[:8] for text in texts],
            "size": sizes,
            "long": long,
            "sketch": [b""] * len(texts) if few else self.sketched(texts, long),
        }

    def sketched(self, texts: Sequence[str], long: Sequence[bool]) -> list[bytes]:
        """Return the sketches of texts, by the kind of shingles that is said for each."""
        from dslint_duplicates.hashing import hashes
        from dslint_duplicates.minhash import sketches

        made = [b""] * len(texts)
        for which in set(long):
            places = [number for number, value in enumerate(long) if value == which]
            chosen = [texts[number] for number in places]
            rows = (row for part in parts(chosen) for row in sketches(*hashes(part, self.kind(long=which)), self.permutations))
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


def matches(state: State, source: Source, how: Sketches, apart: Callable[[Any], Any] | None = None) -> list[Match]:
    """Return for each record the most similar one of those before it that are similar enough, and not equal after normalising.

    With `apart`, a sort key of what the column `split` holds, the order of splits comes first, and only records of different splits are compared.
    Rows without a size, and with `apart` those without a split, are not looked at.
    """
    few = list(state.rows()) if len(state) <= FEW else []
    if few and sum(row.size or 0 for row in few) <= FEW_CHARACTERS:
        few, times = _distinct(few, apart)
        found = _best(_compared(few, texts_at(few, state, source, how), how, apart), times)
        rows = dict(enumerate(few))
    else:
        from dslint_duplicates.many import Many

        many = Many(state, source, how, apart)
        found = _best(many.similar(), many.times)
        numbers = sorted({number for match in found for number in (match.later, match.earlier, match.first)})
        rows = dict(zip(numbers, many.rows(numbers), strict=True))
    return [match._replace(later=rows[match.later], earlier=rows[match.earlier], first=rows[match.first]) for match in found]


def texts_at(rows: Sequence[Any], state: State, source: Source, how: Sketches) -> list[str]:
    """Return the texts of the records of some rows, read again."""
    places = [state.at(row) for row in rows]
    found = {(record.path, record.row): how.text(record) for record in source.records(places)}
    return [found[at.path or "", at.row or 0] for at in places]


def _distinct(rows: list[Any], apart: Callable[[Any], Any] | None) -> tuple[list[Any], list[int]]:
    """Return rows in their natural order, each text once, and how often it is there."""
    found: dict[Any, list[Any]] = {}
    if apart is not None:
        rows = [row for row in rows if row.split is not None]
    for row in sorted((row for row in rows if row.size), key=lambda row: (() if apart is None else apart(row.split), row[:5])):
        found.setdefault((None if apart is None else row.split, row.same, row.long), []).append(row)
    return [equal[0] for equal in found.values()], [len(equal) for equal in found.values()]


def _compared(rows: list[Any], texts: list[str], how: Sketches, apart: Callable[[Any], Any] | None) -> Iterator[tuple[int, int, float]]:
    """Compare each with each; yield the pairs that are similar enough, and how similar."""
    sets = [shingle_set(text, how.kind(long=row.long)) for text, row in zip(texts, rows, strict=True)]
    for number, later in enumerate(rows):
        for other, earlier in enumerate(rows[:number]):
            if later.long != earlier.long or (apart is not None and later.split == earlier.split):
                continue
            both = len(sets[number] & sets[other])
            similarity = both / (len(sets[number]) + len(sets[other]) - both)
            if similarity >= how.threshold and normalize(texts[number]) != normalize(texts[other]):
                yield other, number, similarity


def _best(pairs: Iterable[tuple[int, int, float]], times: Sequence[int]) -> list[Match]:
    """Return for each later record its most similar earlier one, the first of those equally similar, and the group to which the pairs join it."""
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
    return [Match(later, earlier, -similarity, root(later), sizes[root(later)]) for later, (similarity, earlier) in sorted(best.items())]
