"""pii/email-address, pii/phone-number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dslint.plugin import Batch
from dslint_pii.rule import PersonalData
from dslint_pii.scan import REGIONS, Hit, everyday, everyday_of, phones


@dataclass(frozen=True)
class EmailAddress(PersonalData):
    """E-mail addresses."""

    name = "email-address"
    entity = "EMAIL_ADDRESS"
    noun = "an e-mail address"


@dataclass(frozen=True)
class PhoneNumber(PersonalData):
    """Telephone numbers."""

    name = "phone-number"
    entity = "PHONE_NUMBER"
    noun = "a telephone number"

    regions: tuple[str, ...] = REGIONS

    def hits(self, texts: Sequence[str]) -> Iterable[Hit]:
        """Return the telephone numbers in some texts."""
        return phones(texts, everyday(texts), self.regions)

    def hits_of(self, batch: Batch) -> Iterable[Hit]:
        """Return the telephone numbers in a batch."""
        return phones(batch.texts().strings, everyday_of(batch), self.regions)
