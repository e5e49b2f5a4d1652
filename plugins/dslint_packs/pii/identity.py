"""pii/us-ssn, pii/national-id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from dslint.plugin import HIDDEN, Batch
from dslint_packs.pii.rule import PersonalData
from dslint_packs.pii.scan import Hit, everyday, everyday_of, scan

Country = Literal[
    "au",
    "ca",
    "de",
    "es",
    "fi",
    "in",
    "it",
    "kr",
    "ng",
    "ph",
    "pl",
    "se",
    "sg",
    "th",
    "tr",
    "uk",
    "us",
    "za",
]
_FOLDERS: dict[Country, str] = {
    "au": "australia",
    "ca": "canada",
    "de": "germany",
    "es": "spain",
    "fi": "finland",
    "in": "india",
    "it": "italy",
    "kr": "korea",
    "ng": "nigeria",
    "ph": "philippines",
    "pl": "poland",
    "se": "sweden",
    "sg": "singapore",
    "th": "thai",
    "tr": "turkey",
    "uk": "uk",
    "us": "us",
    "za": "south_africa",
}


@dataclass(frozen=True)
class UsSsn(PersonalData):
    """US social security numbers.

    Why: the number opens accounts in its owner's name, and cannot be changed.

    presidio's recognizer, without numbers that were never given out (areas 000, 666 and above 899, groups and serials of zeros). Three, two and
    four digits with hyphens between them are a warning, and an error beside a word for the number; with other marks, or without any, they need such
    a word. Numbers that were published as samples (078-05-1120, 219-09-9999, 123-45-6789) are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 16, precision 1.00. CLINC, BLiMP, and LLaMA-Factory's c4 and alpaca
    demos (31,000 records): none, and none is there.

    Blind spots: there is no check digit: other numbers in this grouping are flagged; words for it in languages other than English are not known.

    Options: `roles`, which texts to judge; `threshold`, the least score of presidio's that counts; `allow`, values that may stand (`*` and `?` are
    wildcards; case, spaces and hyphens do not count).

    Flags::

        {"messages": [{"role": "user", "content": "My SSN is 536-90-4399."}, {"role": "assistant", "content": "Thank you."}]}
        {"text": "536-90-4399"}
        {"text": "The card in the wallet said 078-05-1120."}

    Passes::

        {"text": "Parts 666-12-3456, 536904399 and 536 90 4399, phone 536-904-3999; ssn NNN-NN-NNNN"}

    Cure: put a placeholder in the place of the number, such as <SSN>.
    """

    name = "us-ssn"
    entity = "US_SSN"
    noun = "a US social security number"
    grave = True


@dataclass(frozen=True)
class NationalId(PersonalData):
    """Numbers of national registers: identity cards, passports, driving licences, tax, health insurance, vehicles.

    Why: such a number names one person without doubt, and leads to files about them.

    presidio's recognizers for the chosen countries, 80 in all; their scores come from check digits and from words nearby, in the language of the
    country. Numbers that another rule of this plugin finds are left to it.
    Measured: not on named data: choose the countries whose numbers your data may hold, and read what is found.

    Blind spots: numbers that are weak by themselves (passports, licences) count only beside their words; a check digit fits one number in ten by
    chance, so each further country costs false alarms, and time: these recognizers see every text.

    Options: `countries`, which ones: au, ca, de, es, fi, in, it, kr, ng, ph, pl, se, sg, th, tr, uk, us, za; `roles`, which texts to judge;
    `threshold`, the least score of presidio's that counts; `allow`, values that may stand (`*` and `?` are wildcards; case, spaces and hyphens do
    not count).

    Flags with {"countries": ["in", "uk"]}::

        {"messages": [{"role": "user", "content": "My NI number is AB 12 34 56 C."}, {"role": "assistant", "content": "Thank you."}]}

    Passes with {"countries": ["in", "uk"]}::

        {"messages": [{"role": "user", "content": "What is a national insurance number?"}, {"role": "assistant", "content": "A number."}]}

    Cure: put a placeholder in the place of the number.
    """

    name = "national-id"
    default = False
    needs_options = ("countries",)

    countries: tuple[Country, ...] = ()

    def hits(self, texts: Sequence[str]) -> Iterable[Hit]:
        """Return the numbers of the countries' registers in some texts."""
        return self._scan(texts, everyday(texts))

    def hits_of(self, batch: Batch) -> Iterable[Hit]:
        """Return the same for a batch."""
        return self._scan(batch.texts(("all", HIDDEN)).strings, everyday_of(batch))

    def mine(self, hit: Hit) -> bool:
        """Say that every hit is one of this rule."""
        del hit
        return True

    def named(self, hit: Hit) -> str:
        """Name the register, as presidio does."""
        return f"a national identifier ({hit.kind})"

    def _scan(self, texts: Sequence[str], taken: Sequence[Hit]) -> list[Hit]:
        recognizers = registers(self.countries)
        return scan(texts, tuple(recognizers), lambda: recognizers, taken)


@lru_cache(maxsize=8)
def registers(countries: tuple[Country, ...]) -> dict[str, Any]:
    """Return presidio's recognizers for some countries, but for what has a rule of its own."""
    from dslint_packs.pii.presidio import of_country

    found = [one for country in countries for one in of_country(_FOLDERS[country])]
    for one in found:
        if type(one).__name__ == "InPanRecognizer":
            _mend_pan(one)
    return {
        type(one).__name__: one
        for one in found
        if not {"US_SSN", "PHONE_NUMBER"} & set(one.supported_entities)
    }


def _mend_pan(recognizer: Any) -> None:
    """Let the loosest pattern of an Indian tax number look for its letter and digits in the number, not in all that is behind it.

    That took time with the square of a text, and found ten letters wherever some digits came later.
    """
    for pattern in recognizer.patterns:
        if r"(?=.*?[0-9]{4})" in pattern.regex:
            pattern.regex = (
                r"\b(?=[\w@#$%^?~-]{0,9}[a-zA-Z])(?=[\w@#$%^?~-]{0,6}[0-9]{4})[\w@#$%^?~-]{10}\b"
            )
            pattern.compiled_regex = None
