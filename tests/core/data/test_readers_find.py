"""Which files a run reads: from folders, dataset cards, links, and the standard input."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from dslint import config
from dslint.cli.stdin import copy_stdin
from dslint.data import readers
from dslint.data.readers.find import find
from dslint.data.readers.layouts import card_splits
from dslint.reporters import BUILT_IN
from dslint.run import api
from dslint.settings import DatasetSettings, Settings

ROW = '{"text": "some words"}\n'
SUFFIXES = [suffix for reader in readers.BUILT_IN for suffix in reader.suffixes]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


def put(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(root, *paths, **more):
    return {
        item.path: item for item in find(paths, Settings(root=str(root), **more), SUFFIXES).found
    }


def problems(root, *paths, **more):
    env = api.environment()
    return [
        (item.kind, item.path)
        for item in api.run(env, Settings(root=str(root), **more), paths).problems
    ]


def test_a_folder_gives_its_data_only(project):
    put(
        project,
        a_dot_jsonl=ROW,
        array_dot_json=f"[{ROW}]",
        config_dot_json='{"a": 1}',
        numbers_dot_json="[1, 2]",
        notes_dot_txt="hello",
        report_dot_json='{"schema": "dslint.report/1"}',
        old_dot_jsonl='{"schema": "dslint.report/1", "rule": "x"}\n',
        _dot_hidden__b_dot_jsonl=ROW,
        sub__c_dot_csv="text\nhello\n",
    )
    assert list(found(project, ".")) == ["a.jsonl", "array.json", "sub/c.csv"]
    assert list(found(project, "notes.txt")) == ["notes.txt"]


def test_the_list_of_llama_factory_is_no_data(project):
    put(
        project,
        data__dataset_info_dot_json=json.dumps(
            {"x": {"file_name": "x.json", "formatting": "sharegpt"}}
        ),
        data__x_dot_json=f"[{ROW}]",
    )
    assert list(found(project, "data/*.json")) == ["data/x.json"]
    assert problems(project, "data/dataset_info.json") == [
        ("unreadable-file", "data/dataset_info.json")
    ]


CARD = """---
license: mit
configs:
- config_name: default
  data_files:
  - split: train
    path: data/part*
  - split: "eval"
    path:
    - "held/*.jsonl"
    - other.jsonl  # a comment
tags: [a, b]
---
# Card
configs:
- split: no
  path: x
