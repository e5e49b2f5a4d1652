"""Tool calls are part of what the rules on duplicates compare."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslint import testing
from dslint_packs.duplicates.conflicting_answer import ConflictingAnswer
from dslint_packs.duplicates.exact import ExactDuplicate, NormalizedDuplicate
from dslint_packs.duplicates.leakage import Leakage
from dslint_packs.duplicates.normalize import normalize, normalize_all

ASKED = "Which password do you suggest to me today?"


def openai(name, arguments, identity="c1", **extra):
    call = {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {
        "messages": [
            {"role": "user", "content": ASKED},
            {"role": "assistant", "content": None, "tool_calls": [call]},
        ],
        **extra,
    }


def legacy(name, arguments, **extra):
    call = {"name": name, "arguments": arguments}
    return {
        "messages": [
            {"role": "user", "content": ASKED},
            {"role": "assistant", "content": None, "function_call": call},
        ],
        **extra,
    }


def parts(name, arguments, **extra):
    part = {"type": "tool_use", "name": name, "input": json.loads(arguments)}
    return {
        "messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": [part]}],
        **extra,
    }


def sharegpt(name, arguments, **extra):
    call = json.dumps({"name": name, "arguments": json.loads(arguments)})
    said = [("human", ASKED), ("function_call", call), ("observation", "x"), ("gpt", "It is x.")]
    return {"conversations": [{"from": who, "value": what} for who, what in said], **extra}


KINDS = pytest.mark.parametrize("kind", [openai, legacy, parts, sharegpt])


@KINDS
def test_another_call_is_another_record(kind):
    records = [
        kind("password", '{"length": 8}'),
        kind("random_password", '{"length": 8}'),
        kind("password", '{"length": 12}'),
    ]
    assert not testing.run(NormalizedDuplicate(), records).findings
    leaks = testing.run(Leakage(), records, splits=["train", "test", "test"]).findings
    assert all("the same prompt" in finding.message for finding in leaks)


@KINDS
def test_the_same_call_otherwise_written_is_the_same(kind):
    records = [kind("f", '{"a": 1, "b": 2}', tools="[]"), kind("f", '{"b":2,"a":1}', tools="[{}]")]
    assert len(testing.run(NormalizedDuplicate(), records).rows) == 1
    assert len(testing.run(Leakage(), records, splits=["train", "test"]).findings) == 1


def test_the_id_of_a_call_does_not_count():
    records = [openai("f", "{}", "c1"), openai("f", "{}", "c2")]
    assert len(testing.run(NormalizedDuplicate(), records).rows) == 1
    assert len(testing.run(ExactDuplicate(by="text"), records).rows) == 1
    assert not testing.run(
        ExactDuplicate(by="text"), [openai("f", "{}"), openai("g", "{}")]
    ).findings


def test_another_call_for_the_same_prompt_is_another_answer():
    said = testing.run(ConflictingAnswer(), [openai("f", "{}"), openai("g", "{}")])
    assert len(said.rows) == 1


def test_sides_of_a_preference_keep_their_calls():
    def pair(good, bad):
        sides = {"chosen": good, "rejected": bad}
        return {
            "prompt": ASKED,
            **{side: [openai(name, "{}")["messages"][1]] for side, name in sides.items()},
        }

    assert testing.run(
        ConflictingAnswer(), [pair("f", "g"), pair("g", "f")], shape="preference"
    ).findings
    assert not testing.run(
        ConflictingAnswer(), [pair("f", "g"), pair("f", "h")], shape="preference"
    ).findings


@pytest.mark.parametrize("arguments", ["{x: 1", '"\\ud800"', "[" * 100_000, "9" * 5000, "", "null"])
def test_broken_calls_do_no_harm(arguments):
    said = testing.run(NormalizedDuplicate(), [openai("f", arguments), openai("g", arguments)])
    assert not said.crashes
    broken = {
        "conversations": [
            {"from": "human", "value": ASKED},
            {"from": "function_call", "value": arguments},
        ]
    }
    assert not testing.run(NormalizedDuplicate(), [broken, broken]).crashes


def test_with_other_tools_another_answer_is_right():
    def record(answer, tools):
        return {
            "messages": [
                {"role": "user", "content": ASKED},
                {"role": "assistant", "content": answer},
            ],
            "tools": tools,
        }

    assert not testing.run(
        ConflictingAnswer(), [record("I can add.", "[1]"), record("I can book.", "[2]")]
    ).findings
    assert testing.run(
        ConflictingAnswer(), [record("I can add.", "[1]"), record("I can book.", "[1]")]
    ).findings


@given(st.lists(st.text(alphabet=st.sampled_from("aZ9 .-+\n\0é\u00a0ﬁ"), max_size=12), max_size=8))
def test_texts_are_normalised_all_at_once_as_one_by_one(texts):
    assert normalize_all(texts) == [normalize(text) for text in texts]
