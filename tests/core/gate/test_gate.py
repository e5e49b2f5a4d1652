"""How findings become numbers, and numbers a verdict."""

from __future__ import annotations

import pytest

from dslint import gate
from dslint.errors import ConfigError
from dslint.model import (
    Confidence,
    ExitCode,
    Finding,
    Input,
    InputResult,
    Limit,
    Location,
    Severity,
)

RULE = "a/b"


def finding(
    row=0,
    *,
    rule=RULE,
    path="x",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    suppressed=None,
    slices=(),
):
    at = Location() if row is None else Location(path, row)
    return Finding(
        at=at,
        message="m",
        rule=rule,
        severity=severity,
        confidence=confidence,
        suppressed=suppressed,
        slices=slices,
    )


def measured(*findings, judged=10, own=None, sliced=None):
    return gate.measure({RULE: judged}, counted(findings), own or {}, {RULE: "valid"}, sliced or {})


def counted(findings, *args):
    count = gate.Count(*args)
    for item in sorted(findings, key=Finding.order):
        count.add(item)
    return count


def judged(
    *findings,
    limits=(),
    fail_on=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    severity=Severity.ERROR,
    rules=None,
):
    ran = rules or {RULE: severity}
    count = counted(findings, limits, fail_on, confidence)
    return gate.judge(
        limits, gate.measure(dict.fromkeys(ran, 10), count, {}, {}, {}), count, ran, fail_on
    )


def passes(*findings, **more):
    return all(item.passed for item in judged(*findings, **more))


def test_count_rate_and_total():
    found = [finding(0), finding(0), finding(1), finding(2, suppressed="known")]
    assert measured(*found) == {"a/b.count": 3, "a/b.rate": 0.2, "a/b.total": 4}


def test_the_same_row_of_two_files_is_two_records():
    assert measured(finding(0, path="x"), finding(0, path="y"))["a/b.rate"] == 0.2


def test_findings_on_the_dataset_as_a_whole_are_counted_but_have_no_rate():
    assert measured(finding(None)) == {"a/b.count": 1, "a/b.rate": 0.0, "a/b.total": 1}


def test_a_rate_of_nothing_is_zero():
    assert measured(judged=0)["a/b.rate"] == 0
    assert gate.rate(1, 3) == 0.333333


def test_measures_of_the_rule_itself_are_kept():
    assert measured(own={"a/b.size": 7})["a/b.size"] == 7


def test_slices_have_measures_of_their_own():
    sliced = {
        ("valid", "split", "train"): 4,
        ("valid", "split", "test"): 2,
        ("all", "split", "dev"): 9,
    }
    found = [
        finding(0, slices=(("split", "train"),)),
        finding(1, slices=(("split", "train"),), suppressed="known"),
    ]
    measures = measured(*found, sliced=sliced)
    assert measures["a/b.count[split=train]"] == 1
    assert measures["a/b.rate[split=train]"] == 0.25
    assert measures["a/b.count[split=test]"] == 0
    assert "a/b.rate[split=dev]" not in measures


def test_slices_are_capped():
    measures = measured(
        sliced={("valid", "label", f"{number:05}"): 1 for number in range(gate.MAX_SLICES + 5)}
    )
    assert sum(name.startswith("a/b.rate[") for name in measures) == gate.MAX_SLICES


def test_an_error_fails_by_default_and_a_warning_does_not():
    assert passes()
    assert not passes(finding(0))
    assert passes(finding(0, severity=Severity.WARNING), severity=Severity.WARNING)
    assert not passes(finding(0, severity=Severity.WARNING), fail_on=Severity.WARNING)
    assert passes(finding(0, severity=Severity.INFO), fail_on=Severity.WARNING)
    assert not passes(finding(0, severity=Severity.INFO), fail_on=Severity.INFO)


def test_a_single_error_of_a_milder_rule_fails():
    assert not passes(finding(0), finding(1, severity=Severity.WARNING), severity=Severity.WARNING)


def test_confidence_is_inclusive():
    assert passes(finding(0, confidence=Confidence.LOW))
    assert not passes(finding(0, confidence=Confidence.MEDIUM))
    assert not passes(finding(0, confidence=Confidence.LOW), confidence=Confidence.LOW)
    assert passes(finding(0, confidence=Confidence.MEDIUM), confidence=Confidence.HIGH)


