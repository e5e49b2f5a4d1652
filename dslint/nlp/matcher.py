"""Find the terms of lexicons in texts, with offsets in code points of the original text.

A text is split at white space, which Python does fast, and each distinct piece is examined once in
a run: most pieces contain no first word of a term, so most texts are ruled out by a comparison of
sets. Only the remaining texts are tokenized. Thousands of terms cost as much as ten.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, chain, compress
from operator import attrgetter, itemgetter
from typing import NamedTuple

from msgspec import Struct

from dslint.data.batch import Batch
from dslint.nlp.lexicon import Entry, Lexicon
from dslint.nlp.obfuscation import (
    ODD,
    SYMBOLIC,
    apart,
    fits,
    is_spelt,
    least_letters,
    letters_of,
    readings,
    spelt,
)
from dslint.nlp.phrases import Phrase, Slot, any_of, commonness, follows, spelt_out
from dslint.nlp.words import SIGN, UNSPACED, Addresses, Token, mapped, normal, tokens_of, words_of

_NEAR = 12
"""Number of words before and after a term that are searched for its `unless`."""
_KEPT = 1_000_000
"""Maximum number of pieces that are remembered to contain no term."""
_LONGEST = 40
"""Maximum length of a remembered piece in code points: longer ones are rarely repeated."""


class Hit(Struct, frozen=True, gc=False):
    """A term in a text, from `start` to `end`.

    `plain` is false if it is obfuscated (`sh1t`, `s h i t`, `shiiit`).
    """

    start: int
    end: int
    entry: Entry
    plain: bool = True


_START = itemgetter(0)
_BEGIN, _END, _PLAIN = attrgetter("start"), attrgetter("end"), attrgetter("plain")


def pieces(batch: Batch, roles: Sequence[str]) -> list[list[str]]:
    """Return the texts of a batch split at white space; cached for all matchers."""
    return batch.cached(
        ("pieces", *roles), lambda made: [text.split() for text in made.texts(roles).strings]
    )


class _Cache(NamedTuple):
    """A cache for all matchers of a batch: long pieces in the form for comparison, and tokens."""

    pieces: dict[str, tuple[str, list[str]]]
    distinct: dict[str, set[str]]
    tokens: dict[str, list[Token]]
    spelt: dict[str, list[tuple[int, int]]]

    def piece(self, piece: str) -> tuple[str, list[str]]:
        """Return a piece in the form for comparison, and its words."""
        if len(piece) <= _LONGEST:
            return _compared(piece)
        if piece not in self.pieces:
            self.pieces[piece] = _compared(piece)
        return self.pieces[piece]

    def distinct_words(self, text: str) -> set[str]:
        """Return the words of a text, each once: few texts hold one that is sought."""
        if text not in self.distinct:
            self.distinct[text] = set(words_of(text))
        return self.distinct[text]

    def words(self, text: str) -> list[Token]:
        """Return the words of a text with their spans."""
        if text not in self.tokens:
            self.tokens[text] = tokens_of(text)
        return self.tokens[text]

    def spelt_words(self, text: str) -> list[tuple[int, int]]:
        """Return where the words of a text stand whose letters are set apart."""
        if text not in self.spelt:
            self.spelt[text] = list(spelt(text))
        return self.spelt[text]


def _new_cache() -> _Cache:
    return _Cache({}, {}, {}, {})


def _compared(piece: str) -> tuple[str, list[str]]:
    whole = normal(piece)
    return whole, [whole] if whole.isalpha() else words_of(piece)


def _distinct(batch: Batch, roles: Sequence[str]) -> set[str]:
    return batch.cached(
        ("distinct pieces", *roles), lambda made: set[str]().union(*pieces(made, roles))
    )


class Matcher:
    """The terms of lexicons, indexed for search.

    Only complete words match, in any case and any Unicode form; there may be hyphens or line ends
    between the words of a phrase. With `disguises`, words of four letters or more are also found
    if letters are repeated (three or more in a row), replaced by digits or signs, masked by
    stars, or separated. A term inside one of the phrases in `allow`, or inside an exception of an
    entry, is not found. Of terms that overlap, the first and longest is found; with
    `overlapping`, those of every entry are.
    """

    def __init__(
        self,
        lexicons: Iterable[Lexicon],
        *,
        disguises: bool = False,
        overlapping: bool = False,
        allow: Iterable[str] = (),
    ) -> None:
        self._disguises = disguises
        self._overlapping = overlapping
        self._at: dict[str, list[Phrase]] = {}
        self._anchors: set[str] = set()
        self._within: dict[str, Entry] = {}
        self._nearby: dict[int, frozenset[str]] = {}
        for lexicon in lexicons:
            for entry in lexicon.entries:
                self._add(lexicon, entry)
        for phrase in allow:
            self._index((words_of(phrase),), phrase, None)
        self._dull: set[str] = set()
        self._hot: set[str] = set()
        self._letters: set[str] = set()
        self._meant: dict[str, str] = {}
        self._masked: dict[str, str] = {}

    def _add(self, lexicon: Lexicon, entry: Entry) -> None:
        for phrase in (entry.term, *entry.forms):
            plain = phrase.replace("{", "").replace("}", "")
            if entry.inside or SIGN.search(plain) or UNSPACED.search(plain):
                self._within.setdefault(normal(phrase), entry)
            if not SIGN.search(plain):
                self._index(spelt_out(lexicon, phrase), phrase, entry)
        for phrase in entry.exceptions:
            self._index(spelt_out(lexicon, phrase), phrase, None)
        if entry.unless:
            self._nearby[id(entry)] = frozenset(map(normal, lexicon.spelled(entry.unless)))

    def _index(self, variants: Iterable[Sequence[Slot]], text: str, entry: Entry | None) -> None:
        """Index a phrase under its rarest word, from which the other words are compared."""
        for slots in variants:
            if not slots:
                continue
            at = (
                min(range(len(slots)), key=lambda number: commonness(slots[number]))
                if len(slots) > 1
                else 0
            )
            slot = slots[at]
            for word in (slot,) if isinstance(slot, str) else slot:
                self._at.setdefault(word, []).append(Phrase(tuple(slots), at, text, entry))
                if entry is not None:
                    self._anchors.add(word)

    def search(self, batch: Batch, roles: Sequence[str]) -> Iterator[tuple[int, list[Hit]]]:
        """Yield the number, in `batch.texts(roles)`, and the hits of each text with a term."""
        found = _distinct(batch, roles)
        seen = batch.shared("seen by matchers", _new_cache)
        hot = self._hot_among(found, seen)
        letters = found & self._letters
        if not hot and not letters:
            return
        items = batch.texts(roles).items
        for number, held in enumerate(pieces(batch, roles)):
            text = items[number].text
            if not hot.isdisjoint(held) or (
                not letters.isdisjoint(held) and next(apart(text), None) is not None
            ):
                hits = self.find(text, seen)
                if hits:
                    yield number, hits

    def find(self, text: str, seen: _Cache | None = None) -> list[Hit]:
        """Return the terms in a text, in order. `seen` is what is known of its batch."""
        seen = seen or _new_cache()
        hits, fine = self._words(text, seen)
        hits.extend(self._inside(text, seen))
        if self._disguises:
            hits.extend(self._disguised(text, seen))
        kept: list[Hit] = []
        ends: dict[int, int] = {}
        fine.sort()
        reach = list(accumulate((end for _, end in fine), max, initial=-1))
        hits.sort(key=_PLAIN, reverse=True)
        hits.sort(key=_END, reverse=True)
        hits.sort(key=_BEGIN)
        for hit in hits:
            rival = id(hit.entry) if self._overlapping else 0
            if hit.start >= ends.get(rival, 0) and not (
                fine and hit.end <= reach[bisect_right(fine, hit.start, key=_START)]
            ):
                ends[rival] = hit.end
                kept.append(hit)
        addresses = Addresses(text)
        return [hit for hit in kept if not addresses.hold(hit.start)]

    def _words(self, text: str, seen: _Cache) -> tuple[list[Hit], list[tuple[int, int]]]:
        """Return the terms that stand there as words, and where the phrases are that are fine."""
        hits: list[Hit] = []
        fine: list[tuple[int, int]] = []
        odd = self._disguises and ODD.search(text) is not None
        filed: dict[str, tuple[list[Phrase], bool]] = {}
        for word in seen.distinct_words(text):
            known = self._known(word) if odd else word
            if known in self._at:
                filed[word] = (self._at[known], known == word)
        if not filed:
            return hits, fine
        tokens = seen.words(text)
        for position, token in enumerate(tokens):
            if token.word not in filed:
                continue
            phrases, plain = filed[token.word]
            for phrase in phrases:
                first = position - phrase.at
                last = first + len(phrase.slots) - 1
                if (
                    first < 0
                    or last >= len(tokens)
                    or not (first == last or follows(text, tokens, position, phrase))
                ):
                    continue
                start, end, entry = tokens[first].start, tokens[last].end, phrase.entry
                if entry is None:
                    fine.append((start, end))
                elif (not entry.cased or text[start:end] == phrase.text) and not self._explained(
                    entry, tokens, first, last
                ):
                    hits.append(Hit(start, end, entry, plain))
        return hits, fine

    def _explained(self, entry: Entry, tokens: Sequence[Token], first: int, last: int) -> bool:
        """Return whether a word near the term shows that it has another meaning."""
        words = self._nearby.get(id(entry))
        return words is not None and any(
            token.word in words for token in tokens[max(0, first - _NEAR) : last + _NEAR + 1]
        )

    def _hot_among(self, found: set[str], seen: _Cache) -> set[str]:
        """Return the pieces in which a term may begin; each piece is examined only once."""
        fresh = found - self._dull - self._hot
        if len(self._dull) > _KEPT:
            self._dull.clear()
        hot = {piece for piece in fresh if self._may_hold(piece, seen)}
        self._hot.update(piece for piece in hot if len(piece) <= _LONGEST)
        if self._disguises:
            self._letters.update(
                piece for piece in fresh if len(piece) <= _LONGEST and is_spelt(piece)
            )
        self._dull.update(piece for piece in fresh - hot if len(piece) <= _LONGEST)
        return hot | (found & self._hot)

    def _may_hold(self, piece: str, seen: _Cache) -> bool:
        whole, words = seen.piece(piece)
        if any(self._known(word) in self._anchors for word in words) or (
            self._heads is not None and self._heads.search(whole)
        ):
            return True
        return (
            self._disguises
            and not piece.isalnum()
            and any(map(self._term_behind, SYMBOLIC.findall(piece)))
        )

    @cached_property
    def _inner(self) -> re.Pattern[str] | None:
        """A pattern of the terms that also match inside longer words."""
        return any_of(self._within)

    @cached_property
    def _heads(self) -> re.Pattern[str] | None:
        """A pattern of these terms, cut at their first space."""
        return any_of({phrase.split()[0]: entry for phrase, entry in self._within.items()})

    def _inside(self, text: str, seen: _Cache) -> Iterator[Hit]:
        if self._inner is None or not self._inner.search(normal(text)):
            return
        tokens = seen.words(text)
        folded, places = mapped(text)
        begins = list(map(_BEGIN, tokens))
        for found in self._inner.finditer(folded):
            entry = self._within[found[0]]
            start, end = (
                (found.start(), found.end())
                if places is None
                else (places[found.start()], places[found.end()])
            )
            around = bisect_right(begins, start) - 1
            if around < 0 or start >= tokens[around].end:
                around = 0
            elif entry.inside and not UNSPACED.match(found[0]):
                # Report the longer word, which is also what `exceptions` name.
                start, end = tokens[around].start, tokens[around].end
            if not self._explained(entry, tokens, around, around):
                yield Hit(start, end, entry)

    def _disguised(self, text: str, seen: _Cache) -> Iterator[Hit]:
        """Yield words with signs for letters, and words whose letters stand apart."""
        singles, nearby = self._singles, self._nearby
        ends: list[int] = []
        for word, start, end in chain(self._signed(text), self._apart(text, seen)):
            entry = singles[word]
            if id(entry) in nearby:
                tokens = seen.words(text)
                ends = ends or list(map(_END, tokens))
                at = bisect_right(ends, start) % max(1, len(tokens))
                if self._explained(entry, tokens, at, at):
                    continue
            yield Hit(start, end, entry, False)  # by position: a long text may hold a million

    def _signed(self, text: str) -> Iterator[tuple[str, int, int]]:
        known = self._masked.get
        for found in SYMBOLIC.finditer(text):
            written = found[0]
            word = known(written)
            if word is None:
                word = self._term_behind(written)
            if word:
                start = found.start()
                yield word, start, start + len(written.rstrip("!*|#+"))

    def _apart(self, text: str, seen: _Cache) -> Iterator[tuple[str, int, int]]:
        singles, heads = self._singles, self._sizes
        for first, last in seen.spelt_words(text):
            letters = letters_of(text, first, last)
            run = normal(letters)
            if len(run) != len(letters) or (len(run) == 3 and run not in singles):
                continue
            places: list[int] = []
            begin = 0
            while begin < len(run):
                sizes = (3,) if len(run) == 3 else heads.get(run[begin : begin + 4])
                if sizes is None:
                    begin += 1
                    continue
                for size in sizes:
                    if begin + size <= len(run) and run[begin : begin + size] in singles:
                        places = places or list(
                            compress(range(first, last), map(str.isalpha, text[first:last]))
                        )
                        yield run[begin : begin + size], places[begin], places[begin + size - 1] + 1
                        begin += size
                        break
                else:
                    begin += 1

    @cached_property
    def _sizes(self) -> dict[str, list[int]]:
        """The lengths of one-word terms, longest first, by their first four letters."""
        sizes: defaultdict[str, set[int]] = defaultdict(set)
        for word in self._singles:
            if len(word) >= 4:
                sizes[word[:4]].add(len(word))
        return {head: sorted(found, reverse=True) for head, found in sizes.items()}

    @cached_property
    def _singles(self) -> dict[str, Entry]:
        """The entries of one-word terms that may be obfuscated."""
        found: dict[str, Entry] = {}
        for word, filed in self._at.items():
            for phrase in filed:
                if len(phrase.slots) == 1 and phrase.entry is not None and not phrase.entry.cased:
                    found.setdefault(word, phrase.entry)
        return found

    def _known(self, word: str) -> str:
        """Return the word that a word stands for: itself, or the term that it obfuscates."""
        if not self._disguises or word in self._at or len(word) < 3 or len(word) > _LONGEST:
            return word
        if not ODD.search(word) or 2 * sum(map(str.isalpha, word)) < len(word):
            return word
        if len(self._meant) > _KEPT:
            self._meant.clear()
        if word not in self._meant:
            self._meant[word] = self._reading(word)
        return self._meant[word]

    def _reading(self, word: str) -> str:
        return next(
            (
                plain
                for plain in readings(word)
                if len(plain) >= least_letters(word) and plain in self._singles
            ),
            word,
        )

    def _term_behind(self, word: str) -> str:
        """Return the term behind a word with signs, or nothing; each word is examined only once."""
        if len(word) > _LONGEST:
            return self._unmasked(word)
        if len(self._masked) > _KEPT:
            self._masked.clear()
        if word not in self._masked:
            self._masked[word] = self._unmasked(word)
        return self._masked[word]

    def _unmasked(self, word: str) -> str:
        """Return the term behind a word with signs, or nothing."""
        word = normal(word).rstrip("!*|#+")
        letters = sum(map(str.isalpha, word))
        if letters < 2 or 2 * letters < len(word) or word.isalnum() or len(word) > _LONGEST:
            return ""
        if "*" in word or "#" in word:
            return next(
                (
                    plain
                    for plain in self._by_shape[word[0], len(word)]
                    if len(word) >= 4 and fits(word, plain)
                ),
                "",
            )
        return next(
            (plain for plain in readings(word) if len(plain) >= 3 and plain in self._singles), ""
        )

    @cached_property
    def _by_shape(self) -> defaultdict[tuple[str, int], list[str]]:
        """One-word terms by first letter and length."""
        shapes: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(self._singles):
            shapes[word[0], len(word)].append(word)
        return shapes
