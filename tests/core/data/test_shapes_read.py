"""What each shape reads out of a record: texts, roles, targets, turns, and what is wrong."""

import pickle
import time

import pytest

from dslint.data import shapes
from dslint.helpers.pointers import lookup

SHAPES = {shape.name: shape for shape in shapes.BUILT_IN}

U, A = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
BAD = {"role": "assistant", "content": "b"}
H, G = {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}
WORSE = {"from": "gpt", "value": "b"}
V1U = {"role": "user", "content": [{"type": "text", "value": "q"}], "loss_weight": 0.0}
V1A = {"role": "assistant", "content": [{"type": "text", "value": "a"}], "loss_weight": 1.0}
V1B = {"role": "assistant", "content": [{"type": "text", "value": "b"}], "loss_weight": 1.0}

# shape, record, texts as (field, role, target), turns as (role, target)
READ = [
    (
        "chat",
        {"messages": [U, A]},
        [("/messages/0/content", "user", False), ("/messages/1/content", "assistant", True)],
        [("user", False), ("assistant", True)],
    ),
    (
        "chat",
        {"conversations": [U, A], "system": "s"},
        [
            ("/system", "system", False),
            ("/conversations/0/content", "user", False),
            ("/conversations/1/content", "assistant", True),
        ],
        [("system", False), ("user", False), ("assistant", True)],
    ),
    (
        "chat",
        {"messages": [{"role": "developer", "content": "d"}, U, A]},
        [
            ("/messages/0/content", "developer", False),
            ("/messages/1/content", "user", False),
            ("/messages/2/content", "assistant", True),
        ],
        [("developer", False), ("user", False), ("assistant", True)],
    ),
    (
        "chat",
        {"messages": [V1U, V1A]},
        [
            ("/messages/0/content/0/value", "user", False),
            ("/messages/1/content/0/value", "assistant", True),
        ],
        [("user", False), ("assistant", True)],
    ),
    (
        "chat",
        {"messages": [U, A | {"weight": 0}, U, A | {"weight": 1}]},
        [
            ("/messages/0/content", "user", False),
            ("/messages/1/content", "assistant", False),
            ("/messages/2/content", "user", False),
            ("/messages/3/content", "assistant", True),
        ],
        [("user", False), ("assistant", False), ("user", False), ("assistant", True)],
    ),
    (
        "chat",
        {
            "messages": [
                U,
                {
                    "role": "assistant",
                    "content": None,
                    "function_call": {"name": "f", "arguments": "{}"},
                },
                {"role": "function", "name": "f", "content": "1"},
                A,
            ]
        },
        [
            ("/messages/0/content", "user", False),
            ("/messages/2/content", "tool", False),
            ("/messages/3/content", "assistant", True),
        ],
        [("user", False), ("assistant", True), ("tool", False), ("assistant", True)],
    ),
    (
        "sharegpt",
        {"conversations": [H, G]},
        [("/conversations/0/value", "user", False), ("/conversations/1/value", "assistant", True)],
        [("user", False), ("assistant", True)],
    ),
    (
        "sharegpt",
        {"system": "s", "conversations": [H, G | {"weight": 0}]},
        [
            ("/system", "system", False),
            ("/conversations/0/value", "user", False),
            ("/conversations/1/value", "assistant", False),
        ],
        [("system", False), ("user", False), ("assistant", False)],
    ),
    (
        "sharegpt",
        {
            "conversations": [
                H,
                {"from": "function_call", "value": "{}"},
                {"from": "observation", "value": "1"},
                {"from": "bing", "value": "a"},
            ],
            "tools": "[]",
        },
        [
            ("/conversations/0/value", "user", False),
            ("/conversations/2/value", "tool", False),
            ("/conversations/3/value", "assistant", True),
        ],
        [("user", False), ("assistant", True), ("tool", False), ("assistant", True)],
    ),
    (
        "alpaca",
        {"instruction": "i", "input": "", "output": "o"},
        [("/instruction", "user", False), ("/output", "assistant", True)],
        [("user", False), ("assistant", True)],
    ),
    (
        "alpaca",
        {"instruction": "i", "input": "x", "output": "o", "system": "s", "history": [["q", "a"]]},
        [
            ("/system", "system", False),
            ("/history/0/0", "user", False),
            ("/history/0/1", "assistant", True),
            ("/instruction", "user", False),
            ("/input", "user", False),
            ("/output", "assistant", True),
        ],
        [
            ("system", False),
            ("user", False),
            ("assistant", True),
            ("user", False),
            ("assistant", True),
        ],
    ),
    (
        "alpaca",
        {"instruction": "i", "context": "c", "response": "o", "category": "x"},
        [
            ("/instruction", "user", False),
            ("/context", "user", False),
            ("/response", "assistant", True),
        ],
        [("user", False), ("assistant", True)],
    ),
    (
        "alpaca",
        {"id": "seed_task_0", "instruction": "i", "instances": [{"input": "", "output": "o"}]},
        [("/instruction", "user", False), ("/instances/0/output", "assistant", True)],
        [],
    ),
    (
        "prompt-completion",
        {"prompt": "p", "completion": "c"},
        [("/prompt", "user", False), ("/completion", "assistant", True)],
        [("user", False), ("assistant", True)],
    ),
    (
        "prompt-completion",
        {"prompt": [U, A, U], "completion": [A]},
        [
            ("/prompt/0/content", "user", False),
            ("/prompt/1/content", "assistant", False),
            ("/prompt/2/content", "user", False),
            ("/completion/0/content", "assistant", True),
        ],
        [("user", False), ("assistant", False), ("user", False), ("assistant", True)],
    ),
    (
        "prompt-completion",
        {"question": "q", "answer": "a"},
        [("/question", "user", False), ("/answer", "assistant", True)],
        [("user", False), ("assistant", True)],
    ),
    (
        "preference",
        {"prompt": "p", "chosen": "a", "rejected": "b"},
        [
            ("/prompt", "user", False),
            ("/chosen", "assistant", True),
            ("/rejected", "rejected", False),
        ],
        [("user", False), ("assistant", True), ("rejected", False)],
    ),
    (
        "preference",
        {"chosen": "a", "rejected": "b"},
        [("/chosen", "assistant", True), ("/rejected", "rejected", False)],
        [("assistant", True), ("rejected", False)],
    ),
    (
        "preference",
        {"prompt": [U], "chosen": [A], "rejected": [BAD]},
        [
            ("/prompt/0/content", "user", False),
            ("/chosen/0/content", "assistant", True),
            ("/rejected/0/content", "rejected", False),
        ],
        [("user", False), ("assistant", True), ("rejected", False)],
    ),
    (
        "preference",
        {"prompt": "q", "chosen": [U, A], "rejected": [U, BAD], "messages": [U, A]},
        [
            ("/chosen/0/content", "user", False),
            ("/chosen/1/content", "assistant", True),
            ("/rejected/1/content", "rejected", False),
        ],
        [("user", False), ("assistant", True), ("rejected", False)],
    ),
    (
        "preference",
        {"conversations": [H, G, H], "chosen": G, "rejected": WORSE},
        [
            ("/conversations/0/value", "user", False),
            ("/conversations/1/value", "assistant", False),
            ("/conversations/2/value", "user", False),
            ("/chosen/value", "assistant", True),
            ("/rejected/value", "rejected", False),
        ],
        [
            ("user", False),
            ("assistant", False),
            ("user", False),
            ("assistant", True),
            ("rejected", False),
        ],
    ),
    (
        "preference",
        {"chosen_messages": [V1U, V1A], "rejected_messages": [V1U, V1B]},
        [
            ("/chosen_messages/0/content/0/value", "user", False),
            ("/chosen_messages/1/content/0/value", "assistant", True),
            ("/rejected_messages/1/content/0/value", "rejected", False),
        ],
        [("user", False), ("assistant", True), ("rejected", False)],
    ),
    (
        "preference",
        {"input": {"messages": [U]}, "preferred_output": [A], "non_preferred_output": [BAD]},
        [
            ("/input/messages/0/content", "user", False),
            ("/preferred_output/0/content", "assistant", True),
            ("/non_preferred_output/0/content", "rejected", False),
        ],
        [("user", False), ("assistant", True), ("rejected", False)],
    ),
    (
        "preference",
        {"instruction": "i", "input": "x", "chosen": "a", "rejected": "b"},
        [
            ("/instruction", "user", False),
            ("/input", "user", False),
            ("/chosen", "assistant", True),
            ("/rejected", "rejected", False),
        ],
        [("user", False), ("assistant", True), ("rejected", False)],
    ),
    (
        "kto",
        {"prompt": "p", "completion": "c", "label": True},
        [("/prompt", "user", False), ("/completion", "assistant", True)],
        [("user", False), ("assistant", True)],
    ),
    (
        "kto",
        {"prompt": "p", "completion": "c", "label": False},
        [("/prompt", "user", False), ("/completion", "rejected", False)],
        [("user", False), ("rejected", False)],
    ),
    (
        "kto",
        {"messages": [U, A, U, BAD], "label": False},
        [
            ("/messages/0/content", "user", False),
            ("/messages/1/content", "assistant", False),
            ("/messages/2/content", "user", False),
            ("/messages/3/content", "rejected", False),
        ],
        [("user", False), ("assistant", False), ("user", False), ("rejected", False)],
    ),
    (
        "kto",
        {"conversations": [H, G], "kto_tag": True},
        [("/conversations/0/value", "user", False), ("/conversations/1/value", "assistant", True)],
        [("user", False), ("assistant", True)],
    ),
    (
        "kto",
        {"instruction": "i", "input": "", "output": "o", "kto_tag": False},
        [("/instruction", "user", False), ("/output", "rejected", False)],
        [("user", False), ("rejected", False)],
    ),
    (
        "kto",
        {"prompt": "q", "completion": [U, A], "label": True},
        [("/completion/0/content", "user", False), ("/completion/1/content", "assistant", True)],
        [("user", False), ("assistant", True)],
    ),
]


