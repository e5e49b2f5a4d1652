"""pii/credit-card, pii/iban, pii/crypto-wallet."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Severity
from dslint_pii.rule import PersonalData


@dataclass(frozen=True)
class CreditCard(PersonalData):
    """Numbers of payment cards."""

    name = "credit-card"
    entity = "CREDIT_CARD"
    noun = "a payment card number"
    grave = True


@dataclass(frozen=True)
class Iban(PersonalData):
    """International bank account numbers."""

    name = "iban"
    entity = "IBAN_CODE"
    noun = "an IBAN"
    grave = True


@dataclass(frozen=True)
class CryptoWallet(PersonalData):
    """Addresses of crypto wallets."""

    name = "crypto-wallet"
    entity = "CRYPTO"
    noun = "the address of a crypto wallet"
