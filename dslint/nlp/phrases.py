"""Phrases of a lexicon: their words and variants, and whether a text contains them."""

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
    "a an the you your yours he him his she her hers they them their it its we us our my me i in "  # noqa: SIM905
    "on at of to up off out over all inside around and or is are was be been do does did make "
    "made go get should would could will can may for with from by little big this".split()
)
Slot = str | frozenset[str]


class Phrase(NamedTuple):
    """A phrase as slots: each is a word, or a set of alternative words.

    The phrase is indexed under the slot with the number `at`.
    """

    slots: tuple[Slot, ...]
    at: int
    text: str
    entry: Entry | None
    """None for a phrase that is accepted."""


def spelt_out(lexicon: Lexicon, phrase: str) -> Iterator[list[Slot]]:
    """Yield the variants of a phrase as slots.

    The single words of a set share one slot; each longer member makes its own variant.
    """
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
    """Return the alternatives for a set in a phrase."""
    members = [words_of(member) for member in words]
    single = frozenset(member[0] for member in members if len(member) == 1)
    longer: list[list[Slot]] = [[*member] for member in members if len(member) > 1]
    return [[single], *longer] if single else longer


def follows(text: str, tokens: Sequence[Token], position: int, phrase: Phrase) -> bool:
    """Return whether the words of a phrase surround its rarest one, which is at `position`.

    Only spaces, hyphens, apostrophes and underscores may be between them.
    """
    first = position - phrase.at
    for number, slot in enumerate(phrase.slots, start=first):
        word = tokens[number].word
        if number != position and not (word == slot if isinstance(slot, str) else word in slot):
            return False
        if number > first and text[tokens[number - 1].end : tokens[number].start].strip(_GAP):
            return False
    return True


def commonness(slot: Slot) -> tuple[bool, bool, int]:
    """Return a sort key for the slots of a phrase: rare and long words first, sets last."""
    return not isinstance(slot, str), slot in _COMMON, -len(slot)


def any_of(phrases: Mapping[str, Entry]) -> re.Pattern[str] | None:
    """Return a pattern for any of the phrases.

    Phrases with signs (`s&m`) match only as complete words, unless their entry has `inside`.
    """
    if not phrases:
        return None
    return re.compile(
        "|".join(
            _alternative(phrase, phrases[phrase])
            for phrase in sorted(phrases, key=len, reverse=True)
        )
    )


def _alternative(phrase: str, entry: Entry) -> str:
    """Return the pattern of a phrase.

    It begins with a letter, not with the lookbehind, because `re` can search fast for the first
    letters of a pattern.
    """
    first, rest = re.escape(phrase[0]), re.escape(phrase[1:])
    return (
        f"{first}{rest}"
        if entry.inside or not SIGN.search(phrase)
        else rf"{first}(?<!\w{first}){rest}(?!\w)"
    )
