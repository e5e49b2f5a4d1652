"""presidio's recognizers of the default kinds, with fixes for missed values and false alarms.

Each has its own patterns. After presidio has checked length and checksum, `weigh` adjusts the score
by the context. Word boundaries are ASCII, because presidio's own miss a number that touches a
Chinese or Thai word. Importing this module imports the needed parts of presidio.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

from dslint_packs.pii import presidio
from dslint_packs.pii.context import boost, near

_CARD_WORDS = (
    "card|cards|credit|debit|cc|visa|mastercard|maestro|amex|american express|discover|diners|jcb"
    "|unionpay|pan"
    "|carte|tarjeta|kreditkarte|karte|cartão|carta|kaart|thẻ|карт|卡|カード|카드"
)
_BRANDS = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}|3(?:0[0-59]|[689]\d)\d{11,16}"  # American Express, Diners Club
    r"|35\d{14,17}|(?:1800|2131)\d{11}"  # JCB
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}|220[0-4]\d{12,15}"  # Discover, UnionPay, Mir
    r"|(?:50|5[6-9]|6\d)\d{10,17}|0604\d{8,15})"  # Maestro
)


class CreditCardRecognizer(presidio.CreditCardRecognizer):  # type: ignore[misc]
    """Payment card numbers of 12 to 19 digits, by Luhn's checksum and the issuers' formats.

    presidio itself does not know the prefixes and lengths that issuers use.
    """

    WORDS = _CARD_WORDS
    PATTERNS = [  # noqa: RUF012 - presidio's convention
        presidio.Pattern(
            "Card",
            r"(?<![A-Za-z0-9_./-])(?:[0-9]{12,19}"
            r"|[0-9]{4}([ .\u00a0-])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?"
            r"|[0-9]{4}([ .\u00a0-])[0-9]{6}\2[0-9]{4,5})(?![A-Za-z0-9_-]|\.[0-9])",
            0.3,
        )
    ]

    def validate_result(self, pattern_text: str) -> bool:
        """Return whether an issuer could have issued this number."""
        digits = re.sub(r"[^0-9]", "", pattern_text)
        return _BRANDS.fullmatch(digits) is not None and bool(super().validate_result(digits))

    def weigh(self, text: str, start: int, end: int, score: float) -> float:
        """Lower the score of a number without groups or a word for cards nearby.

        One number in ten has a valid Luhn checksum by chance.
        """
        value = text[start:end]
        if near(text, start, end, self.WORDS, after=4):
            return score
        if not value.isdigit():
            return 0.9 * score
        if len(value) in (15, 16):
            return 0.6
        return (
            0.4 if len(value) == 14 or (len(value) == 19 and value.startswith(("4", "62"))) else 0.3
        )


class IbanRecognizer(presidio.IbanRecognizer):  # type: ignore[misc]
    """presidio's, with exact lengths; in lower case only next to a word for banking."""

    WORDS = "iban|bank|account|konto|compte|cuenta|rekening|transfer|überweis|swift|bic"
    PATTERNS = [  # noqa: RUF012
        presidio.Pattern(
            "IBAN",
            r"(?<![A-Za-z0-9])([A-Za-z]{2}[0-9]{2}(?:[ \u00a0-]?[A-Za-z0-9]{4}){2,6})"
            r"((?:[ \u00a0-]?[A-Za-z0-9]{4})?)((?:[ \u00a0-]?[A-Za-z0-9]{1,3})?)(?![A-Za-z0-9])",
            0.5,
        )
    ]

    def __init__(self) -> None:
        super().__init__(exact_match=True, replacement_pairs=[("-", ""), (" ", ""), ("\u00a0", "")])

    def weigh(self, text: str, start: int, end: int, score: float) -> float:
        """Drop a number in lower case without a word for banking nearby."""
        return score if score == 1 or near(text, start, end, self.WORDS) else 0.0


