"""What holds for every shape, whatever the record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslint.data import shapes
from dslint.helpers.pointers import lookup

pytestmark = pytest.mark.slow

SHAPES = [
    *shapes.BUILT_IN,
    shapes.Custom.of(
        {
            "user": ("prompt", "meta.q"),
            "assistant": ("/completion", "messages.0.content"),
            "rejected": ("rejected",),
        }
    ),
]

words = st.sampled_from(["", " ", "Hi", "Bye", "{}", '{"name": "f"}'])
scalars = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), words)
keys = st.sampled_from(
    [
        "messages",
        "conversations",
        "prompt",
        "completion",
        "instruction",
        "input",
        "output",
        "chosen",
        "rejected",
        "chosen_messages",
        "rejected_messages",
        "label",
        "kto_tag",
        "role",
        "content",
        "from",
        "value",
        "type",
        "text",
        "history",
        "system",
        "instances",
        "tool_calls",
        "weight",
        "a/b",
        "~",
    ]
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
roles = st.sampled_from(["system", "user", "assistant", "tool", "developer", "function", "bot"])
parts = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["text", "image_url", "tool_call", "reasoning"])},
        optional={"text": words, "value": words},
    ),
    max_size=2,
)
chat = st.fixed_dictionaries(
    {"role": roles, "content": words | st.none() | parts},
    optional={
        "weight": st.sampled_from([0, 1]),
        "tool_calls": st.just([{"function": {"name": "f", "arguments": "{}"}}]) | anything,
        "refusal": words,
    },
)
sharegpt = st.fixed_dictionaries(
    {
        "from": st.sampled_from(
            ["human", "gpt", "system", "function_call", "observation", "alien"]
        ),
        "value": words | scalars,
    },
    optional={"weight": st.sampled_from([0, 1, None])},
)
messages = st.lists(chat | sharegpt | chat, max_size=4)
said = words | messages | chat | sharegpt | anything
records = anything | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            ["messages", "conversations", "chosen_messages", "rejected_messages"],
            messages | anything,
        ),
        **dict.fromkeys(["prompt", "completion", "chosen", "rejected"], said),
        **dict.fromkeys(["instruction", "input", "output", "system"], words | anything),
        "label": scalars,
        "kto_tag": scalars,
        "history": st.lists(st.lists(words, min_size=2, max_size=2), max_size=2) | anything,
        "instances": st.lists(st.fixed_dictionaries({"input": words, "output": words}), max_size=2)
        | anything,
        "tools": anything,
    },
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@given(value=records)
def test_reading_never_raises_and_pointers_resolve(shape, value):
    assert shape.fits(value) in (True, False)
    texts, problems = shape.read(value)
    fields = [text.field for text in texts]
    assert len(set(fields)) == len(fields)
    for text in texts:
        assert (lookup(value, text.field) if text.field else value) == text.text
        assert text.role in shape.roles or problems
        assert not (text.target and text.role in ("rejected", "user", "system", "tool"))
    if problems:
        assert all(not problem.field or problem.field.startswith("/") for problem in problems)
        return
    turns = shape.turns(value)
    assert all(turn.role in shape.roles for turn in turns)
    if turns and any(text.target for text in texts):
        assert any(turn.target for turn in turns)


@given(value=records)
def test_what_fits_a_conversation_is_named(value):
    name = shapes.conversation(value)
    assert name is None or shapes.named(name, shapes.BUILT_IN).fits(value)
