"""What a right configuration comes to."""

from __future__ import annotations

import datetime
import json

import pytest

from dslint.config.locate import line_of
from dslint.data.readers.find import FoundFile, split_of
from dslint.errors import ConfigError
from dslint.helpers.globs import matches_any
from dslint.settings import DatasetSettings

TWICE = '{"text": "same words", "label": "x"}\n'


@pytest.fixture
def check(work, call):
    def run(config="", *flags):
        if config:
            work.write("dslint.toml", config)
        return call("check", "-o", "json", *flags)

    return run


@pytest.fixture
def twice(work):
    """A classification file in which two of four records repeat the first."""
    for name in ("data/a.jsonl", "data/eval/b.jsonl"):
        rows = [{"text": "same words", "label": "x"}] * 3 + [{"text": name, "label": "y"}]
        work.jsonl(name, *[{**row, "uid": f"{name}-{number}"} for number, row in enumerate(rows)])
    return work


BASE = '[dataset]\nfiles = "data/**/*.jsonl"\ncolumns = { id = "uid" }\n'


def rule(result, name):
    return next(item for item in result.report["rules"] if item["id"] == name)


def test_the_configured_dataset_is_checked(twice, check):
    result = check(BASE)
    assert result.code == 0
    assert [item["path"] for item in result.report["inputs"]] == [
        "data/a.jsonl",
        "data/eval/b.jsonl",
    ]
    assert rule(result, "duplicates/exact")["count"] == 5
    assert rule(result, "duplicates/exact")["rate"] == 0.625


def test_severity_and_limits_of_a_rule(twice, check):
    assert check(BASE + '[rules."duplicates/exact"]\nseverity = "error"\n').code == 1
    assert check(BASE + '[rules."duplicates/exact"]\nseverity = "error"\nmax-count = 5\n').code == 0
    assert check(BASE + '[rules."duplicates/exact"]\nmax-count = 4\n').code == 1
    assert check(BASE + '[rules."duplicates/exact"]\nmax-rate = "62.5%"\n').code == 0
    assert check(BASE + '[rules."duplicates/exact"]\nmax-rate = 0.624\n').code == 1
    assert check(BASE + '[rules."duplicates/exact"]\nlimits = { count = { min = 6 } }\n').code == 1
    assert check(BASE + '[rules.duplicates]\nseverity = "error"\n').code == 1
    assert (
        check(
            BASE
            + '[rules.duplicates]\nseverity = "error"\n[rules."duplicates/exact"]\nseverity = "info"\n'
        ).code
        == 0
    )


def test_flags_beat_the_environment_and_that_beats_the_file(twice, check, monkeypatch):
    config = 'fail-on = "never"\n' + BASE
    assert check(config).code == 0
    monkeypatch.setenv("DSLINT_FAIL_ON", "warning")
    assert check(config).code == 1
    assert check(config, "--fail-on", "error").code == 0
    monkeypatch.setenv("DSLINT_SELECT", "structure")
    assert rule(check(config), "duplicates/exact")["state"] == "skipped"
    assert rule(check(config, "--select", "duplicates"), "duplicates/exact")["state"] == "ran"
    monkeypatch.setenv("DSLINT_IGNORE", "duplicates/exact")
    assert rule(check(config, "--select", "duplicates"), "duplicates/exact")["state"] == "skipped"


def test_a_flag_replaces_the_limit_of_the_file(twice, check):
    config = BASE + '[rules."duplicates/exact"]\nmax-count = 0\n'
    assert check(config).code == 1
    result = check(config, "--max", "duplicates/exact.count=5")
    assert result.code == 0
    (limit,) = [
        item for item in result.report["limits"] if item["measure"] == "duplicates/exact.count"
    ]
    assert (limit["max"], limit["value"], limit["from"]) == (5, 5, "flag")


def test_profiles(twice, check, monkeypatch):
    config = (
        BASE
        + '[rules]\nselect = ["structure"]\n[profiles.full]\nselect = ["duplicates"]\nfail-on = "warning"\n[profiles.more]\nextend-select = ["duplicates/exact"]\n'
    )
    assert rule(check(config), "duplicates/exact")["state"] == "skipped"
    full = check(config, "--profile", "full")
    assert (full.code, rule(full, "structure/role-order")["state"]) == (1, "skipped")
    more = check(config, "--profile", "more")
    assert (
        rule(more, "duplicates/exact")["state"]
        == rule(more, "structure/invalid-record")["state"]
        == "ran"
    )
    monkeypatch.setenv("DSLINT_PROFILE", "full")
    assert check(config).code == 1


