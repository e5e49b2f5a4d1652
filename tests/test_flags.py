"""Limits that are set on the command line."""

from dslint.config.flags import with_limits
from dslint.settings import Settings


def test_a_limit_on_a_slice() -> None:
    (limit,) = with_limits(Settings(), ["duplicates/exact.rate[split=test]=50%"], []).limits
    assert (limit.measure, limit.max, limit.min) == ("duplicates/exact.rate[split=test]", 0.5, None)
