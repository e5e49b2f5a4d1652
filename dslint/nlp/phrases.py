"""Phrases of a lexicon: their words, spelt out, and whether they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from dslint.nlp.lexicon import Entry, Lexicon
from dslint.nlp.words import SIGN, Token, words_of

_GAP = " \t\r\n\xa0-'’_"  # noqa: RUF001 - an apostrophe
_COMMON = frozenset(
    "a an the you your yours he him his she her hers they them their it its we us our my me i in on at of to up off out over all inside around"  # noqa: SIM905
    " and or is are was be been do does did make made go get should would could will can may for with from by little big this".split()
)
Slot = str | frozenset[str]


class Phrase(NamedTuple):
    """A phrase, word by word: each slot is a word, or a set of which one must be there. It is filed under the slot number `at`."""

    slots: tuple[Slot, ...]
    at: int
    text: str
    entry: Entry | None
    """None for a phrase that is fine."""


def spelt_out(lexicon: Lexicon, phrase: str) -> Iterator[list[Slot]]:
    """Yield the variants of a phrase as slots: the single words of a set share one slot, its longer members make variants of their own."""
    if "{" not in phrase:
        yield [*words_of(phrase)]
        return
    options: list[list[list[Slot]]] = []
    for part in lexicon.parts(phrase):
        if isinstance(part, str):
            options.append([[*words_of(part)]])
            continue
        options.append(_members(part))
    for variant in product(*options):
        yield [slot for slots in variant for slot in slots]


@lru_cache(maxsize=256)
def _members(words: tuple[str, ...]) -> list[list[Slot]]:
    """Return the ways to fill the place of a set in a phrase."""
    members = [words_of(member) for member in words]
    single = frozenset(member[0] for member in members if len(member) == 1)
    longer: list[list[Slot]] = [[*member] for member in members if len(member) > 1]
    return [[single], *longer] if single else longer


def follows(text: str, tokens: Sequence[Token], position: int, phrase: Phrase) -> bool:
    """Say whether the words of a phrase stand around its rarest one, with nothing between them but space, hyphens and apostrophes."""
    first = position - phrase.at
    for number, slot in enumerate(phrase.slots, start=first):
        word = tokens[number].word
        if number != position and not (word == slot if isinstance(slot, str) else word in slot):
            return False
        if number > first and text[tokens[number - 1].end : tokens[number].start].strip(_GAP):
            return False
    return True


def commonness(slot: Slot) -> tuple[bool, bool, int]:
    """Return a key by which the words of a phrase are ordered: sets last, then common words, then short ones."""
    return not isinstance(slot, str), slot in _COMMON, -len(slot)


def any_of(phrases: Mapping[str, Entry]) -> re.Pattern[str] | None:
    """Return a pattern for any of the phrases; those with signs in them (`s&m`) stand by themselves unless their entry says otherwise."""
    if not phrases:
        return None
    return re.compile(
        "|".join(
            _alternative(phrase, phrases[phrase])
            for phrase in sorted(phrases, key=len, reverse=True)
        )
    )


def _alternative(phrase: str, entry: Entry) -> str:
    """Return the pattern of a phrase. It begins with its first letter, never with what must not stand before: `re` leaps to a set of letters."""
    first, rest = re.escape(phrase[0]), re.escape(phrase[1:])
    return (
        f"{first}{rest}"
        if entry.inside or not SIGN.search(phrase)
        else rf"{first}(?<!\w{first}){rest}(?!\w)"
    )
