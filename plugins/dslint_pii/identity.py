"""pii/us-ssn, pii/national-id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from dslint.plugin import Batch
from dslint_pii.rule import PersonalData
from dslint_pii.scan import Hit, everyday, everyday_of, scan

Country = Literal["au", "ca", "de", "es", "fi", "in", "it", "kr", "ng", "ph", "pl", "se", "sg", "th", "tr", "uk", "us", "za"]
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
    """US social security numbers."""

    name = "us-ssn"
    entity = "US_SSN"
    noun = "a US social security number"
    grave = True


@dataclass(frozen=True)
class NationalId(PersonalData):
    """Numbers of identity cards, passports, tax, health and vehicle registers."""

    name = "national-id"
    default = False
    needs_options = ("countries",)

    countries: tuple[Country, ...] = ()

    def hits(self, texts: Sequence[str]) -> Iterable[Hit]:
        """Return the numbers of the countries' registers in some texts."""
        return self._scan(texts, everyday(texts))

    def hits_of(self, batch: Batch) -> Iterable[Hit]:
        """Return the same for a batch."""
        return self._scan(batch.texts().strings, everyday_of(batch))

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
    from dslint_pii.presidio import of_country

    found = [one for country in countries for one in of_country(_FOLDERS[country])]
    return {type(one).__name__: one for one in found if not {"US_SSN", "PHONE_NUMBER"} & set(one.supported_entities)}
