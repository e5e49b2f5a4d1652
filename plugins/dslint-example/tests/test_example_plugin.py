from pathlib import Path

import pytest

from dslint import testing
from dslint_example import AllCaps, SameOpening

CASES = testing.load_cases(Path(__file__).parent / "cases.yaml")
RULES = {"all-caps": AllCaps(), "same-opening": SameOpening(most=1)}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_manual_page_is_true(rule):
    testing.assert_documented(type(rule))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_laws(rule):
    testing.assert_laws(rule)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case):
    case.check(AllCaps)


def test_the_measure_counts_openings():
    reply = {
        "messages": [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": "Sure thing, boss."},
        ]
    }
    other = {
        "messages": [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": "Of course not."},
        ]
    }
    result = testing.run(SameOpening(most=1), [reply, other, reply, other, other])
    assert result.measures == {"test/same-opening.shared-openings": 2}
    assert result.rows == [2, 3, 4]
