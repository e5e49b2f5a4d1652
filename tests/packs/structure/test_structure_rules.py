"""The rules on structure, run as users run them: a file of records, findings by rule and row."""

import json

import pytest

from dslint import lint
from dslint.registry import catalogue, discover, load

KNOWN = {
    name: known.rule
    for name, known in catalogue(load(discover())).items()
    if name.startswith("structure/")
}

U, A = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}


def chat(*messages, **more):
    return {"messages": list(messages), **more}


def user(text):
    return {"role": "user", "content": text}


def says(text, **more):
    return {"role": "assistant", "content": text, **more}


def calls(name="f", arguments="{}", **more):
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "1",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
                **more,
            }
        ],
    }


def result(identity="1"):
    return {"role": "tool", "tool_call_id": identity, "content": "42"}


def shares(*messages, **more):
    return {
        "conversations": [{"from": speaker, "value": value} for speaker, value in messages],
        **more,
    }


@pytest.fixture
def found(tmp_path):
    """Return a function from records to (rule without namespace, row, field) of the findings of one rule, or of all structure rules."""

    def run(records, rule=None, **config):
        path = tmp_path / "data.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        report = lint(
            [str(path)],
            {"rules": {"select": [f"structure/{rule}" if rule else "structure"]}, **config},
        )
        assert [problem for problem in report.problems if problem.kind != "not-applicable"] == []
        return [
            (finding.rule.removeprefix("structure/"), finding.at.row, finding.at.field)
            for finding in report.findings
        ]

    return run


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "f",
            "parameters": {
                "type": "object",
                "properties": {"x": {}, "y": {"default": 1}},
                "required": ["x", "y"],
            },
        },
    }
]

TOOL_CALLS = [
    (chat(U, calls(), result(), A), []),
    (chat(U, calls(arguments={"x": 1}), result(), A), []),
    (chat(U, calls(arguments="{x}"), result(), A), ["/messages/1/tool_calls/0/function/arguments"]),
    (chat(U, calls(arguments="[1]"), result(), A), ["/messages/1/tool_calls/0/function/arguments"]),
    (chat(U, calls(arguments=3), result(), A), ["/messages/1/tool_calls/0/function/arguments"]),
    (chat(U, calls(name=""), result(), A), ["/messages/1/tool_calls/0/function"]),
    (chat(U, {"role": "assistant", "tool_calls": ["f"]}), ["/messages/1/tool_calls/0"]),
    (chat(U, {"role": "assistant", "tool_calls": "f"}), ["/messages/1/tool_calls"]),
    (chat(U, calls(arguments='{"x": 1}'), result(), A, tools=TOOLS), []),
    (chat(U, calls(arguments='{"x": 1}'), result(), A, tools=json.dumps(TOOLS)), []),
    (
        chat(U, calls(arguments='{"y": 1}'), result(), A, tools=TOOLS),
        ["/messages/1/tool_calls/0/function/arguments"],
    ),
    (
        chat(U, calls(name="g"), result(), A, tools=TOOLS),
        ["/messages/1/tool_calls/0/function/arguments"],
    ),
    (chat(U, calls(name="g"), result(), A, tools=[]), []),
    (chat(U, calls(), result(), A, tools="[{"), ["/tools"]),
    (chat(U, calls(), result("2"), A), ["/messages/2"]),
    (chat(U, result(), A), ["/messages/1"]),
    (chat(U, A, result(), A), ["/messages/2"]),
    (
        chat(U, says('<tool_call>{"name": "f"}</tool_call>'), {"role": "tool", "content": "1"}, A),
        [],
    ),
    (
        chat(
            U,
            {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "f", "arguments": "{"},
            },
        ),
        ["/messages/1/function_call/arguments"],
    ),
    (
        chat(
            U,
            {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "f", "arguments": "{}"},
            },
            {"role": "function", "name": "f", "content": "1"},
            A,
        ),
        [],
    ),
    (chat(U, says([{"type": "tool_call", "value": '{"name": "f", "arguments": {}}'}])), []),
    (chat(U, says([{"type": "tool_call", "value": "f()"}])), ["/messages/1/content/0/value"]),
    (chat(U, says([{"type": "tool_use", "id": "t", "name": "f", "input": {"x": 1}}])), []),
    (
        shares(
            ("human", "Hi"),
            ("function_call", '{"name": "f", "arguments": {}}'),
            ("observation", "1"),
            ("gpt", "One."),
        ),
        [],
    ),
    (
        shares(
            ("human", "Hi"),
            ("function_call", '[{"name": "f", "arguments": {}}, {"name": "g"}]'),
            ("observation", "1"),
            ("gpt", "One."),
        ),
        [],
    ),
    (
        shares(
            ("human", "Hi"), ("function_call", '<think>Hm.</think>\n{"name": "f", "arguments": {}}')
        ),
        [],
    ),
    (
        shares(("human", "Hi"), ("function_call", '{"name": "f", "arguments": "{"}')),
        ["/conversations/1/value"],
    ),
    (shares(("human", "Hi"), ("function_call", "3")), ["/conversations/1/value"]),
    (
        shares(
            ("human", "Hi"),
            ("function_call", '{"name": "g", "arguments": {}}'),
            tools=json.dumps([{"name": "f"}]),
        ),
        ["/conversations/1/value"],
    ),
    (shares(("human", "Hi"), ("function_call", '{"name": "f", "arguments": {}}'), tools="[]"), []),
    (
        shares(("human", "Hi"), ("gpt", "Hello."), ("observation", "1"), ("gpt", "One.")),
        ["/conversations/2"],
    ),
]


