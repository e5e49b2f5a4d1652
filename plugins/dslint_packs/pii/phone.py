"""The recognizer of telephone numbers: what looks like one is parsed once, instead of the whole text once for each region."""

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
    "phone|phones|telephone|tel|mobile|mob|cell|cellphone|fax|call|calling|dial|sms|whatsapp|hotline|helpline|landline|ring"
    "|handy|telefon|teléfono|móvil|celular|portable|téléphone|telefone|mobil|puhelin|numer"
    "|电话|手机|電話|携帯|전화|điện thoại|sđt|телефон|тел|โทร|फ़ोन|هاتف|טלפון"
)
_AFTER = "office|fax|mobile|cell|phone|home|work|desk"
_OTHER = "order|invoice|ticket|tracking|account|isbn|serial|version|zip|id|population|model|part|date|dated"
# The patterns begin with a set of characters, which re looks for much faster than for what must not stand before it.
_BEGIN = r"[+(0-9](?<![A-Za-z0-9_.,$€£¥%/\\@^=*-][+(0-9])"
_NEXT = r"(?:[ .\u00a0-]?[()]?[ .\u00a0-]?[0-9])"
_EXTENSION = r"(?:\s?(?:x|ext\.?\s?)[0-9]{1,5})?"
_END = r"(?![A-Za-z0-9_%]|[.,:/*^=-][0-9])"
_GROUPS = rf"{_BEGIN}(?<![0-9] [+(0-9])(?:(?<=[0-9])|(?<=\+)[0-9]|(?<=\()\+?[0-9]){_NEXT}{{6,15}}+{_EXTENSION}{_END}(?! [0-9])"
_AREA = r"(?:\([0-9]{3}\)[ .-]?|[0-9]{3}[.-])"
_PLAIN = (
    rf"{_BEGIN}(?:(?<=\+)[0-9](?:[ .-]?[()]?[ .-]?[0-9]){{6,14}}"
    rf"|(?:(?<=\()[0-9]{{3}}\)[ .-]?|(?<=[0-9])[0-9]{{2}}[.-]|(?<=1)[ .-]{_AREA}|(?<=0)01[ .-]{_AREA})[0-9]{{3}}[.-][0-9]{{4}}){_EXTENSION}{_END}"
)
_CANDIDATES = (re.compile(_PLAIN), re.compile(_GROUPS))
_NO_PHONE = re.compile(
    r"(?:19|20)\d\d([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./ ])\d{1,2}\2(?:19|20)\d\d"
    r"|(?:1[5-9]|20)\d\d[ -]{1,2}(?:1[5-9]|20)\d\d|(?:1[5-9]|20)\d{6}"  # dates
    r"|(?:\d{1,3}\.){3}\d{1,3}|\d{3}-\d\d-\d{4}|\d+\.\d+"  # IP addresses, social security numbers, decimals
)
AMERICAN = re.compile(
    r"(?:(?:\+?1|001)[ .-])?(?:\([0-9]{3}\)[ .-]?|[0-9]{3}([.-]))[0-9]{3}(?:\1|[.-])[0-9]{4}(?:\s?(?:x|ext).*)?",
    re.IGNORECASE,
)


_WITHOUT_ZERO = ("IN",)  # where people leave out the 0 that the usual format begins with
_ALONE = 9  # digits from which a number may stand in one group
_LONGEST = 13  # digits of a national number with all that people write before it


class PhoneNumberRecognizer(LocalRecognizer):  # type: ignore[misc]
    """Numbers that phonenumbers holds for valid: of any country with its prefix, of the chosen regions as they are written there.

    Beside a word for telephones less will do: a number that is valid in some region in any grouping, or at least is in groups.
    """

    SCORE = 0.4

    def __init__(self, regions: Sequence[str]) -> None:
        self._regions = tuple(regions)
        self._american = bool({"US", "CA"} & set(regions))
        super().__init__(supported_entities=["PHONE_NUMBER"], name="Phone")

    def load(self) -> None:
        """Do nothing: the metadata of phonenumbers are loaded by region."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:
        """Return what may be a number, with the score that it has by itself."""
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
        """All is weighed already."""
        del text, start, end
        return score

    def _score(self, text: str, start: int, end: int) -> float:
        value = text[start:end]
        groups = re.findall("[0-9]+", value.lower().partition("x")[0].partition("e")[0])
        digits = sum(map(len, groups))
        alone = len(groups) == 1
        if (
            (alone and digits < _ALONE and value[0] != "+")
            or len(set("".join(groups))) < 2
            or _NO_PHONE.fullmatch(value)
            or _counting(groups)
        ):
            return 0.0
        context = near(text, start, end, WORDS) or near(text, end, end, _AFTER, before=0, after=2)
        if value.startswith(("+", "(+", "00")):
            number = _parsed(re.sub("^00", "+", value), None)
            if number is None or not phonenumbers.is_possible_number(number):
                return 0.0 if alone or not context else self.SCORE
            if value[0] == "0" and alone and not context:
                return 0.0
            return 0.75 if context or phonenumbers.is_valid_number(number) else self.SCORE
        other = near(text, start, start, _OTHER, before=3)
        if digits > _LONGEST or (alone and (other or not context)):
            return 0.0
        if (self._american and AMERICAN.fullmatch(value)) or self._written(value, groups):
            return 0.75 if context else self.SCORE
        return self.SCORE if context and not other else 0.0

    def _written(self, value: str, groups: list[str]) -> bool:
        """Say whether one of the regions has this number, and writes it in these groups."""
        for region in self._regions:
            if not _plausible(value, region):
                continue
            number = _parsed(value, region)
            if number is None or not phonenumbers.is_valid_number(number):
                continue
            usual = re.findall(
                r"[0-9]+",
                phonenumbers.format_number(
                    number, phonenumbers.PhoneNumberFormat.NATIONAL
                ).partition(" ext")[0],
            )
            if (
                len(groups) == 1
                or usual == groups
                or (region in _WITHOUT_ZERO and [group.lstrip("0") for group in usual] == groups)
            ):
                return True
        return False


@lru_cache
def _trunk(region: str) -> str | None:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return None if metadata is None else metadata.national_prefix


def _plausible(value: str, region: str) -> bool:
    """Say whether a number may be one of a region by how it begins: where they have a 0 before the area, a short number is written with it."""
    trunk = _trunk(region)
    if value.startswith("0"):
        return trunk != "1"
    return trunk != "0" or value.startswith("(") or sum(map(str.isdigit, value)) >= 10


def _parsed(value: str, region: str | None) -> Any:
    try:
        return phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None


def _counting(groups: list[str]) -> bool:
    """Say whether the groups count in equal steps: `01 02 03 04 05`, `100 200 300`."""
    return len(groups) > 2 and len({int(later) - int(one) for one, later in pairwise(groups)}) == 1