@pytest.mark.parametrize(("name", "value", "texts", "turns"), READ)
def test_texts_roles_targets_and_turns(name, value, texts, turns):
    found, problems = SHAPES[name].read(value)
    assert problems == []
    assert [(text.field, text.role, text.target) for text in found] == texts
    assert [(turn.role, turn.target) for turn in SHAPES[name].turns(value)] == turns
    assert all(lookup(value, text.field) == text.text for text in found)


@pytest.mark.parametrize(("name", "value"), [case[:2] for case in READ])
def test_the_shape_is_recognised(name, value):
    assert shapes.detect([value], shapes.BUILT_IN)[0].name == name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"text": "t"}, "text"),
        ({"text": "t", "label": "x"}, "classification"),
        ({"text": "t", "label": True}, "classification"),
        ({"query": "t", "intent": "x"}, "classification"),
        ({"messages": [], "label": 1}, "chat"),
        ({"conversations": []}, "sharegpt"),
        ({"messages": [H, G]}, "sharegpt"),
        ({"a": 1}, "any"),
        ([1], "any"),
        ({"question": "q", "answers": {"text": ["a"]}, "context": "c"}, "any"),
        ({"sentence": "s", "label": 0, "rejected": False}, "classification"),
    ],
)
def test_other_records_are_told_apart(value, name):
    assert shapes.detect([value], shapes.BUILT_IN)[0].name == name


