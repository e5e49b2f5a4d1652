"""pii/us-ssn."""

from __future__ import annotations

from dataclasses import dataclass

from dslint_pii.rule import PersonalData


@dataclass(frozen=True)
class UsSsn(PersonalData):
    """US social security numbers."""

    name = "us-ssn"
    noun = "a US social security number"
    grave = True