NO_ID = '[dataset]\nfiles = "data/**/*.jsonl"\n'
OVERRIDE = '[[overrides]]\nfiles = ["data/eval/**"]\n[overrides.rules."%s"]\n%s\n'


def test_an_override_sets_the_severity_for_its_files(twice, check):
    result = check(BASE + OVERRIDE % ("duplicates/exact", 'severity = "error"'))
    assert result.code == 1
    assert {(f["path"], f["severity"]) for f in result.findings("duplicates/exact")} == {
        ("data/a.jsonl", "warning"),
        ("data/eval/b.jsonl", "error"),
    }


@pytest.mark.parametrize("name", ["duplicates/exact", "duplicates"])
def test_an_override_switches_a_dataset_rule_off_for_its_files(twice, check, name):
    result = check(BASE + OVERRIDE % (name, "off = true"), "--select", "duplicates/exact,structure")
    assert result.code == 0, result
    assert {f["path"] for f in result.findings("duplicates/exact")} == {"data/a.jsonl"}


def test_an_override_switches_a_record_rule_off_for_its_files(work, check):
    for name in ("data/a.jsonl", "data/eval/b.jsonl"):
        work.jsonl(name, {"text": "ok"}, {"text": " "})
    result = check(
        NO_ID + OVERRIDE % ("structure/nothing-to-learn", "off = true"), "--shape", "text"
    )
    assert {f["path"] for f in result.findings("structure/nothing-to-learn")} == {"data/a.jsonl"}
    assert rule(result, "structure/nothing-to-learn")["judged"] == 2


def test_an_override_has_options_for_record_rules_and_limits(work, check):
    for name in ("data/a.jsonl", "data/eval/b.jsonl"):
        work.jsonl(name, {"text": "dear {name}"}, {"text": "y"})
    config = NO_ID + OVERRIDE % (
        "structure/unfilled-template",
        "single-braces = true\nmax-rate = 0.5",
    )
    result = check(config)
    assert [f["path"] for f in result.findings("structure/unfilled-template")] == [
        "data/eval/b.jsonl"
    ]
    (limit,) = [item for item in result.report["limits"] if "[files=" in item["measure"]]
    assert (limit["measure"], limit["value"], limit["passed"]) == (
        "structure/unfilled-template.rate[files=data/eval/**]",
        0.5,
        True,
    )
    assert check(config.replace("0.5", "0.4")).code == 1


def test_a_limit_of_an_override_leaves_the_other_files_to_the_default(work, check):
    for name in ("data/a.jsonl", "data/eval/b.jsonl"):
        work.jsonl(name, {"text": "ok"}, {"text": " "})
    config = NO_ID + OVERRIDE % ("structure/nothing-to-learn", "max-count = 1")
    assert check(config).code == 1
    work.jsonl("data/a.jsonl", {"text": "ok"})
    assert check(config).code == 0


SUPPRESS = '[[suppress]]\nrule = "%s"\nreason = "known"\n%s\n'
STRICT = BASE + '[rules."duplicates/exact"]\nseverity = "error"\n'


@pytest.mark.parametrize(
    ("rule_name", "where", "count"),
    [
        ("duplicates/exact", "", 5),
        ("duplicates", "", 5),
        ("duplicates/*", "", 5),
        ("duplicates/exact", 'where = { id = ["data/a.jsonl-0", "data/a.jsonl-1"] }', 2),
        ("duplicates/exact", 'where = { id = "data/a.jsonl-1" }', 1),
        ("duplicates/exact", 'where = { label = "x" }', 5),
        ("duplicates/exact", 'where = { label = "x", id = "data/a.jsonl-1" }', 1),
        ("all", "", 5),
        ("duplicates/exact", 'files = "data/eval/**"', 3),
        ("duplicates/exact", 'files = ["data/eval/*"]\nwhere = { label = "x" }', 3),
        ("duplicates/exact", "expires = 2999-01-01", 5),
    ],
)
def test_suppressed_findings_are_counted_apart(twice, check, rule_name, where, count):
    result = check(STRICT + SUPPRESS % (rule_name, where))
    assert sum(f["suppressed"] is not None for f in result.findings("duplicates/exact")) == count
    assert result.report["measures"]["duplicates/exact.count"] == 5 - count
    assert result.report["measures"]["duplicates/exact.total"] == 5
    assert result.report["measures"]["duplicates/exact.rate"] == round((5 - count) / 8, 6)
    assert {f["suppressed"] for f in result.findings("duplicates/exact")} == {"known", None} - (
        {None} if count == 5 else set()
    )
    assert result.code == (0 if count == 5 else 1)
    assert not result.findings("dslint/unused-suppression")