def test_suppressed_findings_do_not_fail():
    assert passes(finding(0, suppressed="known"))


def test_a_limit_replaces_the_default_for_its_rule_alone():
    both = {RULE: Severity.ERROR, "a/c": Severity.ERROR}
    found = [finding(0), finding(1, rule="a/c")]
    held = {
        item.limit.measure: (item.limit.origin, item.passed)
        for item in judged(*found, limits=[Limit(measure="a/b.count", max=1)], rules=both)
    }
    assert held == {"a/b.count": ("config", True), "a/c.count": ("severity", False)}


@pytest.mark.parametrize(
    ("low", "high", "passed"),
    [
        (None, 2, True),
        (None, 1, False),
        (2, None, True),
        (3, None, False),
        (2, 2, True),
        (None, 0, False),
    ],
)
def test_limits_are_inclusive(low, high, passed):
    assert (
        passes(finding(0), finding(1), limits=[Limit(measure="a/b.count", min=low, max=high)])
        is passed
    )


def test_a_limit_on_a_rule_that_did_not_run_is_not_judged():
    (item,) = judged(limits=[Limit(measure="z/z.count", max=0)], severity=Severity.INFO)
    assert (item.value, item.passed) == (None, None)
    assert gate.verdict([item], incomplete=False, lenient=False) == ("pass", ExitCode.PASS)


def test_a_limit_within_files_replaces_the_default_there_and_nowhere_else():
    limit = Limit(measure="a/b.count[files=old/**,x/*]", max=9)
    held = judged(
        finding(0, path="old/a"), finding(0, path="new/a"), finding(1, path="new/a"), limits=[limit]
    )
    assert [
        (item.limit.measure, item.value, item.passed)
        for item in held
        if item.limit.origin == "severity"
    ] == [("a/b.count[severity=error]", 2, False)]
    held = judged(finding(0, path="old/a"), finding(0, path="x/a"), limits=[limit])
    assert [item.passed for item in held if item.limit.origin == "severity"] == [True]


def test_limits_within_files():
    def result(path, records, unreadable, misfits):
        item = Input(index=0, path=path, dataset="d", format="jsonl", shape="chat")
        return InputResult(input=item, records=records, unreadable=unreadable, misfits=misfits)

    inputs = [result("eval/a", 10, 1, 1), result("train/a", 100, 0, 0)]
    found = [
        finding(0, path="eval/a"),
        finding(0, path="eval/a"),
        finding(1, path="eval/a", suppressed="known"),
        finding(0, path="train/a"),
    ]

    def value(kind, sees="valid"):
        limit = Limit(measure=f"a/b.{kind}[files=eval/**]")
        return gate.in_files(limit, counted(found, [limit]), inputs, {RULE: sees})

    assert (value("count"), value("total"), value("rate"), value("rate", "all")) == (
        2,
        3,
        0.125,
        0.111111,
    )
    assert value("size") is None


@pytest.mark.parametrize(
    ("measure", "hint"),
    [
        ("a/c.count", "a/b"),
        ("a/b.cuont", "count"),
        ("count", "RULE.MEASURE"),
        ("a/b.sise", "size"),
        ("a/b", "a/b"),
    ],
)
def test_limits_on_what_nobody_measures_are_refused(measure, hint):
    with pytest.raises(ConfigError) as raised:
        gate.check_names([Limit(measure=measure, max=0)], {RULE: ["size"]})
    assert hint in raised.value.hint


def test_known_measures_pass():
    gate.check_names(
        [
            Limit(measure=f"a/b.{name}")
            for name in ("count", "rate", "total", "size", "rate[split=train]")
        ],
        {RULE: ["size"]},
    )


@pytest.mark.parametrize(
    ("broken", "incomplete", "lenient", "word", "code"),
    [
        (False, False, False, "pass", 0),
        (True, False, False, "fail", 1),
        (True, False, True, "fail", 0),
        (True, True, False, "incomplete", 2),
        (True, True, True, "incomplete", 2),
        (False, True, False, "incomplete", 2),
    ],
)
def test_verdicts(broken, incomplete, lenient, word, code):
    assert gate.verdict(judged(*[finding(0)] * broken), incomplete=incomplete, lenient=lenient) == (
        word,
        code,
    )
