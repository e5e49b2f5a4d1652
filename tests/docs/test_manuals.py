"""A rule's manual page says why and gives a cure; that its examples are what it says they are is held in test_laws.py."""

import pytest

from dslint.rules.base import manual
from dslint.run import api

OWN = {
    name: entry
    for name, entry in api.environment().known.items()
    if entry.distribution == "dslint-gate"
}


@pytest.mark.parametrize("name", OWN)
def test_a_manual_page_says_why_and_gives_a_cure(name: str) -> None:
    text = manual(OWN[name].rule)
    assert text.partition("\n")[0].endswith(".")
    assert "\nWhy: " in text
    assert "\nCure: " in text
