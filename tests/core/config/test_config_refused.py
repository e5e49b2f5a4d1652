"""Every kind of wrong configuration or flag: exit code 2, an empty standard output, a message that says where and what instead."""

from __future__ import annotations

import pytest

FILES = [
    # (configuration, line, words of the message)
    ("nonsense = 1\n", 1, ["nonsense"]),
    ('\n\nrequired-versoin = ">=0"\n', 3, ["required-versoin", "required-version"]),
    ('[dataset]\nfiels = "x"\n', 2, ["fiels", "files"]),
    ('[[dataset]]\nname = "a"\n[[dataset]]\nfiels = "x"\n', 4, ["fiels", "files"]),
    ('[dataset]\nshape = "caht"\n', 2, ["caht", "chat"]),
    ("[dataset]\nfiles = 3\n", 2, ["files"]),
    ('[dataset.columns]\nlabl = "x"\n', 2, ["labl", "label"]),
    ('[dataset]\nname = "x"\ncolumns = { labl = "x" }\n', 3, ["labl", "label"]),
    ('[dataset]\nslices = ["lable"]\n', 2, ["lable", "label"]),
    ('[rules]\nselect = ["strcuture"]\n', 2, ["strcuture", "structure"]),
    ('[rules]\nselect = ["structure/rol-order"]\n', 2, ["structure/role-order"]),
    ('[rules]\nignore = [\n  "structure",\n  "duplicates/exakt",\n]\n', 2, ["duplicates/exact"]),
    ('[rules]\nextend-select = ["piii"]\n', 2, ["piii", "pii"]),
    ('[rules]\nselect = "structure"\n', 2, ["array"]),
    (
        '[rules]\n[rules."duplicates/exakt"]\nseverity = "error"\n',
        2,
        ["duplicates/exakt", "duplicates/exact"],
    ),
    ('[rules."duplicates/exact"]\nbi = "text"\n', 2, ["bi", "by"]),
    ('[rules."duplicates/exact"]\nby = "txt"\n', 2, ["txt", "text"]),
    ('[rules."duplicates/exact"]\nseverity = "fatal"\n', 2, ["fatal", "error"]),
    ('[rules."duplicates/exact"]\nmax-rate = 1.5\n', 2, ["1.5"]),
    ('[rules."duplicates/exact"]\nmax-rate = "150%"\n', 2, ["150%"]),
    ('[rules."duplicates/exact"]\nmax-rate = "many"\n', 2, ["many"]),
    ('[rules."duplicates/exact"]\nmax-count = -1\n', 2, ["-1"]),
    ('[rules."duplicates/exact"]\nmax-count = 1.5\n', 2, ["integer"]),
    ('[rules."duplicates/exact"]\nmax-count = "3"\n', 2, ["integer"]),
    ('[rules."duplicates/exact"]\noff = true\n', 2, ["off"]),
    ('[rules."duplicates/exact"]\nlimits = { count = { most = 1 } }\n', 2, ["most", "max"]),
    ('[rules."structure/unfilled-template"]\nsingle-braces = "yes"\n', 2, ["boolean"]),
    ('[rules."dslint/parse-error"]\nby = "x"\n', 2, ["by"]),
    ("[rules.duplicates]\nmax-count = 1\n", 2, ["max-count"]),
    ('[profiles.commit]\nselct = ["structure"]\n', 2, ["selct", "select"]),
    ('[profiles.commit]\nselect = ["strcuture"]\n', 2, ["strcuture", "structure"]),
    ('fail-on = "fatal"\n', 1, ["fatal"]),
    ('min-confidence = "hihg"\n', 1, ["hihg", "high"]),
    ("max-depth = 0\n", 1, ["0"]),
    (
        '[[overrides]]\nfiles = "x"\n[overrides.rules."duplicates/exakt"]\noff = true\n',
        3,
        ["duplicates/exact"],
    ),
    ('[[overrides]]\n[overrides.rules."duplicates/exact"]\noff = true\n', 1, ["files"]),
    ('[[overrides]]\nfiles = "x"\n[overrides.rules."duplicates/exact"]\nby = "text"\n', 4, ["by"]),
    (
        '[[overrides]]\nfiles = "x"\n[overrides.rules."dslint/parse-error"]\noff = true\n',
        4,
        ["off"],
    ),
    ('[[suppress]]\nrule = "structure"\n', 1, ["reason"]),
    ('[[suppress]]\nrule = "strcuture"\nreason = "x"\n', 2, ["structure"]),
    ('[[suppress]]\nrule = "structure"\nreason = ""\n', 3, ["reason"]),
    (
        '[[suppress]]\nrule = "structure"\nreason = "x"\n\n[[suppress]]\nrule = "structure"\nreason = "x"\nexpires = "tomorrow"\n',
        8,
        ["expires"],
    ),
    ('[[suppress]]\nrule = "structure"\nreason = "x"\nexpires = "2027-02-31"\n', 4, ["2027-02-31"]),
    ('[[suppress]]\nrule = "structure"\nreason = "x"\nwhere = { nmae = 1 }\n', 4, ["nmae"]),
    ('x = """\n[rules]\n"""\n[rules]\nselct = []\n', 1, ["x"]),
    ('extends = ["dslint:chat-1999"]\n', 1, ["dslint:chat-1999"]),
    ('required-version = ">=99"\n', 1, [">=99"]),
    ('required-version = "newest"\n', 1, ["newest"]),
    ('required-plugins = ["dslint-legal>=1"]\n', 1, ["dslint-legal", "pip install"]),
    ('required-plugins = ["dslint-gate>=99"]\n', 1, ["dslint-gate"]),
    ("[rules\n", 1, ["TOML"]),
    ("a = 1\nb = \n", 2, ["TOML"]),
    ('[rules."duplicates/exact"]\nlimits = { size = { max = 1 } }\n', 2, ["size", "count"]),
]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    FILES,
    ids=[f"{number}-{words[0]}" for number, (_, _, words) in enumerate(FILES)],
)
def test_a_wrong_configuration_is_refused_at_its_line(work, call, refused, text, line, words):
    work.chat()
    work.write("dslint.toml", text)
    refused(call("check"), f"dslint.toml:{line}", *words)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[project]\nname = "x"\n\n[tool.dslint.rules]\nselct = []\n', 5, ["selct", "select"]),
        (
            '[project]\nname = "x"\n\n[tool.dslint]\nrules = { select = ["strcuture"] }\n',
            5,
            ["structure"],
        ),
        (
            '[project]\nname = "x"\n[tool.dslint]\nfail-on = "x"\n[rules]\nfail-on = 1\n',
            4,
            ["fail-on"],
        ),
        ('[project]\nname = x\n[tool.dslint]\nfail-on = "error"\n', 2, ["TOML"]),
        ("[tool]\ndslint = 3\n", 2, ["table"]),
    ],
)
def test_a_wrong_table_in_pyproject_is_refused_at_its_line(work, call, refused, text, line, words):
    work.chat()
    work.write("pyproject.toml", text)
    refused(call("check"), f"pyproject.toml:{line}", *words)


