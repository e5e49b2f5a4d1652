"""structure/json-schema runs the patterns of users in linear time, and as the compiled validator does."""

from __future__ import annotations

import json
import time

import pytest

RULE = "structure/json-schema"


def check(work, call, schema, *records):
    work.write("s.json", json.dumps(schema))
    work.jsonl("data.jsonl", *records)
    return call(
        "check",
        "-o",
        "json",
        "data.jsonl",
        "--shape",
        "any",
        "--select",
        RULE,
        "--option",
        f"{RULE}.schema=s.json",
    )


STALLING = "^(a+)+$"
TEXT = "a" * 64 + "!"


@pytest.mark.parametrize(
    ("schema", "record", "said"),
    [
        ({"properties": {"t": {"pattern": STALLING}}}, {"t": TEXT}, ("/t", "pattern")),
        (
            {"patternProperties": {STALLING: {"type": "null"}}, "required": ["x"]},
            {TEXT: 1},
            ("", "required"),
        ),
        (
            {"patternProperties": {STALLING: {}}, "additionalProperties": False},
            {TEXT: 1},
            ("", "additionalProperties"),
        ),
        (
            {"patternProperties": {STALLING: {}}, "additionalProperties": {"type": "null"}},
            {TEXT: 1},
            (f"/{TEXT}", "type"),
        ),
        ({"propertyNames": {"pattern": STALLING}}, {TEXT: 1}, ("", "pattern")),
    ],
)
def test_no_pattern_can_stall_a_run(work, call, schema, record, said):
    start = time.process_time()
    (finding,) = check(work, call, schema, record).findings(RULE)
    assert time.process_time() - start < 5
    assert finding["field"] == said[0]
    assert finding["message"].startswith(said[1])


def test_both_validators_match_alike(work, call):
    schema = {
        "properties": {"a": {"pattern": r"^\d+$"}, "b": {"pattern": r"^\w+$"}},
        "patternProperties": {"^x": {"type": "string"}},
        "additionalProperties": False,
    }
    records = [{"a": "12"}, {"a": "12\n"}, {"a": "x"}, {"b": "é"}, {"x1": 1}, {"x1": "1"}, {"y": 1}]
    import jsonschema_rs

    fast = jsonschema_rs.validator_for(schema, pattern_options=jsonschema_rs.RegexOptions())
    wrong = [row for row, record in enumerate(records) if not fast.is_valid(record)]
    assert [
        finding["row"] for finding in check(work, call, schema, *records).findings(RULE)
    ] == wrong


@pytest.mark.parametrize("pattern", ["(?=a)b", r"(a)\1", "(?<!a)b"])
def test_patterns_that_cannot_be_linear_are_refused(work, call, refused, pattern):
    refused(check(work, call, {"properties": {"t": {"pattern": pattern}}}, {}), "s.json", "regex")