def test_a_suppression_by_fingerprint(twice, check):
    marks = [f["fingerprint"] for f in check(STRICT).findings("duplicates/exact")]
    assert len(set(marks)) == 5
    result = check(STRICT + SUPPRESS % ("duplicates/exact", f'fingerprint = "{marks[1]}"'))
    assert [f["fingerprint"] for f in result.findings("duplicates/exact") if f["suppressed"]] == [
        marks[1]
    ]


def test_an_expired_suppression_is_said_and_does_nothing(twice, check):
    result = check(STRICT + SUPPRESS % ("duplicates/exact", "expires = 2020-01-31"))
    assert (result.code, result.report["counts"]["suppressed"]) == (1, 0)
    (said,) = result.findings("dslint/unused-suppression")
    assert (said["severity"], said["path"], said["row"]) == ("warning", None, None)
    assert "2020-01-31" in said["message"]


def test_a_suppression_holds_on_its_last_day(twice, check):
    today = datetime.datetime.now(tz=datetime.UTC).date()
    assert (
        check(STRICT + SUPPRESS % ("duplicates/exact", f"expires = {today}")).report["counts"][
            "suppressed"
        ]
        == 5
    )


def test_an_unused_suppression_is_said_in_full_runs_only(twice, check):
    config = BASE + SUPPRESS % ("structure/invalid-record", "")
    assert len(check(config).findings("dslint/unused-suppression")) == 1
    assert not check(config, "--select", "duplicates").findings("dslint/unused-suppression")
    assert check(config, "--fail-on", "warning").code == 1


def test_the_closest_configuration_counts_up_to_the_root_of_the_repository(work, call, monkeypatch):
    (work.root.parent / "dslint.toml").write_text("broken\n")
    work.chat("deep/er/data.jsonl")
    (work.root / "deep/er").mkdir(exist_ok=True)
    monkeypatch.chdir(work.root / "deep/er")
    assert call("check").code == 0
    work.write("dslint.toml", "fail-on = 3\n")
    assert "dslint.toml:1" in call("check").err
    work.write("deep/pyproject.toml", '[project]\nname = "x"\n')
    assert call("check").code == 2
    work.write("deep/pyproject.toml", '[tool.dslint]\nfail-on = "never"\n')
    assert call("check").code == 0
    assert call("check", "--isolated", "--config", "x").code == 2


def test_files_and_paths_are_relative_to_the_configuration(work, call, monkeypatch):
    work.chat("data/a.jsonl")
    work.write(
        "dslint.toml",
        '[dataset]\nfiles = "data/*.jsonl"\n[rules."structure/json-schema"]\nschema = "s.json"\n',
    )
    work.write("s.json", '{"required": ["id"]}')
    (work.root / "elsewhere").mkdir()
    monkeypatch.chdir(work.root / "elsewhere")
    result = call("check", "-o", "json")
    assert [item["path"] for item in result.report["inputs"]] == ["data/a.jsonl"]
    assert len(result.findings("structure/json-schema")) == 3


def test_several_datasets_have_rules_of_their_own(work, check):
    for name in ("a", "b"):
        work.write(f"{name}.jsonl", TWICE * 2)
    result = check(
        '[[dataset]]\nname = "one"\nfiles = "a.jsonl"\n[[dataset]]\nname = "two"\nfiles = "b.jsonl"\nrules = { "duplicates/exact" = { severity = "error" } }\n'
    )
    assert [(f["dataset"], f["severity"]) for f in result.findings("duplicates/exact")] == [
        ("one", "warning"),
        ("two", "error"),
    ]
    assert result.code == 1


def test_files_inside_and_outside_the_project_in_one_dataset(work, check):
    work.chat("a.jsonl")
    outside = work.root.parent / "outside.jsonl"
    outside.write_bytes((work.root / "a.jsonl").read_bytes())
    result = check('[dataset]\nfiles = ["a.jsonl", "../outside.jsonl"]\n')
    assert sorted(item["path"] for item in result.report["inputs"]) == sorted(
        ["a.jsonl", outside.as_posix()]
    )


