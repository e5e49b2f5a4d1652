"""Every rule keeps every law, and its manual page is true."""

import pytest

from dslint import testing
from dslint.rules.base import CoreRule, examples
from dslint.run import api
from dslint.testing.harness import with_options

KNOWN = {
    name: known.rule
    for name, known in api.environment().known.items()
    if not issubclass(known.rule, CoreRule)
}


def flagging(rule):
    return with_options(rule, next(example.options for example in examples(rule) if example.flags))


@pytest.mark.parametrize("name", KNOWN)
def test_the_manual_page_is_true(name):
    testing.assert_documented(KNOWN[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_the_laws(name):
    testing.assert_laws(flagging(KNOWN[name]), max_examples=15)
