"""The custom shape: texts by role, from configured column paths."""

import json

import pytest

from dslint import lint
from dslint.data import shapes
from dslint.errors import ConfigError

RECORD = {"question": "Why?", "meta": {"answer": "Because."}, "tags": ["x", "y"]}


def run(tmp_path, records, dataset, select=("structure",)):
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return lint(
        [str(tmp_path / "data.jsonl")], {"dataset": dataset, "rules": {"select": list(select)}}
    )


def test_paths_are_columns_or_pointers():
    shape = shapes.Custom.of({"assistant": ("/meta/answer",), "user": ("question", "tags")})
    texts, problems = shape.read(RECORD)
    assert problems == []
    assert [(text.field, text.role, text.target) for text in texts] == [
        ("/question", "user", False),
        ("/tags/0", "user", False),
        ("/tags/1", "user", False),
        ("/meta/answer", "assistant", True),
    ]
    assert [turn.role for turn in shape.turns(RECORD)] == ["user", "assistant"]


def test_a_key_with_a_dot_is_found_first():
    texts, _ = shapes.Custom.of({"text": ("a.b",)}).read({"a.b": "x", "a": {"b": "y"}})
    assert [(text.field, text.text) for text in texts] == [("/a.b", "x")]


def test_texts_of_no_conversation_have_no_turns():
    shape = shapes.Custom.of({"text": ("question",)})
    assert shape.turns(RECORD) == []
    assert shape.read(RECORD)[0][0].target


def test_one_of_the_paths_suffices_and_system_may_be_absent():
    shape = shapes.Custom.of({"system": ("sys",), "assistant": ("answer", "meta.answer")})
    assert shape.read(RECORD)[1] == []
    assert shape.fits(RECORD)
    assert [problem.field for problem in shape.read({"answer": 3})[1]] == ["/answer"]
    assert [problem.field for problem in shape.read({})[1]] == [""]


def test_configured_texts_are_read(tmp_path):
    report = run(
        tmp_path,
        [RECORD, {"question": "Why?"}, {"question": "Why?", "meta": {"answer": " "}}],
        {"texts": {"user": "question", "assistant": ["meta.answer"]}},
    )
    assert report.inputs[0].input.shape == "custom"
    assert [(finding.rule, finding.at.row) for finding in report.findings] == [
        ("structure/invalid-record", 1),
        ("structure/nothing-to-learn", 2),
    ]


def test_the_shape_may_be_named(tmp_path):
    report = run(
        tmp_path,
        [RECORD],
        {"shape": "custom", "texts": {"user": "question", "assistant": "meta.answer"}},
    )
    assert report.inputs[0].input.shape == "custom"


@pytest.mark.parametrize(
    "dataset",
    [
        {"shape": "custom"},
        {"shape": "chat", "texts": {"user": "question"}},
        {"texts": {"narrator": "question"}},
        {"texts": {"user": 3}},
        {"texts": {}},
    ],
)
def test_wrong_texts_are_refused(tmp_path, dataset):
    with pytest.raises(ConfigError):
        run(tmp_path, [RECORD], dataset)


def test_the_flag_alone_says_what_is_needed(tmp_path):
    with pytest.raises(ConfigError, match="texts"):
        shapes.named("custom", shapes.BUILT_IN)