class UsSsnRecognizer(presidio.UsSsnRecognizer):  # type: ignore[misc]
    """presidio's, without numbers that were never issued.

    Nine digits without hyphens count only next to a word for the number.
    """

    WORDS = "social|ssn|ssns|soc sec"
    PATTERNS = [  # noqa: RUF012
        presidio.Pattern(
            "Hyphens",
            r"(?<![A-Za-z0-9_.-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![A-Za-z0-9_-]|\.[0-9])",
            0.5,
        ),
        presidio.Pattern(
            "Spaces",
            r"(?<![A-Za-z0-9_.-])[0-9]{3}([ .])[0-9]{2}\1[0-9]{4}(?![A-Za-z0-9_-]|\.[0-9])",
            0.15,
        ),
        presidio.Pattern("Digits", r"(?<![A-Za-z0-9_.-])[0-9]{9}(?![A-Za-z0-9_-]|\.[0-9])", 0.05),
    ]

    def invalidate_result(self, pattern_text: str) -> bool:
        """Return whether the number was never issued; published samples are kept for the rule."""
        digits = re.sub(r"[^0-9]", "", pattern_text)
        return (
            (digits[0] == "9" and digits[:5] != "98765")
            or digits[:3] in ("000", "666")
            or digits[3:5] == "00"
            or digits[5:] == "0000"
        )

    def weigh(self, text: str, start: int, end: int, score: float) -> float:
        """Add presidio's bonus for a context word."""
        return boost(score) if near(text, start, end, self.WORDS) else score


class EmailAddressRecognizer(presidio.PatternRecognizer):  # type: ignore[misc]
    """Addresses in alphabets that separate words, with an existing suffix, in linear time.

    presidio's pattern takes a Chinese sentence before an address for its name, and is quadratic in
    the length of a run of characters.
    """

    _LETTER = r"\p{Latin}\p{Greek}\p{Cyrillic}0-9"
    PATTERNS = [  # noqa: RUF012
        presidio.Pattern(
            "Address",
            rf"(?<![{_LETTER}_.%+@/-])[{_LETTER}_%+-][{_LETTER}_.%+'-]{{0,63}}(?<!\.)@"
            rf"(?:[{_LETTER}](?:[{_LETTER}-]{{0,61}}[{_LETTER}])?\.)+"
            rf"[\p{{Latin}}\p{{Greek}}\p{{Cyrillic}}]{{2,24}}(?![{_LETTER}_@-])",
            0.5,
        )
    ]

    def __init__(self) -> None:
        super().__init__(supported_entity="EMAIL_ADDRESS", patterns=self.PATTERNS)

    @cached_property
    def _public(self) -> Callable[[str], bool]:
        import tldextract

        extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
        return lru_cache(4096)(lambda domain: bool(extract(domain).fqdn))

    def validate_result(self, pattern_text: str) -> bool:
        """Return whether the domain has a public suffix, by the list that tldextract includes."""
        return self._public(pattern_text.rpartition("@")[2])

    def weigh(self, text: str, start: int, end: int, score: float) -> float:
        """Drop passwords in URLs (`https://user:password@host`) and locations (`git@host:path`)."""
        password = (
            text[start - 1 : start] == ":"
            and "://" in text[max(0, start - 80) : start].rpartition(" ")[2]
        )
        location = text[end : end + 1] == ":" and re.match(r":[\w~.-]*/", text[end : end + 40])
        return 0.0 if password or location else score


