"""text/invisible-characters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from dslint.plugin import Batch, Finding, Record, RecordRule, Severity, pattern

_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]+\U000e007f"
_ANY = pattern(
    rf"{_FLAG}|([\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    r"\u200b-\u200f\u2028-\u202e\u2060\u2066-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff])\1*+"
)
"""A flag, or a run of one invisible character."""
_RIGHT_TO_LEFT = pattern(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_SPACELESS = pattern(
    r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u3000-\u9fff\uac00-\ud7af"
    r"\U00020000-\U0003ffff]"
)
_JOINING = pattern(
    r"[\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc"
    r"\U00011000-\U00011fff]"
)
_PICTURE = pattern(r"[\xa9\xae\u203c-\u3299\ufe0f\u20e3\U0001f000-\U0001faff\U000e0020-\U000e007f]")

_KINDS = (
    (
        "tag",
        "invisible tag characters, which can hide instructions",
        pattern("[\U000e0000-\U000e007f]"),
    ),
    (
        "bidi",
        "text direction characters, which can make text look different from what it is",
        pattern(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f]"),
    ),
    ("control", "control characters", pattern(r"[\x00-\x1f\x7f-\x9f\ufff9-\ufffb]")),
    ("separator", "line or paragraph separators", pattern(r"[\u2028\u2029]")),
    ("hyphen", "soft hyphens", pattern(r"\xad")),
)
_ZERO_WIDTH = ("zero-width", "zero-width characters")


@dataclass(frozen=True)
class InvisibleCharacters(RecordRule):
    r"""Texts with invisible characters: control, zero-width and text direction characters.

    Why: they split words into other tokens, hide text from reviewers, and a model repeats them.

    Characters with a purpose pass: tab, line feed, carriage return, form feed; zero-width joiners
    between parts of an emoji, and joiners and non-joiners after letters of Arabic, Indic and
    other scripts that need them; zero-width spaces in scripts without spaces; direction marks,
    embeddings and isolates where there is right-to-left text, but never an override; variation
    selectors after characters that have variants; the tags of a flag. A byte order mark at the
    start of a file belongs to its encoding. Soft hyphens have severity info. One finding for each
    text and kind of character.

    Measured: 8 findings in 4,045 records of eleven public demo sets, all true: zero-width spaces
    and byte order marks within texts, control characters of garbled text, a soft hyphen. The
    Declaration of Human Rights in 388 languages and scripts (NLTK's udhr2): 4 files, three with
    control characters in place of quotes, one with a direction override.

    Blind spots: letters that look like others; spaces of unusual width; private use characters.

    Options: `roles`, which texts to check.

    Flags::

        {"prompt": "Hi", "completion": "Hel\u200blo!"}
        {"prompt": "Is it safe?\u202e", "completion": "Yes."}
        {"prompt": "Hi", "completion": "\u001b[1mHello\u001b[0m"}

    Passes::

        {"text": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u2764\ufe0f"}
        {"text": "\ud83d\udc69\u200d\ud83d\udcbb \u0915\u094d\u200d\u0937"}

    Cure: remove the characters.
    """

    name = "invisible-characters"
    sees = "all"

    roles: tuple[str, ...] = ("all",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text and kind, at the first occurrence."""
        for part in record.texts(self.roles):
            for kind, (first, times) in _found(part.text).items():
                meaning = next(
                    (meaning for name, meaning, _ in _KINDS if name == kind), _ZERO_WIDTH[1]
                )
                severity = Severity.INFO if kind == "hyphen" else None
                yield self.finding(
                    part.at(first, first + 1),
                    f"{meaning} (first of {times})",
                    severity=severity,
                )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Run `check` only on records with any such character."""
        texts = batch.texts(self.roles)
        hit = {
            position
            for position, item in zip(texts.positions, texts.items, strict=True)
            if _possible(item.text)
        }
        for position in sorted(hit):
            yield from self.check(batch.records[position])


def _possible(text: str) -> bool:
    return not (text.isascii() and text.isprintable()) and _ANY.search(text) is not None


def _found(text: str) -> dict[str, tuple[int, int]]:
    """Return the kinds of invisible characters in a text, each with first place and count."""
    right_to_left = _RIGHT_TO_LEFT.search(text) is not None
    seen: dict[tuple[str, str, str], list[int]] = {}
    alone: dict[str, list[int]] = {}
    for match in _ANY.finditer(text):
        sign = match[1]
        if sign is None:  # a flag
            continue
        start, end = match.span()
        if end - start == 1 and start:
            around = text[start - 1 : start + 2]
            if around in alone:
                alone[around][1] += 1
            else:
                alone[around] = [start, 1]
            continue
        before, after = text[start - 1 : start], text[end : end + 1]
        if end - start == 1:
            seen.setdefault((sign, before, after), [start, 0])[1] += 1
            continue
        # The first and the last of a run have other neighbours than the rest.
        run = (
            (start, 1, before, sign),
            (start + 1, end - start - 2, sign, sign),
            (end - 1, 1, sign, after),
        )
        for at, times, one, other in run:
            seen.setdefault((sign, one, other), [at, 0])[1] += times
    for around, (at, times) in alone.items():
        before, sign, after = around[0], around[1], around[2:]
        place = seen.setdefault((sign, before, after), [at, 0])
        place[0] = min(at, place[0])
        place[1] += times
    found: dict[str, tuple[int, int]] = {}
    for (sign, before, after), (at, times) in seen.items():
        if times and (kind := _kind(sign, before, after, right_to_left=right_to_left)) is not None:
            first, others = found.get(kind, (at, 0))
            found[kind] = (min(at, first), others + times)
    return found


@lru_cache(maxsize=4096)
def _kind(sign: str, before: str, after: str, *, right_to_left: bool) -> str | None:
    """Return the kind of an invisible character, by its neighbours; None if it has a purpose.

    `right_to_left` is whether the text contains letters that are written from right to left.
    """
    if "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef":
        return (
            None
            if (before and not before.isspace() and not before.isalpha())
            or _SPACELESS.match(before)
            or _JOINING.match(before)
            else _ZERO_WIDTH[0]
        )
    if sign in "\u200c\u200d" and before:
        joins = _JOINING.match(before) or (
            sign == "\u200d" and _PICTURE.match(before) and _PICTURE.match(after)
        )
        return None if joins else _ZERO_WIDTH[0]
    if sign in "\u200b\u2060" and (_SPACELESS.match(before) or _SPACELESS.match(after)):
        return None
    if sign in "\u115f\u1160\u17b4\u17b5" and (
        _SPACELESS.match(after) or "\u1100" <= after <= "\u11ff"
    ):
        return None
    if sign == "\u180e" and _JOINING.match(before):
        return None
    directs = sign in "\u061c\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
    if directs and right_to_left:
        return None
    return next((kind for kind, _, signs in _KINDS if signs.match(sign)), _ZERO_WIDTH[0])