@pytest.mark.parametrize(("record", "fields"), TOOL_CALLS)
def test_tool_call(found, record, fields):
    assert [field for _, _, field in found([record], "tool-call")] == fields


def pair(chosen, rejected, prompt="Hi"):
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


PAIRS = [
    (pair("Paris.", "Lyon."), []),
    (pair("Paris.", "Paris."), ["/rejected"]),
    (pair("Paris.", " paris "), ["/rejected"]),
    (pair("", "Paris."), ["/chosen"]),
    (pair("Paris.", "\n"), ["/rejected"]),
    (pair("-1", "1"), []),
    (pair("a < b", "a > b"), []),
    (pair("C++", "C"), []),
    (pair([A], [A], [U]), ["/rejected/0"]),
    (pair([U, A], [U, says("Bye.")]), []),
    (pair([U, A], [U, A]), ["/rejected/1"]),
    (pair([calls()], [calls(name="g")], [U]), []),
    (pair([calls()], [calls()], [U]), ["/rejected/0"]),
    (
        {
            "conversations": [{"from": "human", "value": "Hi"}],
            "chosen": {"from": "gpt", "value": "A"},
            "rejected": {"from": "gpt", "value": ""},
        },
        ["/rejected"],
    ),
    (
        {"chosen_messages": [U, A], "rejected_messages": [U, A | {"loss_weight": 1.0}]},
        ["/rejected_messages/1"],
    ),
    ({"prompt": "Hi", "completion": "Hi", "label": False}, []),
]


@pytest.mark.parametrize(("record", "fields"), PAIRS)
def test_preference_pair(found, record, fields):
    assert found([record]) == [("preference-pair", 0, field) for field in fields]


SOUND = [
    pair("Paris.", "Lyon."),
    pair([A], [says("No.")], [U]),
    {"prompt": "Hi", "completion": "Go away.", "label": False},
    {"messages": [U, says("")], "label": False},
    chat(U, A, U, says("Go away."), label=False),
    {
        "conversations": [{"from": "human", "value": "Hi"}],
        "chosen": {"from": "gpt", "value": "A"},
        "rejected": {"from": "gpt", "value": "B"},
    },
    {
        "instruction": "Say hi.",
        "input": "to Ada",
        "output": "Hi, Ada.",
        "history": [["Hi", "Hello!"]],
        "system": "Be brief.",
    },
    {
        "instruction": "Say hi.",
        "instances": [{"input": "Ada", "output": "Hi, Ada."}, {"input": "", "output": "Hi."}],
    },
    {"prompt": [U], "completion": [A]},
    shares(
        ("system", "Be brief."),
        ("human", "Hi"),
        ("function_call", '{"name": "f", "arguments": {}}'),
        ("observation", "1"),
        ("gpt", "One."),
    ),
]