def test_a_configuration_that_is_no_text_is_refused(work, call, refused):
    work.chat()
    work.write("dslint.toml", b"\xff\xfe")
    refused(call("check"), "dslint.toml", "UTF-8")


FLAGS = [
    (["--config", "none.toml"], ["none.toml"]),
    (["--config", "."], ["cannot be read"]),
    (["--config", "a.toml", "--isolated"], ["--isolated"]),
    (["--profile", "comit"], ["comit"]),
    (["--select", "strcuture"], ["strcuture", "structure"]),
    (["--select", "structure/rol-order"], ["structure/role-order"]),
    (["--ignore", "duplicates/exakt"], ["duplicates/exact"]),
    (["--extend-select", "nothing/at-all"], ["nothing/at-all"]),
    (["--select", "structure/json-schema"], ["schema"]),
    (["--shape", "caht"], ["caht", "chat"]),
    (["--column", "labl=x"], ["labl", "label"]),
    (["--column", "label"], ["KIND=FIELD"]),
    (["--column", "label="], ["KIND=FIELD"]),
    (["--split", "train"], ["NAME=GLOB"]),
    (["--option", "duplicates/exact.by"], ["RULE.OPTION=VALUE"]),
    (["--option", "by=text"], ["by"]),
    (["--option", "duplicates/exakt.by=text"], ["duplicates/exact"]),
    (["--option", "duplicates/exact.bi=text"], ["bi", "by"]),
    (["--option", "duplicates/exact.by=txt"], ["by"]),
    (["--option", "structure/unfilled-template.single-braces=maybe"], ["single-braces"]),
    (["--option", "duplicates/exact.severity=fatal"], ["fatal"]),
    (["--option", "structure/json-schema.schema=none.json"], ["none.json"]),
    (["--option", "structure/json-schema.schema=data.jsonl"], ["JSON"]),
    (["--max", "duplicates/exact.count"], ["MEASURE=VALUE"]),
    (["--max", "duplicates/exact.count=many"], ["many"]),
    (["--max", "duplicates/exact.count=nan"], ["nan"]),
    (["--min", "duplicates/exact.count=nan"], ["nan"]),
    (["--max", "duplicates/exact.rate=1.5"], ["1.5"]),
    (["--max", "duplicates/exact.rate=-1"], ["-1"]),
    (["--max", "duplicates/exact.rate=x%"], ["x%"]),
    (["--max", "duplicates/exakt.count=1"], ["duplicates/exact"]),
    (["--max", "duplicates/exact.cuont=1"], ["cuont", "count"]),
    (["--max", "count=1"], ["count"]),
    (["--fail-on", "fatal"], ["fatal"]),
    (["--scope", "everything"], ["everything"]),
    (["--color", "sometimes"], ["sometimes"]),
    (["--output", "jsno"], ["jsno", "json"]),
    (["--output", "report.doc"], [".doc"]),
    (["--output", "json", "--output", "text"], ["standard output"]),
    (["--output", "json="], ["json="]),
    (["--max-show", "-1"], ["max-show"]),
    (["--shard-size", "0"], ["shard-size"]),
    (["--shard-size", "big"], ["shard-size"]),
    (["--selct", "x"], ["--selct"]),
]


