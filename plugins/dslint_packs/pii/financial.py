"""pii/credit-card, pii/iban, pii/crypto-wallet."""

from __future__ import annotations

from dataclasses import dataclass

from dslint_packs.pii.rule import PersonalData


@dataclass(frozen=True)
class CreditCard(PersonalData):
    """Payment card numbers.

    Why: a model may repeat what it was trained on; a card number in a published dataset is a leak
    that cannot be undone.

    A number has 12 to 19 digits, with or without groups, a prefix and length that issuers use, and
    a correct Luhn check digit. One number in ten passes Luhn's test by chance, so context counts:
    next to a word for cards, or in the groups printed on cards, the finding is certain, and an
    error. An ungrouped number of 15 or 16 digits is a warning of medium confidence, one of 14 or 19
    of low confidence; other lengths need a word nearby. Test numbers of issuers are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 136, precision 1.00;
    presidio itself 0.77 and 1.00. CLINC, BLiMP, and LLaMA-Factory's c4 and alpaca demos (31,000
    records) contain none, and none is found. Of random numbers of 16 digits 4 % are flagged, of 19
    digits 1 %.

    Blind spots: digits of other scripts; numbers split into parts; without a word nearby, numbers
    that do not have 14, 15, 16 or 19 digits.

    Options: `roles`: which texts to check. `threshold`: the minimum presidio score of a finding.
    `allow`: values to accept (`*` and `?` are wildcards; case, spaces and hyphens are ignored).

    Flags::

        {"prompt": "Charge my card 4539 5787 6362 1486, please.", "completion": "Done."}
        {"text": "Paid with 4539578763621486."}
        {"text": "The test card is 4242 4242 4242 4242."}

    Passes::

        {"text": "Order 4539578763621487, 1696500000000000 microseconds, 0.4539578763621486."}
        {"text": "A Maestro number has 12 to 19 digits."}

    Cure: replace the number with a placeholder such as <CREDIT_CARD>.
    """

    name = "credit-card"
    entity = "CREDIT_CARD"
    noun = "a payment card number"
    error_if_sure = True


@dataclass(frozen=True)
class Iban(PersonalData):
    """International bank account numbers (IBAN).

    Why: people keep an account number for years, and together with a name it is enough to misuse
    it.

    presidio's recognizer: the country's format and length, and the check digits. A number in lower
    case counts only next to a word for banking. Examples from the IBAN registry and from manuals
    are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 21, precision 1.00.
    CLINC, BLiMP, and LLaMA-Factory's c4 and alpaca demos (31,000 records) contain none, and none is
    found.

    Blind spots: account numbers other than IBANs; numbers with a typing error, because their check
    digits are wrong; numbers split over lines.

    Options: `roles`: which texts to check. `threshold`: the minimum presidio score of a finding.
    `allow`: values to accept (`*` and `?` are wildcards; case, spaces and hyphens are ignored).

    Flags::

        {"prompt": "Send it to DE02 7001 0080 0030 8768 08.", "completion": "Sent."}
        {"text": "my iban is gb42nawi04454264788619"}
        {"text": "As in DE89370400440532013000, the example of every manual."}

    Passes::

        {"text": "Send it to DE03 7001 0080 0030 8768 08, says the wrong check digit."}
        {"text": "The sum is AB12CDEF34567890."}

    Cure: replace the number with a placeholder such as <IBAN>.
    """

    name = "iban"
    entity = "IBAN_CODE"
    noun = "an IBAN"
    error_if_sure = True


@dataclass(frozen=True)
class CryptoWallet(PersonalData):
    """Crypto wallet addresses: Bitcoin, Ethereum and chains with the same formats.

    Why: an address reveals all payments of its owner, forever.

    presidio's recognizer, which verifies the checksums of Bitcoin's three formats; and 40
    hexadecimal digits after 0x, which have no mandatory checksum, with medium confidence. Addresses
    from manuals, and made-up ones with few distinct digits, are an info.
    Measured: all of 1,000 generated Bitcoin addresses and 1,000 Ethereum addresses are found; none
    of 10,000 hashes, 10,000 random Base64 texts and 10,000 UUIDs is flagged. CLINC, BLiMP, and
    LLaMA-Factory's c4 and alpaca demos (31,000 records) contain none, and none is found.

    Blind spots: other chains. Addresses of contracts, which belong to nobody, are flagged.

    Options: `roles`: which texts to check. `threshold`: the minimum presidio score of a finding.
    `allow`: values to accept (`*` and `?` are wildcards; case, spaces and hyphens are ignored).

    Flags::

        {"text": "Pay to 1Lbcfr7sAHTD9CgdQo3HTMTkV8LK4ZnX71."}
        {"prompt": "Pay to 0x52908400098527886E0F7030069857D2E4169EE7", "completion": "Sent."}

    Passes::

        {"text": "Pay to 1Lbcfr7sAHTD9CgdQo3HTMTkV8LK4ZnX72."}
        {"text": "The digest is da39a3ee5e6b4b0d3255bfef95601890afd80709."}

    Cure: replace the address with a placeholder such as <WALLET>.
    """

    name = "crypto-wallet"
    entity = "CRYPTO"
    noun = "a crypto wallet address"