@pytest.mark.parametrize("record", SOUND)
def test_sound_records_pass_every_rule(found, record):
    assert found([record]) == []


BROKEN = [
    ({"instruction": "Say hi.", "input": "", "output": " "}, ("nothing-to-learn", 0, "/output")),
    (
        {"instruction": "Say hi.", "instances": [{"input": "", "output": ""}]},
        ("nothing-to-learn", 0, "/instances/0/output"),
    ),
    ({"prompt": "Hi", "completion": ""}, ("nothing-to-learn", 0, "/completion")),
    ({"prompt": "Hi", "completion": "", "label": True}, ("nothing-to-learn", 0, "/completion")),
    ({"messages": [U], "label": True}, ("nothing-to-learn", 0, "")),
    (shares(("human", "Hi")), ("nothing-to-learn", 0, "")),
    (
        shares(("gpt", "Hello!"), ("human", "Hi"), ("gpt", "Hello!")),
        ("role-order", 0, "/conversations/0"),
    ),
    (
        shares(("human", "Hi"), ("human", "Hi"), ("gpt", "Hello!")),
        ("role-order", 0, "/conversations/1"),
    ),
    (
        shares(("human", "Hi"), ("gpt", "Hello!"), ("human", "Bye")),
        ("role-order", 0, "/conversations/2"),
    ),
    (pair([A], [says("No.")], [U, U]), ("role-order", 0, "/prompt/1")),
    (
        {"instruction": "Say hi.", "input": "<noinput>", "output": "Hi."},
        ("placeholder-value", 0, "/input"),
    ),
    (
        {"instruction": "Say hi.", "instances": [{"input": "N/A", "output": "Hi."}]},
        ("placeholder-value", 0, "/instances/0/input"),
    ),
]


@pytest.mark.parametrize(("record", "finding"), BROKEN)
def test_defects_in_every_shape(found, record, finding):
    assert found([record]) == [finding]


ALPACA = {"instruction": "Say hi.", "input": "", "output": "Hi."}


def test_mixed_shapes_flags_the_minority(found):
    assert found([chat(U, A), chat(U, A), ALPACA], "mixed-shapes") == [("mixed-shapes", 2, "")]


def test_mixed_shapes_without_a_shape_for_most(found):
    records = [
        chat(U, A),
        ALPACA,
        shares(("human", "Hi"), ("gpt", "Hello!")),
        pair("a", "b"),
        chat(U, A),
    ]
    assert [row for _, row, _ in found(records, "mixed-shapes")] == [1, 2, 3]


def test_mixed_shapes_leaves_unknown_and_broken_records_alone(found):
    assert found([{"a": 1}, {"b": 2}, {"c": 3}, ALPACA, chat(U, A)], "mixed-shapes") == []
    assert (
        found([chat(U, A), chat(U, A), {"messages": "x"}, {"messages": [3, U]}], "mixed-shapes")
        == []
    )


def test_mixed_shapes_among_files(tmp_path):
    for name, record in (("a", ALPACA), ("b", ALPACA), ("c", chat(U, A))):
        (tmp_path / f"{name}.jsonl").write_text(f"{json.dumps(record)}\n" * 3)
    config = {
        "dataset": {"files": [str(tmp_path / "*.jsonl")]},
        "rules": {"select": ["structure/mixed-shapes"]},
    }
    report = lint([], config)
    assert [
        (finding.at.path.rpartition("/")[2], finding.at.row) for finding in report.findings
    ] == [("c.jsonl", 0)]


def test_mixed_shapes_does_not_depend_on_the_cut(tmp_path):
    from msgspec.structs import replace

    from dslint.run.api import configure, environment, run

    path = tmp_path / "data.jsonl"
    records = [chat(U, A), chat(U, A), ALPACA] * 20
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    env = environment()
    settings = configure(env, {"rules": {"select": ["structure/mixed-shapes"]}})
    whole = run(env, settings, [str(path)])
    cut = run(env, replace(settings, shard_size=300), [str(path)])
    assert [finding.at.row for finding in whole.findings] == list(range(2, 60, 3))
    assert list(cut.findings) == list(whole.findings)