def test_half_of_the_records_decide():
    chat, other = {"messages": [U, A]}, {"a": 1}
    assert shapes.detect([chat, other], shapes.BUILT_IN)[0].name == "chat"
    assert shapes.detect([chat, other], shapes.BUILT_IN)[1] == 0.5
    assert shapes.detect([chat, other, other], shapes.BUILT_IN)[0].name == "any"
    assert shapes.detect([], shapes.BUILT_IN)[0].name == "any"


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("chat", {"messages": [{"role": "bot", "content": "x"}]}, "/messages/0/role"),
        ("chat", {"messages": [{"content": "x"}]}, "/messages/0"),
        ("chat", {"messages": [U, {"role": "assistant", "content": None}]}, "/messages/1/content"),
        ("chat", {"messages": "x"}, "/messages"),
        ("sharegpt", {"conversations": [{"from": "alien", "value": "x"}]}, "/conversations/0/from"),
        ("sharegpt", {"conversations": [{"from": "human"}]}, "/conversations/0"),
        ("sharegpt", {"conversations": [{"from": "human", "value": 3}]}, "/conversations/0/value"),
        ("sharegpt", {"conversations": [{"from": 3, "value": "x"}]}, "/conversations/0/from"),
        ("sharegpt", {"conversations": [{"value": "x"}]}, "/conversations/0"),
        ("sharegpt", {"conversations": ["x"]}, "/conversations/0"),
        ("sharegpt", {"conversations": []}, "/conversations"),
        ("sharegpt", {"conversations": "x"}, "/conversations"),
        ("sharegpt", {}, ""),
        ("sharegpt", 3, ""),
        ("alpaca", {"instruction": "i"}, ""),
        ("alpaca", {"instruction": "i", "output": None}, "/output"),
        ("alpaca", {"instruction": "i", "output": "o", "input": 3}, "/input"),
        ("alpaca", {"output": "o"}, ""),
        ("alpaca", {"instruction": "i", "instances": []}, "/instances"),
        ("alpaca", {"instruction": "i", "instances": [3]}, "/instances/0"),
        (
            "alpaca",
            {"instruction": "i", "output": "o", "input": "", "history": [["a"]]},
            "/history/0",
        ),
        ("alpaca", {"instruction": "i", "output": "o", "input": "", "history": "a"}, "/history"),
        ("alpaca", 3, ""),
        ("prompt-completion", {"prompt": "p"}, ""),
        ("prompt-completion", {"completion": "c"}, ""),
        ("prompt-completion", {"prompt": 3, "completion": "c"}, "/prompt"),
        ("prompt-completion", {"prompt": "p", "completion": 3}, "/completion"),
        ("prompt-completion", {"prompt": "p", "completion": []}, "/completion"),
        (
            "prompt-completion",
            {"prompt": [{"role": "x", "content": "y"}], "completion": "c"},
            "/prompt/0/role",
        ),
        ("preference", {"prompt": "p", "chosen": "a"}, ""),
        ("preference", {"prompt": "p", "chosen": "a", "rejected": 3}, "/rejected"),
        ("preference", {"prompt": "p", "chosen": [], "rejected": "b"}, "/chosen"),
        ("preference", {"chosen": [U, A], "rejected": [U]}, "/rejected/0"),
        ("preference", {"prompt": "p", "chosen": U, "rejected": A}, "/chosen"),
        ("preference", {"chosen": [A], "rejected": [BAD]}, ""),
        ("kto", {"prompt": "p", "completion": "c", "label": "yes"}, "/label"),
        ("kto", {"prompt": "p", "completion": "c"}, ""),
        ("kto", {"prompt": "p", "label": True}, ""),
    ],
)
def test_defects_have_a_place(name, value, field):
    assert [problem.field for problem in SHAPES[name].read(value)[1]][:1] == [field]


def test_rejected_answers_are_never_targets():
    for name, value, *_ in READ:
        texts = SHAPES[name].read(value)[0]
        assert not any(text.target for text in texts if text.role != "assistant")
        assert all(turn.target <= (turn.role == "assistant") for turn in SHAPES[name].turns(value))


def test_shapes_are_pickled():
    for shape in (*shapes.BUILT_IN, shapes.Custom.of({"user": ("q",), "assistant": ("a",)})):
        copy = pickle.loads(pickle.dumps(shape))
        assert copy.name == shape.name
        assert copy.roles == shape.roles


@pytest.mark.parametrize("number", [0, 6, 9, 13, 16, 25])
def test_reading_takes_microseconds(number):
    name, value, *_ = READ[number]
    shape = SHAPES[name]
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(200):
            shape.fits(value), shape.read(value), shape.turns(value)
        times.append((time.perf_counter() - start) / 200)
    assert min(times) < 200e-6
