"""The recognizer of telephone numbers.

Each candidate is parsed once, instead of the whole text once per region as in presidio.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import phonenumbers

from dslint_packs.pii.context import near
from dslint_packs.pii.presidio import LocalRecognizer, RecognizerResult
from dslint_packs.pii.scan import claim

WORDS = (
    "phone|phones|telephone|tel|mobile|mob|cell|cellphone|fax|call|calling|dial|sms|whatsapp"
    "|hotline|helpline|landline|ring"
    "|handy|telefon|teléfono|móvil|celular|portable|téléphone|telefone|mobil|puhelin|numer"
    "|电话|手机|電話|携帯|전화|điện thoại|sđt|телефон|тел|โทร|फ़ोन|هاتف|טלפון"
)
_WORDS_AFTER = "office|fax|mobile|cell|phone|home|work|desk"
_OTHER_WORDS = (
    "order|invoice|ticket|tracking|account|isbn|serial|version|zip|id|population|model|part|date"
    "|dated"
)
# The patterns begin with a character class, which re searches much faster than a lookbehind.
_BEGIN = r"[+(0-9](?<![A-Za-z0-9_.,$€£¥%/\\@^=*-][+(0-9])"
_NEXT = r"(?:[ .\u00a0-]?[()]?[ .\u00a0-]?[0-9])"
_EXTENSION = r"(?:\s?(?:x|ext\.?\s?)[0-9]{1,5})?"
_END = r"(?![A-Za-z0-9_%]|[.,:/*^=-][0-9])"
_GROUPS = (
    rf"{_BEGIN}(?<![0-9] [+(0-9])(?:(?<=[0-9])|(?<=\+)[0-9]|(?<=\()\+?[0-9])"
    rf"{_NEXT}{{6,15}}+{_EXTENSION}{_END}(?! [0-9])"
)
_AREA = r"(?:\([0-9]{3}\)[ .-]?|[0-9]{3}[.-])"
_PLAIN = (
    rf"{_BEGIN}(?:(?<=\+)[0-9](?:[ .-]?[()]?[ .-]?[0-9]){{6,14}}"
    rf"|(?:(?<=\()[0-9]{{3}}\)[ .-]?|(?<=[0-9])[0-9]{{2}}[.-]"
    rf"|(?<=1)[ .-]{_AREA}|(?<=0)01[ .-]{_AREA})[0-9]{{3}}[.-][0-9]{{4}}){_EXTENSION}{_END}"
)
_CANDIDATES = (re.compile(_PLAIN), re.compile(_GROUPS))
_NOT_A_PHONE = re.compile(
    r"(?:19|20)\d\d([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./ ])\d{1,2}\2(?:19|20)\d\d"
    r"|(?:1[5-9]|20)\d\d[ -]{1,2}(?:1[5-9]|20)\d\d|(?:1[5-9]|20)\d{6}"  # dates
    # IP addresses, social security numbers, decimal fractions
    r"|(?:\d{1,3}\.){3}\d{1,3}|\d{3}-\d\d-\d{4}|\d+\.\d+"
)
AMERICAN = re.compile(
    r"(?:(?:\+?1|001)[ .-])?(?:\([0-9]{3}\)[ .-]?|[0-9]{3}([.-]))"
    r"[0-9]{3}(?:\1|[.-])[0-9]{4}(?:\s?(?:x|ext).*)?",
    re.IGNORECASE,
)


_WITHOUT_ZERO = ("IN",)  # regions where people omit the leading 0 of the usual format
_MIN_UNGROUPED = 9  # digits of a number without groups
_MAX_NATIONAL = 13  # digits of a national number with all prefixes


class PhoneNumberRecognizer(LocalRecognizer):  # type: ignore[misc]
    """Numbers that are valid according to phonenumbers.

    These are numbers of any country with its prefix, and of the chosen regions in their national
    format. Next to a word for telephones, a number that is valid in any grouping, or at least has
    groups, is enough.
    """

    SCORE = 0.4

    def __init__(self, regions: Sequence[str]) -> None:
        self._regions = tuple(regions)
        self._american = bool({"US", "CA"} & set(regions))
        super().__init__(supported_entities=["PHONE_NUMBER"], name="Phone")

    def load(self) -> None:
        """Do nothing: phonenumbers loads its metadata by region."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:
        """Return the telephone numbers, each with its final score."""
        del entities, nlp_artifacts
        found: list[Any] = []
        spans: list[tuple[int, int]] = []
        for match in (match for pattern in _CANDIDATES for match in pattern.finditer(text)):
            start, end = match.span()
            if text.count("(", start, end) != text.count(")", start, end):
                if text[start] != "(":
                    continue
                start += 1
            score = self._score(text, start, end)
            if score and claim(spans, start, end):
                found.append(RecognizerResult("PHONE_NUMBER", start, end, score))
        return found

    def weigh(self, text: str, start: int, end: int, score: float) -> float:
        """Return the score unchanged: `analyze` has considered the context."""
        del text, start, end
        return score

    def _score(self, text: str, start: int, end: int) -> float:
        value = text[start:end]
        groups, digits = _digits(value)
        if not digits:
            return 0.0
        alone = groups == 1
        context = near(text, start, end, WORDS) or near(
            text, end, end, _WORDS_AFTER, before=0, after=2
        )
        if value.startswith(("+", "(+", "00")):
            possible, valid = _international(re.sub("^00", "+", value))
            if not possible:
                return 0.0 if alone or not context else self.SCORE
            if value[0] == "0" and alone and not context:
                return 0.0
            return 0.75 if context or valid else self.SCORE
        other = near(text, start, start, _OTHER_WORDS, before=3)
        if digits > _MAX_NATIONAL or (alone and (other or not context)):
            return 0.0
        if (self._american and AMERICAN.fullmatch(value)) or _is_usual_format(value, self._regions):
            return 0.75 if context else self.SCORE
        return self.SCORE if context and not other else 0.0