TOKENS = [
    ("Hi<|im_end|>", 1),
    ("<|start_header_id|>user<|end_header_id|>Hi<|eot_id|>", 3),
    ("[INST] <<SYS>>Be brief.<</SYS>> Hi [/INST]", 4),
    ("<start_of_turn>user", 1),
    ("Hi</s>", 1),
    ("<s>Hi", 1),
    ("<\uff5cUser\uff5c>Hi", 1),
    ("### Instruction:\nHi\n\n### Response:\n", 2),
    ("### Instruction:\nRead this.", 0),
    ("<s>old</s> new", 0),
    ("old <s>new</s>", 0),
    ("`<|im_end|>`", 0),
    ("```\n<|im_end|>\n```", 0),
    ('The token "<|im_end|>" ends a turn.', 0),
    ("x |> f <| y", 0),
    ("a <| b |> c", 0),
    ("[INSTALL] <think>Hm</think>", 0),
]


@pytest.mark.parametrize(("text", "count"), TOKENS)
def test_chat_control_tokens(found, text, count):
    assert len(found([chat(user(text), A)], "chat-control-tokens")) == count


def test_rendered_conversations_may_hold_tokens(found):
    assert found([{"text": "<s>[INST] Hi [/INST] Hello!</s>"}], "chat-control-tokens") == []
    assert len(found([{"text": "A page with <|endoftext|> in it."}], "chat-control-tokens")) == 1


MERGED = [
    ("Robin.\n\n##\n18. Instruction: Name a fish.\n18. Input:\n", 1),
    ("Robin.\n###\n2. Output: x", 1),
    ("1. Instruction: Name a bird.\n1. Input:\nnone\n1. Output:\nRobin", 1),
    ("## 1. Introduction\nText", 0),
    ("1. Input: your name.\n2. Output: a greeting.", 0),
    ("```\n##\n18. Instruction: x\n```", 0),
    ("Follow the instructions below:\n1. Instruction manual\n2. Input device", 0),
]


@pytest.mark.parametrize(("text", "count"), MERGED)
def test_merged_records(found, text, count):
    assert len(found([ALPACA | {"output": text}], "merged-records")) == count


ATTACHMENTS = [
    ("Describe the following picture.", {}, 1),
    ("Summarize the article at the given link.", {}, 1),
    ("What is shown in the image below?", {}, 1),
    ("Please translate the attached document.", {}, 1),
    ("Describe the following picture.", {"input": "https://example.com/1.jpg"}, 0),
    ("Describe the following picture.", {"images": ["1.jpg"]}, 0),
    ("Describe the following picture: <image>", {}, 0),
    ("Describe a picture that you like.", {}, 0),
    ("Describe the following painting.Painting: the Mona Lisa", {}, 0),
    ("Write a function that blurs the given image.", {}, 0),
    ("Take a photo of this.", {}, 0),
    ("Explain the link between smoking and cancer.", {}, 0),
]


@pytest.mark.parametrize(("text", "more", "count"), ATTACHMENTS)
def test_missing_attachment(found, text, more, count):
    assert len(found([ALPACA | {"instruction": text} | more], "missing-attachment")) == count


def test_a_picture_part_is_an_attachment(found):
    parts = [
        {"type": "text", "text": "Describe this picture."},
        {"type": "image_url", "image_url": {"url": "x"}},
    ]
    assert found([chat({"role": "user", "content": parts}, A)], "missing-attachment") == []


TEMPLATES = [
    ("I am {{name}}.", 1),
    ("Dear [Recipient's Name], ... [Your Name]", 2),
    ("Dear [Manager],", 1),
    ("[YOUR NAME]", 1),
    ("on [insert date]", 1),
    ("[Enter ALEXANDER]", 0),
    ("[First Chorus]", 0),
    ("[Phone rings]", 0),
    ("See [Company][1] and [Name](x).", 0),
    ("A template: Dear [Your Name]", 0),
    ("A template: Dear {{name}}", 1),
    ("`{{ name }}`", 0),
    (r"\frac{{a}}{{b}}", 0),
]


@pytest.mark.parametrize(("text", "count"), TEMPLATES)
def test_unfilled_template(found, text, count):
    assert len(found([ALPACA | {"output": text}], "unfilled-template")) == count
