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

    presidio's recognizer, without numbers that were never issued (areas 000, 666 and above 899,
    groups and serials of zeros). Three, two and four digits with hyphens between them are a
    warning, and an error next to a word for the number; with other separators, or without any, they
    count only next to such a word. Numbers that were published as samples (078-05-1120,
    219-09-9999, 123-45-6789) are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 16, precision 1.00.
    CLINC, BLiMP, and LLaMA-Factory's c4 and alpaca demos (31,000 records) contain none, and none is
    found.

    Blind spots: there is no check digit, so other numbers with the same grouping are flagged; only
    English words for the number are recognized.

    Options: `roles`: which texts to check. `threshold`: the minimum presidio score of a finding.
    `allow`: values to accept (`*` and `?` are wildcards; case, spaces and hyphens are ignored).

    Flags::

        {"prompt": "My SSN is 536-90-4399.", "completion": "Thank you."}
        {"text": "536-90-4399"}
        {"text": "The card in the wallet said 078-05-1120."}

    Passes::

        {"text": "Parts 666-12-3456, 536904399, 536 90 4399, phone 536-904-3999; ssn NNN-NN-NNNN"}

    Cure: replace the number with a placeholder such as <SSN>.
    """

    name = "us-ssn"
    entity = "US_SSN"
    noun = "a US social security number"
    error_if_sure = True


@dataclass(frozen=True)
class NationalId(PersonalData):
    """National identifiers: identity cards, passports, driving licences, tax, health, vehicles.

    Why: such a number identifies one person without doubt, and links to files about them.

    presidio's recognizers for the chosen countries, 80 in all. Their scores come from check digits
    and from words nearby, in the language of the country. Numbers that another rule of this plugin
    finds are left to it.
    Measured: not on public data; choose the countries whose numbers your data may contain, and
    review the findings.

    Blind spots: identifiers with weak formats (passports, licences) count only next to a word for
    them. A check digit is right for one number in ten by chance, so each additional country costs
    false alarms, and time: these recognizers check every text.

    Options: `countries`: au, ca, de, es, fi, in, it, kr, ng, ph, pl, se, sg, th, tr, uk, us, za.
    `roles`: which texts to check. `threshold`: the minimum presidio score of a finding. `allow`:
    values to accept (`*` and `?` are wildcards; case, spaces and hyphens are ignored).

    Flags with {"countries": ["in", "uk"]}::

        {"prompt": "My NI number is AB 12 34 56 C.", "completion": "Thank you."}

    Passes with {"countries": ["in", "uk"]}::

        {"prompt": "What is a national insurance number?", "completion": "A number."}

    Cure: replace the number with a placeholder.
    """

    name = "national-id"
    default = False
    needs_options = ("countries",)

    countries: tuple[Country, ...] = ()

    def hits(self, texts: Sequence[str]) -> Iterable[Hit]:
        """Return the national identifiers in some texts."""
        return self._scan(texts, everyday(texts))

    def hits_of(self, batch: Batch) -> Iterable[Hit]:
        """Return the national identifiers in a batch."""
        return self._scan(batch.texts(("all", HIDDEN)).strings, everyday_of(batch))

    def matches(self, hit: Hit) -> bool:
        """Return True: every hit belongs to this rule."""
        del hit
        return True

    def describe(self, hit: Hit) -> str:
        """Return the kind of identifier, as presidio names it."""
        return f"a national identifier ({hit.kind})"

    def _scan(self, texts: Sequence[str], taken: Sequence[Hit]) -> list[Hit]:
        recognizers = registers(self.countries)
        return scan(texts, tuple(recognizers), lambda: recognizers, taken)


@lru_cache(maxsize=8)
def registers(countries: tuple[Country, ...]) -> dict[str, Any]:
    """Return presidio's recognizers for some countries, except for kinds with their own rule."""
    from dslint_packs.pii.presidio import of_country

    recognizers = [one for country in countries for one in of_country(_FOLDERS[country])]
    for one in recognizers:
        if type(one).__name__ == "InPanRecognizer":
            _fix_pan(one)
    return {
        type(one).__name__: one
        for one in recognizers
        if not {"US_SSN", "PHONE_NUMBER"} & set(one.supported_entities)
    }


def _fix_pan(recognizer: Any) -> None:
    """Limit the lookaheads of the loosest pattern for Indian tax numbers to the number itself.

    presidio's lookaheads read the rest of the text, so their time is quadratic, and any ten letters
    match if digits follow somewhere later.
    """
    for pattern in recognizer.patterns:
        if r"(?=.*?[0-9]{4})" in pattern.regex:
            pattern.regex = (
                r"\b(?=[\w@#$%^?~-]{0,9}[a-zA-Z])(?=[\w@#$%^?~-]{0,6}[0-9]{4})[\w@#$%^?~-]{10}\b"
            )
            pattern.compiled_regex = None