def _groups(value: str) -> list[str]:
    """Return the groups of digits, without those of an extension."""
    return re.findall("[0-9]+", value.lower().partition("x")[0].partition("e")[0])


@lru_cache(maxsize=4096)
def _digits(value: str) -> tuple[int, int]:
    """Return the number of groups and of digits, or zeros for what cannot be a number."""
    groups = _groups(value)
    digits = sum(map(len, groups))
    if (
        (len(groups) == 1 and digits < _MIN_UNGROUPED and value[0] != "+")
        or len(set("".join(groups))) < 2
        or _NOT_A_PHONE.fullmatch(value)
        or _is_series(groups)
    ):
        return 0, 0
    return len(groups), digits


@lru_cache(maxsize=4096)
def _is_usual_format(value: str, regions: tuple[str, ...]) -> bool:
    """Return whether the number is valid in one of the regions and has its usual groups."""
    groups = _groups(value)
    for region in regions:
        if not _plausible(value, region):
            continue
        number = _parse(value, region)
        if number is None or not phonenumbers.is_valid_number(number):
            continue
        national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        usual = re.findall(r"[0-9]+", national.partition(" ext")[0])
        if (
            len(groups) == 1
            or usual == groups
            or (region in _WITHOUT_ZERO and [group.lstrip("0") for group in usual] == groups)
        ):
            return True
    return False


@lru_cache(maxsize=4096)
def _international(value: str) -> tuple[bool, bool]:
    """Return whether a number with the prefix of a country is possible, and whether it is valid."""
    number = _parse(value, None)
    if number is None or not phonenumbers.is_possible_number(number):
        return False, False
    return True, phonenumbers.is_valid_number(number)


@lru_cache
def _trunk_prefix(region: str) -> str | None:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return None if metadata is None else metadata.national_prefix


def _plausible(value: str, region: str) -> bool:
    """Return whether the number begins as numbers of the region do.

    In regions with a 0 before the area code, a short number is written with it.
    """
    trunk = _trunk_prefix(region)
    if value.startswith("0"):
        return trunk != "1"
    return trunk != "0" or value.startswith("(") or sum(map(str.isdigit, value)) >= 10


def _parse(value: str, region: str | None) -> Any:
    try:
        return phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None


def _is_series(groups: list[str]) -> bool:
    """Return whether the groups are a series in equal steps: `01 02 03 04 05`, `100 200 300`."""
    return len(groups) > 2 and len({int(later) - int(one) for one, later in pairwise(groups)}) == 1