"""


def test_splits_of_a_dataset_card(project):
    put(
        project,
        README_dot_md=CARD,
        data__part_dot_jsonl=ROW,
        held__x_dot_jsonl=ROW,
        other_dot_jsonl=ROW,
        free_dot_jsonl=ROW,
    )
    assert card_splits("README.md") == [
        ("train", "data/part*"),
        ("eval", "held/*.jsonl"),
        ("eval", "other.jsonl"),
    ]
    assert {path: item.split for path, item in found(project, ".").items()} == {
        "data/part.jsonl": "train",
        "free.jsonl": None,
        "held/x.jsonl": "eval",
        "other.jsonl": "eval",
    }


@pytest.mark.parametrize(
    "card",
    [
        "",
        "---\n",
        "---\nconfigs: {a: [}\n---",
        "# no front matter",
        "---\nconfigs:\n- x\n  - y: [\n---",
    ],
)
def test_a_card_that_is_not_understood_says_nothing(project, card):
    put(project, README_dot_md=card)
    assert card_splits("README.md") == []


def test_layouts_of_the_hub_are_one_dataset_with_splits(project):
    put(project, data__train__0000_dot_jsonl=ROW, data__test__0000_dot_jsonl=ROW)
    put(
        project,
        **{
            "more__train-00000-of-00002_dot_jsonl": ROW,
            "more__validation-00000-of-00001_dot_jsonl": ROW,
        },
    )
    report = api.run(api.environment(), Settings(root=str(project)), ["."])
    assert [(item.input.path, item.input.dataset, item.input.split) for item in report.inputs] == [
        ("data/test/0000.jsonl", "data", "test"),
        ("data/train/0000.jsonl", "data", "train"),
        ("more/train-00000-of-00002.jsonl", "more", "train"),
        ("more/validation-00000-of-00001.jsonl", "more", "validation"),
    ]


def test_links_out_of_the_project_are_refused_where_confined(project):
    put(project.parent, outside_dot_jsonl=ROW)
    put(project, inside_dot_jsonl=ROW)
    (project / "link.jsonl").symlink_to("../outside.jsonl")
    (project / "fine.jsonl").symlink_to("inside.jsonl")
    refused = [("outside-path", "link.jsonl")]
    assert problems(project, ".") == []
    assert problems(project, ".", confined=True) == refused
    assert problems(project, "link.jsonl", "fine.jsonl", confined=True) == refused
    assert problems(project, ".", confined=True, allow_paths=("../*.jsonl",)) == []
    assert problems(project, "../outside.jsonl", confined=True) == []
    configured = (DatasetSettings(files=("../outside.jsonl",)),)
    assert [kind for kind, _ in problems(project, confined=True, datasets=configured)] == [
        "outside-path"
    ]


def test_allow_paths_is_configured(project):
    put(project, dslint_dot_toml='allow-paths = ["../shared/**"]\n')
    env = api.environment()
    assert api.configure(env, config.find(".")).allow_paths == ("../shared/**",)


@pytest.mark.parametrize(
    ("name", "content", "path", "format_"),
    [
        ("x/data.csv", "text\nhello\n", "x/data.csv", "csv"),
        (None, ROW + ROW, "<stdin>", "jsonl"),
        (None, f"[{ROW}]", "<stdin>", "json"),
    ],
)
def test_standard_input(project, monkeypatch, name, content, path, format_):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content.encode())))
    with copy_stdin(name) as stdin:
        report = api.run(
            api.environment(), Settings(root=str(project), stdin=stdin, confined=True), ["-"]
        )
    assert [(item.input.path, item.input.format) for item in report.inputs] == [(path, format_)]
    assert not report.problems


def test_standard_input_without_a_clear_format(project, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a,b\n1,2\n")))
    with copy_stdin(None) as stdin:
        report = api.run(api.environment(), Settings(root=str(project), stdin=stdin), ["-"])
    assert "--stdin-filename" in report.problems[0].hint


@pytest.mark.parametrize(("flags", "code", "records"), [((), 2, 0), (("--shape", "any"), 0, 1)])
def test_an_empty_array_is_a_record_only_where_any_value_is_one(tmp_path, flags, code, records):
    (tmp_path / "empty.json").write_text("[ ]\n")
    done = subprocess.run(
        [sys.executable, "-m", "dslint", "check", "--isolated", "-o", "json", "empty.json", *flags],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout)["counts"]["records"]) == (code, records)


@pytest.mark.parametrize(("unit", "rows"), [("line", 2), ("file", 1)])
def test_a_record_of_a_text_file_is_a_line_or_the_file(tmp_path, unit, rows):
    (tmp_path / "a.txt").write_text("one two\n\nthree {{name}}\n")
    (tmp_path / "b.txt").write_text("\n \n")
    report = api.lint(
        [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")], {"dataset": {"text-record": unit}}
    )
    (found,) = report.findings
    assert report.counts["records"] == rows
    assert (found.at.row, found.at.line, found.at.start) == (
        (1, 3, 6) if unit == "line" else (0, 1, 15)
    )


def test_columns_that_a_llama_factory_list_names(tmp_path):
    (tmp_path / "dataset_info.json").write_text(
        json.dumps(
            {
                "mine": {
                    "file_name": "mine.jsonl",
                    "columns": {"prompt": "question", "query": "background", "response": "answer"},
                }
            }
        )
    )
    (tmp_path / "mine.jsonl").write_text(
        json.dumps({"question": "Who?", "background": "", "answer": " "}) + "\n"
    )
    report = api.lint([str(tmp_path)])
    assert [item.input.shape for item in report.inputs] == ["custom"]
    assert [(finding.rule, finding.at.field) for finding in report.findings] == [
        ("structure/nothing-to-learn", "/answer")
    ]


OWN = {
    "json": "r.json",
    "jsonl": "r.jsonl",
    "gitlab": "r.json",
    "rdjson": "r.json",
    "sarif": "r.json",
    "html": "r.html",
    "markdown": "r.md",
    "text": "r.txt",
    "junit": "r.xml",
    "github": "r.txt",
    "azure": "r.txt",
}


@pytest.mark.parametrize("kind", BUILT_IN)
@pytest.mark.parametrize("findings", [True, False])
def test_a_report_of_dslint_among_the_data_is_no_data(work, call, kind, findings):
    work.write(
        "data/a.jsonl",
        '{"text": "a {{name}} [Your Name]"}\n{"text": \n' if findings else '{"text": "a"}\n',
    )
    assert call("check", "data", "-o", f"{kind}=data/{OWN[kind]}").code == findings
    assert (
        call("check", "data", "-o", f"{kind}=data/{OWN[kind]}").code == findings
    )  # which is written again
    read = [
        item["path"]
        for item in call("check", "data", "-o", "json").report["inputs"]
        if item["bytes"]
    ]
    assert read == ["data/a.jsonl"]


def test_a_report_that_was_written_anew_by_another_program_is_none_either(work, call):
    work.write("data/a.jsonl", '{"text": "a {{name}}"}\n{"text": \n')
    for kind, name in (("jsonl", "r.jsonl"), ("gitlab", "r.json")):
        text = call("check", "data/a.jsonl", "-o", kind).out
        values = (
            [json.loads(line) for line in text.splitlines()]
            if kind == "jsonl"
            else json.loads(text)
        )
        work.write(
            f"data/{name}",
            "".join(json.dumps(value) + "\n" for value in values)
            if kind == "jsonl"
            else json.dumps(values),
        )
    assert [item["path"] for item in call("check", "data", "-o", "json").report["inputs"]] == [
        "data/a.jsonl"
    ]


def test_a_report_that_is_named_is_read(work, call):
    work.write("data/a.jsonl", '{"text": \n')
    call("check", "data", "-o", "jsonl=r.jsonl")
    assert [item["path"] for item in call("check", "r.jsonl", "-o", "json").report["inputs"]] == [
        "r.jsonl"
    ]


def test_data_that_resembles_a_report_is_read(work, call):
    work.jsonl("data/a.jsonl", {"rule": "Be kind.", "severity": "high", "text": "a"})
    work.write("data/b.json", '[{"description": "a", "severity": "error", "text": "b"}]')
    assert len(call("check", "data", "-o", "json").report["inputs"]) == 2
