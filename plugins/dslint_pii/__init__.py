"""Rules on personal data, found by presidio-analyzer behind a prefilter."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl
from dslint_pii.contact import EmailAddress, PhoneNumber
from dslint_pii.financial import CreditCard, CryptoWallet, Iban
from dslint_pii.identity import UsSsn
from dslint_pii.network import IpAddress, MacAddress


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    return [CreditCard, CryptoWallet, EmailAddress, Iban, IpAddress, MacAddress, PhoneNumber, UsSsn]