@pytest.mark.parametrize(("flags", "words"), FLAGS, ids=[" ".join(flags) for flags, _ in FLAGS])
def test_a_wrong_flag_is_refused(work, call, refused, flags, words):
    work.chat()
    refused(call("check", "data.jsonl", *flags), *words)


@pytest.mark.parametrize(
    "args",
    [
        ["chekc"],
        ["rule", "structure/rol-order"],
        ["rule"],
        ["rules", "-o", "yaml"],
        ["config", "validate"],
        ["config", "validate", "none.toml"],
        ["config", "sohw"],
    ],
)
def test_a_wrong_command_is_refused(call, refused, args):
    refused(call(*args))


def test_a_report_that_cannot_be_written_is_refused(work, call, refused):
    work.chat()
    (work.root / "folder").mkdir()
    refused(call("check", "data.jsonl", "-o", "json=folder"), "folder")
    refused(call("check", "data.jsonl", "-o", "json=data.jsonl/report.json"), "report.json")
    assert sorted(path.name for path in work.root.iterdir()) == [".git", "data.jsonl", "folder"]


@pytest.mark.parametrize(
    "schema",
    ['{"type": "strnig"}', '{"$ref": "https://example.com/x"}', "[", '{"$ref": "other.json"}'],
)
def test_a_wrong_json_schema_is_refused(work, call, refused, schema):
    work.chat()
    work.write("s.json", schema)
    refused(
        call("check", "data.jsonl", "--option", "structure/json-schema.schema=s.json"),
        "structure/json-schema",
        "s.json",
    )
