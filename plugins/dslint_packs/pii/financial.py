"""pii/credit-card, pii/iban, pii/crypto-wallet."""

from __future__ import annotations

from dataclasses import dataclass

from dslint_packs.pii.rule import PersonalData


@dataclass(frozen=True)
class CreditCard(PersonalData):
    """Numbers of payment cards.

    Why: what a model has read, it may repeat; a card number in a published dataset is a leak that cannot be taken back.

    12 to 19 digits, in one row or in groups, with a prefix and length that issuers use and Luhn's check digit. One number in ten has that by
    chance, so that is not all: beside a word for cards, or in the groups that are printed on cards, the finding is sure, and an error. A bare row
    of 15 or 16 digits is a warning of medium confidence, one of 14 or 19 of low confidence, and other lengths need a word beside them. Test numbers
    of issuers are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 136, precision 1.00; presidio itself 0.77 and 1.00. CLINC, BLiMP, and
    LLaMA-Factory's c4 and alpaca demos (31,000 records): none, and none is there. Of random rows of 16 digits 4 % are flagged, of 19 digits 1 %.

    Blind spots: digits of other scripts, cards in parts, numbers without a word beside them that are not 14, 15, 16 or 19 digits long.

    Options: `roles`, which texts to judge; `threshold`, the least score of presidio's that counts; `allow`, values that may stand (`*` and `?` are
    wildcards; case, spaces and hyphens do not count).

    Flags::

        {"messages": [{"role": "user", "content": "Charge my card 4539 5787 6362 1486, please."}, {"role": "assistant", "content": "Done."}]}
        {"text": "Paid with 4539578763621486."}
        {"text": "The test card is 4242 4242 4242 4242."}

    Passes::

        {"text": "Order 4539578763621487, 1696500000000000 microseconds after the epoch, 0.4539578763621486 of all."}
        {"text": "A Maestro number has 12 to 19 digits."}

    Cure: put a placeholder in the place of the number, such as <CREDIT_CARD>.
    """

    name = "credit-card"
    entity = "CREDIT_CARD"
    noun = "a payment card number"
    grave = True


@dataclass(frozen=True)
class Iban(PersonalData):
    """International bank account numbers (IBAN).

    Why: an account number stays its owner's for years, and together with a name it is enough to misuse it.

    presidio's recognizer: the country's format and length, and the check digits. In lower case it needs a word for banking beside it. The examples
    of the registry and of manuals are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 21, precision 1.00. CLINC, BLiMP, and LLaMA-Factory's c4 and alpaca
    demos (31,000 records): none, and none is there.

    Blind spots: account numbers that are no IBAN; numbers with a typing error, whose check digits are wrong; those broken over lines.

    Options: `roles`, which texts to judge; `threshold`, the least score of presidio's that counts; `allow`, values that may stand (`*` and `?` are
    wildcards; case, spaces and hyphens do not count).

    Flags::

        {"messages": [{"role": "user", "content": "Send it to DE02 7001 0080 0030 8768 08."}, {"role": "assistant", "content": "Sent."}]}
        {"text": "my iban is gb42nawi04454264788619"}
        {"text": "As in DE89370400440532013000, the example of every manual."}

    Passes::

        {"text": "Send it to DE03 7001 0080 0030 8768 08, says the wrong check digit."}
        {"text": "The sum is AB12CDEF34567890."}

    Cure: put a placeholder in the place of the number, such as <IBAN>.
    """

    name = "iban"
    entity = "IBAN_CODE"
    noun = "an IBAN"
    grave = True


@dataclass(frozen=True)
class CryptoWallet(PersonalData):
    """Addresses of crypto wallets: Bitcoin, Ethereum and those that share their formats.

    Why: an address leads to all payments of its owner, for ever.

    presidio's recognizer, which checks the checksums of Bitcoin's three formats; and 40 hexadecimal digits after 0x, for which there is no checksum
    to rely on, with medium confidence. Addresses of manuals, and made-up ones of few different digits, are an info.
    Measured: 1,000 generated addresses of Bitcoin and 1,000 of Ethereum: all found. 10,000 hashes, 10,000 random Base64 texts and 10,000 UUIDs:
    none flagged. CLINC, BLiMP, and LLaMA-Factory's c4 and alpaca demos (31,000 records): none, and none is there.

    Blind spots: other chains; addresses of contracts, which belong to nobody, are flagged.

    Options: `roles`, which texts to judge; `threshold`, the least score of presidio's that counts; `allow`, values that may stand (`*` and `?` are
    wildcards; case, spaces and hyphens do not count).

    Flags::

        {"text": "Pay to 1Lbcfr7sAHTD9CgdQo3HTMTkV8LK4ZnX71."}
        {"messages": [{"role": "user", "content": "Pay to 0x52908400098527886E0F7030069857D2E4169EE7"}, {"role": "assistant", "content": "Sent."}]}

    Passes::

        {"text": "Pay to 1Lbcfr7sAHTD9CgdQo3HTMTkV8LK4ZnX72."}
        {"text": "The digest is da39a3ee5e6b4b0d3255bfef95601890afd80709."}

    Cure: put a placeholder in the place of the address, such as <WALLET>.
    """

    name = "crypto-wallet"
    entity = "CRYPTO"
    noun = "the address of a crypto wallet"
