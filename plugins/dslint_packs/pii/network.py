"""pii/ip-address, pii/mac-address."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Severity
from dslint_packs.pii.rule import PersonalData


@dataclass(frozen=True)
class IpAddress(PersonalData):
    """IP addresses.

    Why: an address of a connection is personal data in many countries, and addresses of servers invite attacks.

    IPv4 and IPv6, as presidio finds them, but no versions (`Chrome/91.0.44.124`, `version 1.2.3.4`), numbers of sections, ranges of addresses
    (`192.0.2.0/24`), slices (`x[1::2]`) or names (`A::B`). Addresses that are not global (private, loopback, documentation, multicast) and public
    resolvers (8.8.8.8) are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 14, precision 1.00. alpaca_zh_demo (1,000 records): 2, both private.
    CLINC, BLiMP, c4_demo, alpaca_en_demo (31,000 records): none, and none is there.

    Blind spots: a version of four numbers below 256 without a word for it is flagged; short IPv6 addresses outside of 2000::/3 and fc00::/6 are
    not.

    Options: `roles`, which texts to judge; `threshold`, the least score of presidio's that counts; `allow`, values that may stand (`*` and `?` are
    wildcards; case, spaces and hyphens do not count): `allow = ["203.0.113.*"]`.

    Flags::

        {"messages": [{"role": "user", "content": "I log in from 81.2.69.160."}, {"role": "assistant", "content": "Fine."}]}
        {"text": "The server is at [2a00:1450:4001:81b::200e]:443"}
        {"text": "Open 192.168.0.1 in the browser."}

    Passes::

        {"text": "Chrome/91.0.44.124, version 10.0.19.4, see section 1.2.3.4, foo==1.2.3.4 of 10.0.0.0/8"}
        {"text": "x[1::2], A::B, std::vector and 12:30:45"}

    Cure: use addresses for documentation: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32.
    """

    name = "ip-address"
    entity = "IP_ADDRESS"
    noun = "an IP address"


@dataclass(frozen=True)
class MacAddress(PersonalData):
    """Hardware addresses of network interfaces (MAC).

    Why: the address goes with a device, and so with its owner, wherever it is.

    presidio's recognizer, outside of longer rows such as fingerprints of keys, and with at least one letter: rows of two-digit numbers are dates or
    draws.
    Measured: 1,000 generated addresses: 0.997 found. CLINC, BLiMP, and LLaMA-Factory's c4 and alpaca demos (31,000 records): none, and none is
    there.

    Blind spots: addresses without marks between the digits, and those of decimal digits only.

    Options: `roles`, which texts to judge; `threshold`, the least score of presidio's that counts; `allow`, values that may stand (`*` and `?` are
    wildcards; case, spaces and hyphens do not count).

    Flags::

        {"messages": [{"role": "user", "content": "My laptop is 3c:22:fb:1a:2b:3c."}, {"role": "assistant", "content": "Registered."}]}
        {"text": "interface 001a.2b3c.4d5e"}

    Passes::

        {"text": "Drawn: 04-12-18-23-35-41. Fingerprint 3c:22:fb:1a:2b:3c:4d:5e:6f:70:81:92:a3:b4:c5:d6"}

    Cure: use addresses for documentation: 00:00:5E:00:53:00 to 00:00:5E:00:53:FF.
    """

    name = "mac-address"
    entity = "MAC_ADDRESS"
    noun = "a MAC address"
    severity = Severity.INFO
