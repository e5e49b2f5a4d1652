"""Limits that are set on the command line."""

import pytest

from dslint.config.flags import with_limits
from dslint.errors import ConfigError
from dslint.gate.limits import check_names
from dslint.model import Limit
from dslint.settings import Settings


def test_a_limit_on_a_slice() -> None:
    (limit,) = with_limits(Settings(), ["duplicates/exact.rate[split=test]=50%"], [], {}).limits
    assert (limit.measure, limit.max, limit.min) == ("duplicates/exact.rate[split=test]", 0.5, None)


def test_a_limit_on_a_rule_is_one_on_its_count(work, call):
    work.jsonl("data.jsonl", *({"text": "the same"} for _ in range(5)))
    assert call("check", "--max", "duplicates/exact=4").code == 0
    result = call("check", "--max", "duplicates/exact=3", "-o", "json")
    assert (
        result.code,
        [limit["measure"] for limit in result.report["limits"] if limit["from"] == "flag"],
    ) == (1, ["duplicates/exact.count"])
    assert call("check", "--min", "duplicates/exact=5").code == 1
    work.write("train.jsonl", (work.root / "data.jsonl").read_text())
    work.write("dslint.toml", '[dataset]\nfiles = "*.jsonl"\nslices = ["split"]\n')
    assert call("check", "--max", "duplicates/exact[split=train]=3").code == 1


@pytest.mark.parametrize(
    ("flag", "hint"),
    [
        ("duplicates/exact=few", "write it as --max duplicates/exact=10"),
        ("duplicates/exact=2%", "write it as --max duplicates/exact.rate=2%"),
        ("duplicates/exact.count=few", "write it as --max duplicates/exact.count=10"),
        ("duplicates/exatc=1", "did you mean 'duplicates/exact'?"),
        ("duplicates/exact.cuont=1", "did you mean 'count'?"),
    ],
)
def test_what_a_message_on_limits_proposes_works(work, call, refused, flag, hint):
    work.chat()
    refused(call("check", "--max", flag), hint)
    if " --max " in hint:
        assert call("check", "--max", hint.partition(" --max ")[2]).code == 0


def test_a_limit_of_the_api_on_a_rule_alone_says_how(work):
    with pytest.raises(ConfigError) as refusal:
        check_names([Limit(measure="duplicates/exact")], {"duplicates/exact": ()})
    assert refusal.value.hint == "write it as duplicates/exact.count"
