"""pii/ip-address, pii/mac-address."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Severity
from dslint_packs.pii.rule import PersonalData


@dataclass(frozen=True)
class IpAddress(PersonalData):
    """IP addresses.

    Why: the address of a connection is personal data in many countries, and addresses of servers
    invite attacks.

    IPv4 and IPv6 addresses as presidio finds them, except versions (`Chrome/91.0.44.124`,
    `version 1.2.3.4`), section numbers, address ranges (`192.0.2.0/24`), slices (`x[1::2]`) and
    names (`A::B`). Addresses that are not global (private, loopback, documentation, multicast) and
    public resolvers (8.8.8.8) are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 14, precision 1.00.
    alpaca_zh_demo (1,000 records): 2 found, both private. CLINC, BLiMP, c4_demo and alpaca_en_demo
    (31,000 records) contain none, and none is found.

    Blind spots: a version of four numbers below 256 is flagged if no word for versions is nearby;
    short IPv6 addresses outside 2000::/3 and fc00::/6 are not found.

    Options: `roles`: which texts to check. `threshold`: the minimum presidio score of a finding.
    `allow`: values to accept (`*` and `?` are wildcards; case, spaces and hyphens are ignored), as
    in `allow = ["203.0.113.*"]`.

    Flags::

        {"prompt": "I log in from 81.2.69.160.", "completion": "Fine."}
        {"text": "The server is at [2a00:1450:4001:81b::200e]:443"}
        {"text": "Open 192.168.0.1 in the browser."}

    Passes::

        {"text": "Chrome/91.0.44.124, version 10.0.19.4, section 1.2.3.4, foo==1.2.3.4, 10.0.0.0/8"}
        {"text": "x[1::2], A::B, std::vector and 12:30:45"}

    Cure: use documentation addresses: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24,
    2001:db8::/32.
    """

    name = "ip-address"
    entity = "IP_ADDRESS"
    noun = "an IP address"


@dataclass(frozen=True)
class MacAddress(PersonalData):
    """Hardware (MAC) addresses of network interfaces.

    Why: the address identifies a device, and so its owner, wherever it is.

    presidio's recognizer, except inside longer sequences such as key fingerprints, and only with at
    least one letter: sequences of two-digit numbers are dates or lottery numbers.
    Measured: 0.997 of 1,000 generated addresses are found. CLINC, BLiMP, and LLaMA-Factory's c4 and
    alpaca demos (31,000 records) contain none, and none is found.

    Blind spots: addresses without separators, and addresses of decimal digits only.

    Options: `roles`: which texts to check. `threshold`: the minimum presidio score of a finding.
    `allow`: values to accept (`*` and `?` are wildcards; case, spaces and hyphens are ignored).

    Flags::

        {"prompt": "My laptop is 3c:22:fb:1a:2b:3c.", "completion": "Registered."}
        {"text": "interface 001a.2b3c.4d5e"}

    Passes::

        {"text": "Drawn: 04-12-18-23-35-41. MD5: 3c:22:fb:1a:2b:3c:4d:5e:6f:70:81:92:a3:b4:c5:d6"}

    Cure: use documentation addresses: 00:00:5E:00:53:00 to 00:00:5E:00:53:FF.
    """

    name = "mac-address"
    entity = "MAC_ADDRESS"
    noun = "a MAC address"
    severity = Severity.INFO