def test_slices_are_measured_and_can_be_limited(twice, check):
    config = (
        BASE
        + 'slices = ["label"]\n[rules."duplicates/exact"]\nlimits = { "rate[label=x]" = { max = 0.9 } }\n'
    )
    result = check(config)
    assert result.code == 0
    assert result.report["measures"]["duplicates/exact.rate[label=x]"] == 0.833333
    assert check(config.replace("0.9", "0.8")).code == 1
    assert check(config.replace("label=x", "label=z")).code == 2


def test_personal_data_in_slices_is_masked_alike_in_findings_and_measures(work, check):
    work.jsonl("a.jsonl", *[{"text": "t", "label": "ada@example.org"}] * 2)
    result = check('[dataset]\nfiles = "a.jsonl"\nslices = ["label"]\n')
    assert "ada@example.org" not in result.out
    assert result.report["measures"]["duplicates/exact.count[label=[personal data]]"] == 1


def test_limits_on_size_and_depth(work, check):
    work.jsonl("a.jsonl", [[[1]]], ["x" * 50], [1])
    result = check("max-depth = 2\nmax-record-bytes = 20\n", "--shape", "any", "a.jsonl")
    assert [f["row"] for f in result.findings("dslint/parse-error")] == [0, 1]


def test_required_versions_that_are_there(work, check):
    work.chat()
    assert (
        check(
            'required-version = ">=0.1,<99"\nrequired-plugins = ["dslint-gate>=0.1", "dslint_gate"]\n'
        ).code
        == 0
    )


def test_config_show_validate_and_schema(work, call):
    work.write("dslint.toml", BASE + '[profiles.x]\nselect = ["structure"]\n')
    assert call("config", "validate").code == 0
    assert json.loads(call("config", "show").out)["datasets"][0]["columns"] == {"id": "uid"}
    schema = json.loads(call("config", "schema").out)
    assert "duplicates/exact" in schema["properties"]["rules"]["properties"]


TOML = """\
# [rules]
title = "x"
[rules]
select = [
  "a",  # = [x]
]
[rules."a/b"]
'quoted key' = 1
limits = { rate = { max = 1 } }
dotted.key = 2
[[suppress]]
rule = "a"
[[suppress]]
text = '''
[not.a.table]
rule = "no"
'''
rule = "b"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("rules",), 3),
        (("rules", "select"), 4),
        (("rules", "select", 0), 4),
        (("rules", "a/b", "quoted key"), 8),
        (("rules", "a/b", "limits", "rate", "max"), 9),
        (("rules", "a/b", "dotted", "key"), 10),
        (("suppress", 0, "rule"), 12),
        (("suppress", 1, "rule"), 18),
        (("not", "a"), None),
    ],
)
def test_lines_of_keys(path, line):
    assert line_of(TOML, path) == line


@pytest.mark.parametrize(
    ("path", "pattern", "matches"),
    [
        ("a.jsonl", "*.jsonl", True),
        ("d/a.jsonl", "*.jsonl", False),
        ("d/a.jsonl", "**/*.jsonl", True),
        ("a.jsonl", "**/*.jsonl", True),
        ("d/e/a.jsonl", "d/**", True),
        ("dd/a", "d/**", False),
        ("a1", "a[0-9]", True),
        ("ab", "a[!0-9]", True),
        ("a1", "a[!0-9]", False),
        ("a+b", "a+b", True),
        ("ab", "a?", True),
        ("a/", "a?", False),
        ("d/a", "./d/a", True),
    ],
)
def test_globs(path, pattern, matches):
    assert matches_any(path, [pattern]) is matches


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("train.jsonl", "train"),
        ("data/train-00003-of-00010.jsonl", "train"),
        ("data/my_test_set.jsonl", "test"),
        ("data/dev/part.jsonl", "dev"),
        ("val.jsonl.gz", "validation"),
        ("latest.jsonl", None),
        ("data.test.jsonl", "test"),
    ],
)
def test_splits_by_name(path, split):
    assert split_of(FoundFile(path, path, DatasetSettings()))[0] == split


def test_configured_splits_replace_those_by_name():
    dataset = DatasetSettings(splits={"gold": ("data/train*",)})
    assert split_of(FoundFile("data/train.jsonl", "", dataset))[0] == "gold"
    assert split_of(FoundFile("data/test.jsonl", "", dataset)) == (None, 0)


def test_errors_survive_a_process_boundary():
    import pickle

    error = pickle.loads(pickle.dumps(ConfigError("message", "hint")))
    assert (error.message, error.hint) == ("message", "hint")