class IpAddressRecognizer(presidio.IpRecognizer):  # type: ignore[misc]
    """presidio's, without versions, section numbers, slices and names.

    Examples are `Chrome/91.0.44.12`, `foo-1.2.3.4`, `x[1::2]` and `A::B`.
    """

    WORDS = "ip|ips|ipv4|ipv6|address|addr|host|server|dns|gateway|subnet|ping|client|proxy|ssh"
    NUMBERING = (
        "version|versions|ver|v|release|section|sections|sec|chapter|build|firmware|figure|table"
        "|appendix|§"
    )
    PATTERNS = [  # noqa: RUF012
        presidio.Pattern(
            "IPv4",
            r"(?<![A-Za-z0-9_.]|[A-Za-z0-9][/-]|[=<>~!]=)(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
            r"(?:/[0-9]{1,2})?(?![A-Za-z0-9_]|\.[A-Za-z0-9]|-[A-Za-z])",
            0.6,
        ),
        presidio.Pattern(
            "IPv6",
            r"(?<![A-Za-z0-9_:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){1,6}"
            r"(?::(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{1,4})|::)"
            r"(?:/[0-9]{1,3})?(?![A-Za-z0-9_]|:[A-Za-z0-9:]|\.[0-9])",
            0.6,
        ),
    ]

    def weigh(self, text: str, start: int, end: int, score: float) -> float:
        """Lower the score of values that are likely array slices, class names or versions."""
        value = text[start:end]
        if ":" in value:
            if "::" in value and not re.match(
                r"[23][0-9A-Fa-f]{3}:|f[c-f][0-9A-Fa-f]{2}:|::ffff:", value, re.IGNORECASE
            ):
                return 0.0
        elif near(text, start, start, self.NUMBERING, before=2) or _is_network(value):
            return 0.2
        elif near(text, start, end, self.WORDS):
            return boost(score)
        elif all(len(part) == 1 for part in value.partition("/")[0].split(".")):
            return 0.4
        return score


class CryptoWalletRecognizer(presidio.CryptoRecognizer):  # type: ignore[misc]
    """presidio's, which verifies Bitcoin checksums, and Ethereum-like addresses."""

    PATTERNS = [  # noqa: RUF012
        presidio.Pattern(
            "Bitcoin",
            r"(?<![A-Za-z0-9_/+=])(?:bc1|[13])[a-zA-HJ-NP-Z0-9]{25,59}(?![A-Za-z0-9_+=])",
            0.5,
        ),
        presidio.Pattern("Ethereum", r"(?<![A-Za-z0-9_])0x[0-9a-fA-F]{40}(?![A-Za-z0-9_])", 0.5),
    ]

    def validate_result(self, pattern_text: str) -> bool | None:
        """Verify a Bitcoin checksum; Ethereum's is encoded in the letter case, and optional."""
        return (
            None if pattern_text.startswith("0x") else bool(super().validate_result(pattern_text))
        )

    def weigh(self, text: str, start: int, end: int, score: float) -> float:
        """Add presidio's bonus for a context word."""
        return (
            boost(score)
            if near(text, start, end, "wallet|btc|bitcoin|eth|ethereum|crypto|address|send")
            else score
        )


class MacAddressRecognizer(presidio.MacAddressRecognizer):  # type: ignore[misc]
    """presidio's, with at least one letter, and not inside longer sequences (key fingerprints).

    Sequences of two-digit numbers are something else.
    """

    PATTERNS = [  # noqa: RUF012
        presidio.Pattern(
            "Pairs",
            r"(?<![A-Za-z0-9_:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}"
            r"(?![A-Za-z0-9_]|[:-][0-9A-Fa-f])",
            0.6,
        ),
        presidio.Pattern(
            "Cisco",
            r"(?<![A-Za-z0-9_.-])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"
            r"(?![A-Za-z0-9_]|[.-][0-9A-Fa-f])",
            0.6,
        ),
    ]

    def invalidate_result(self, pattern_text: str) -> bool:
        """Return whether this is not an address."""
        plain = re.sub(r"[^0-9A-Fa-f]", "", pattern_text)
        return (
            plain.isdigit()
            or (plain.isalpha() and "." in pattern_text)
            or bool(super().invalidate_result(pattern_text))
        )


def _is_network(value: str) -> bool:
    """Return whether this is an address range: `192.0.2.0/24`."""
    interface = ipaddress.ip_interface(value)
    return (
        interface.network.prefixlen < interface.max_prefixlen
        and interface.ip == interface.network.network_address
    )


def everyday() -> dict[str, Any]:
    """Return the default recognizers by kind; of equal scores the first one wins."""
    return {
        "CREDIT_CARD": CreditCardRecognizer(),
        "IBAN_CODE": IbanRecognizer(),
        "CRYPTO": CryptoWalletRecognizer(),
        "EMAIL_ADDRESS": EmailAddressRecognizer(),
        "US_SSN": UsSsnRecognizer(),
        "MAC_ADDRESS": MacAddressRecognizer(),
        "IP_ADDRESS": IpAddressRecognizer(),
    }
