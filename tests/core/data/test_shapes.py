"""Shapes: every legal variant passes, every defect is said at its field."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslint.data.batch import Batch, selected
from dslint.data.shapes import BUILT_IN, detect, label_column, named
from dslint.errors import ConfigError
from dslint.helpers.pointers import escape, leaves, lookup
from dslint.model import Input, Text

CHAT, CLASSIFICATION, TEXT, ANY = (
    named(name, BUILT_IN) for name in ("chat", "classification", "text", "any")
)
USER = {"role": "user", "content": "hi"}
REPLY = {"role": "assistant", "content": "hello"}


def chat(*messages, **more):
    return {"messages": list(messages), **more}


LEGAL = {
    "plain": chat(USER, REPLY),
    "system": chat({"role": "system", "content": "be"}, USER, REPLY),
    "developer": chat({"role": "developer", "content": "be"}, USER, REPLY),
    "null content beside a call": chat(
        USER, {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    ),
    "no content beside a call": chat(USER, {"role": "assistant", "tool_calls": [{"id": "1"}]}),
    "tool result": chat(
        USER,
        {"role": "assistant", "tool_calls": [{}]},
        {"role": "tool", "tool_call_id": "1", "content": "4"},
        REPLY,
    ),
    "legacy function": chat(
        USER,
        {"role": "assistant", "content": None, "function_call": {"name": "f"}},
        {"role": "function", "name": "f", "content": "4"},
    ),
    "tools": chat(USER, REPLY, tools=[{"type": "function"}], parallel_tool_calls=False),
    "weights": chat(USER, {**REPLY, "weight": 0}, USER, {**REPLY, "weight": 1}),
    "names": chat({**USER, "name": "ada"}, REPLY),
    "refusal": chat(USER, {"role": "assistant", "content": None, "refusal": "no"}),
    "reasoning": chat(USER, {**REPLY, "reasoning_content": "so"}),
    "parts": chat(
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "see"},
                {"type": "image_url", "image_url": {"url": "x"}},
            ],
        },
        REPLY,
    ),
    "sound": chat(
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
        {"role": "assistant", "audio": {"id": "1"}},
    ),
    "empty text": chat(USER, {"role": "assistant", "content": ""}),
}


@pytest.mark.parametrize("value", LEGAL.values(), ids=LEGAL.keys())
def test_what_is_legal_in_a_chat_passes(value):
    assert CHAT.fits(value)
    assert CHAT.read(value)[1] == []
    assert len(CHAT.turns(value)) == len(value["messages"])


BROKEN = [
    ([1], ""),
    ("text", ""),
    (None, ""),
    ({}, ""),
    ({"messages": "hi"}, "/messages"),
    ({"messages": None}, "/messages"),
    ({"messages": []}, "/messages"),
    (chat(USER, "hello"), "/messages/1"),
    (chat(USER, None), "/messages/1"),
    (chat({"content": "hi"}, REPLY), "/messages/0"),
    (chat({"role": None, "content": "hi"}, REPLY), "/messages/0/role"),
    (chat({"role": ["user"], "content": "hi"}, REPLY), "/messages/0/role"),
    (chat(USER, {"role": "Assistant", "content": "x"}), "/messages/1/role"),
    (chat(USER, {"role": "bot", "content": "x"}), "/messages/1/role"),
    (chat({"role": "user"}, REPLY), "/messages/0"),
    (chat({"role": "user", "content": None}, REPLY), "/messages/0/content"),
    (chat({"role": "user", "content": None, "tool_calls": [{}]}, REPLY), "/messages/0/content"),
    (chat(USER, {"role": "assistant", "content": None, "tool_calls": []}), "/messages/1/content"),
    (chat(USER, {"role": "assistant", "content": 7}), "/messages/1/content"),
    (chat(USER, {"role": "assistant", "content": {"text": "x"}}), "/messages/1/content"),
    (chat({"role": "user", "content": [7]}, REPLY), "/messages/0/content/0"),
    (chat({"role": "user", "content": [{"text": "x"}]}, REPLY), "/messages/0/content/0"),
    (chat({"role": "user", "content": [{"type": "text"}]}, REPLY), "/messages/0/content/0"),
]


@pytest.mark.parametrize(("value", "field"), BROKEN)
def test_each_defect_of_a_chat_is_said_at_its_field(value, field):
    problems = CHAT.read(value)[1]
    assert [problem.field for problem in problems] == [field]


def test_all_defects_of_a_chat_are_said():
    problems = CHAT.read(chat({"role": "bot", "content": 7}, {"content": "x"}))[1]
    assert [problem.field for problem in problems] == [
        "/messages/0/role",
        "/messages/0/content",
        "/messages/1",
    ]


def test_the_texts_of_a_chat_have_their_roles_and_targets():
    value = chat(
        {"role": "system", "content": "a"},
        USER,
        {**REPLY, "reasoning_content": "r"},
        {**REPLY, "weight": 0},
        {"role": "function", "content": "f"},
    )
    assert [(text.field, text.role, text.target) for text in CHAT.read(value)[0]] == [
        ("/messages/0/content", "system", False),
        ("/messages/1/content", "user", False),
        ("/messages/2/reasoning_content", "assistant", True),
        ("/messages/2/content", "assistant", True),
        ("/messages/3/content", "assistant", False),
        ("/messages/4/content", "tool", False),
    ]


@pytest.mark.parametrize(
    ("content", "blank"),
    [
        ("x", False),
        (" \n", True),
        ("", True),
        ([{"type": "text", "text": " "}], True),
        ([{"type": "image_url"}], False),
        ([], True),
    ],
)
def test_a_turn_without_visible_text_is_blank(content, blank):
    assert CHAT.turns(chat(USER, {"role": "assistant", "content": content}))[1].blank is blank


@pytest.mark.parametrize(
    "value",
    [
        {"text": "a", "label": 1},
        {"utterance": "a", "intent": "b"},
        {"review": "a", "sentiment": None},
    ],
)
def test_a_text_with_a_label_is_a_classification(value):
    assert CLASSIFICATION.fits(value)
    assert detect([value], BUILT_IN)[0].name == "classification"
    assert [text.role for text in CLASSIFICATION.read(value)[0]] == ["text"]


@pytest.mark.parametrize(
    ("value", "field"),
    [([], ""), ({"label": 1}, ""), ({"text": 7, "label": 1}, "/text"), ({"text": None}, "/text")],
)
@pytest.mark.parametrize("shape", [CLASSIFICATION, TEXT], ids=lambda shape: shape.name)
def test_a_record_without_a_text_is_said(shape, value, field):
    assert [problem.field for problem in shape.read(value)[1]] == [field]


def test_a_bare_string_is_a_text():
    assert TEXT.fits("x")
    assert TEXT.read("x") == ([Text("", "text", "x", True)], [])


@pytest.mark.parametrize("value", [1, None, "x", [1, "a"], {"a": {"b": ["c"]}}])
def test_any_takes_everything(value):
    assert ANY.fits(value)
    assert ANY.read(value)[1] == []


def test_detection_goes_by_the_majority():
    assert detect([chat(USER), chat(USER), {"x": 1}], BUILT_IN)[0].name == "chat"
    assert detect([{"x": 1}, {"y": 1}], BUILT_IN)[0].name == "any"
    assert detect([], BUILT_IN)[0].name == "any"
    assert label_column([{"intent": 1}, {"intent": 2}, {}]) == "intent"
    assert label_column([{}, {}, {"intent": 2}]) is None


def test_an_unknown_shape_names_the_nearest():
    with pytest.raises(ConfigError) as raised:
        named("caht", BUILT_IN)
    assert "chat" in raised.value.hint


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=4)
    | st.sampled_from(["user", "assistant", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "messages",
                    "role",
                    "content",
                    "type",
                    "text",
                    "label",
                    "weight",
                    "tool_calls",
                    "a/b",
                    "~",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.sampled_from(BUILT_IN))
def test_no_shape_ever_raises_and_its_pointers_lead_to_the_texts(value, shape):
    shape.fits(value)
    texts, problems = shape.read(value)
    for text in texts:
        assert lookup(value, text.field) == text.text if text.field else value == text.text
    if not problems:
        shape.turns(value)


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_every_string_of_a_record_is_seen_once_in_role_all(value):
    for shape in BUILT_IN:
        batch = Batch(
            Input(index=0, path="x", dataset="", format="jsonl", shape=shape.name),
            shape,
            [value],
            [0],
            [1],
        )
        assert sorted(text.field for text in batch.texts_at(0, ("all",))) == sorted(
            where for where, _ in leaves(value)
        )


def test_a_record_that_does_not_fit_yields_all_its_strings_without_a_role():
    batch = Batch(
        Input(index=0, path="x", dataset="", format="jsonl", shape="chat"),
        CHAT,
        [chat({"role": "bot", "content": "x"})],
        [0],
        [1],
    )
    assert {(text.field, text.role) for text in batch.texts_at(0, ("target",))} == {
        ("/messages/0/role", None),
        ("/messages/0/content", None),
    }


@pytest.mark.parametrize(
    ("role", "target", "roles", "chosen"),
    [
        ("assistant", True, ("target",), True),
        ("assistant", False, ("target",), False),
        ("user", False, ("prompt",), True),
        ("rejected", False, ("prompt", "target"), False),
        ("rejected", False, ("all",), True),
        ("metadata", False, ("prompt",), False),
        (None, False, ("target",), True),
        (None, False, ("user",), False),
        ("tool", False, ("tool",), True),
    ],
)
def test_roles_choose_texts(role, target, roles, chosen):
    assert selected(Text("/x", role, "t", target), roles) is chosen


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("label", 1),
        ("meta.url", 2),
        ("/meta/url", 2),
        ("a.b", 3),
        ("/list/1", 5),
        ("list.0", 4),
        ("list.9", None),
        ("/x~1y", 6),
        ("nope.x", None),
        ("label.x", None),
    ],
)
def test_column_paths(path, found):
    value = {"label": 1, "meta": {"url": 2}, "a.b": 3, "list": [4, 5], "x/y": 6}
    assert lookup(value, path) == found


def test_pointers_are_escaped():
    assert escape("a/b~c") == "a~1b~0c"
