"""pii/ip-address, pii/mac-address."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Severity
from dslint_pii.rule import PersonalData


@dataclass(frozen=True)
class IpAddress(PersonalData):
    """IP addresses."""

    name = "ip-address"
    entity = "IP_ADDRESS"
    noun = "an IP address"


@dataclass(frozen=True)
class MacAddress(PersonalData):
    """Hardware addresses of network interfaces."""

    name = "mac-address"
    entity = "MAC_ADDRESS"
    noun = "a MAC address"
    severity = Severity.INFO
