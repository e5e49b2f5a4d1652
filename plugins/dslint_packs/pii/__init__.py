"""Rules on personal data, found by presidio-analyzer after a fast prefilter."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_packs.pii.contact import EmailAddress, PhoneNumber
from dslint_packs.pii.custom import Custom
from dslint_packs.pii.financial import CreditCard, CryptoWallet, Iban
from dslint_packs.pii.identity import NationalId, UsSsn
from dslint_packs.pii.names import Location, PersonName
from dslint_packs.pii.network import IpAddress, MacAddress


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [
        CreditCard,
        CryptoWallet,
        Custom,
        EmailAddress,
        Iban,
        IpAddress,
        Location,
        MacAddress,
        NationalId,
        PersonName,
        PhoneNumber,
        UsSsn,
    ]
