"""--policy-from: a change cannot loosen the gate that it must pass."""

from __future__ import annotations

import json

import pytest

SCHEMA = {"properties": {"text": {"maxLength": 5}}}
CONFIG = """
baseline = "gate/accepted.jsonl"

[dataset]
files = "data/*.jsonl"

[rules."structure/json-schema"]
schema = "gate/schema.json"
"""


@pytest.fixture
def project(work, git, call):
    work.write("dslint.toml", CONFIG)
    work.write("gate/schema.json", json.dumps(SCHEMA))
    work.jsonl("data/a.jsonl", {"text": "short"}, {"text": "far too long"})
    assert call("baseline", "create").code == 0
    git("commit")
    work.jsonl("data/b.jsonl", {"text": "longer than five"})
    return work


def check(call, *flags):
    return call("check", "-o", "json", "--policy-from", "main", *flags)


def touches(result):
    return [note for note in result.report["notes"] if "modifies the gate" in note]


def test_without_a_change_of_the_gate_nothing_differs(project, call):
    for result in (call("check", "-o", "json"), check(call)):
        assert result.code == 1
        assert [
            finding["path"]
            for finding in result.report["findings"]
            if finding["suppressed"] is None
        ] == ["data/b.jsonl"]
    assert touches(result) == []
    assert any(note.startswith("the policy is read from main (") for note in result.report["notes"])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("dslint.toml", CONFIG.replace("[rules.", "[rules]\nignore = ['structure']\n[rules.")),
        ("gate/schema.json", "{}"),
        ("gate/accepted.jsonl", None),
        ("pyproject.toml", "[tool.dslint]\nfail-on = 'never'"),
        (".dslint.toml", "fail-on = 'never'"),
        ("dslint.toml", "not even TOML"),
        ("dslint.toml", None),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_a_change_of_the_gate_does_not_count_and_is_told(project, call, git, path, text, committed):
    if text is not None:
        project.write(path, text)
    elif path == "dslint.toml":
        (project.root / path).unlink()
    else:
        call("baseline", "update")
    if committed:
        git("checkout", "--quiet", "-b", "change")
        git("commit")
    result = check(call)
    assert result.code == 1
    assert (
        len([finding for finding in result.report["findings"] if finding["suppressed"] is None])
        == 1
    )
    if path not in ("pyproject.toml", ".dslint.toml"):
        assert path in touches(result)[0]


def test_a_configuration_that_would_come_before_that_of_the_revision_is_told(work, git, call):
    work.write("pyproject.toml", "[tool.dslint.dataset]\nfiles = 'data.jsonl'\n")
    work.jsonl("data.jsonl", {"text": ""}, {"text": ""})
    git("commit")
    work.write("dslint.toml", "fail-on = 'never'")
    result = check(call)
    assert result.code == 1
    assert "dslint.toml" in touches(result)[0]


def test_without_a_configuration_there_the_defaults_are_the_gate(work, git, call):
    git("commit")
    work.write("dslint.toml", "fail-on = 'never'")
    work.write("data.jsonl", "{")
    result = check(call)
    assert result.code == 1
    assert "dslint.toml" in touches(result)[0]


def test_it_works_below_the_root_and_with_named_files(project, call, git, monkeypatch):
    git("mv", "dslint.toml", "gate")
    project.write("gate/dslint.toml", CONFIG.replace("gate/", "").replace("data/", "../data/"))
    git("add", "--all")
    git("commit", "--quiet", "--message", "moved")
    project.write("gate/schema.json", "{}")
    monkeypatch.chdir(project.root / "data")
    (project.root / "data" / "b.jsonl").write_text('{"text": "longer than five"}\n')
    for config in ("../gate/dslint.toml", str(project.root / "gate" / "dslint.toml")):
        result = call("check", "-o", "json", "--policy-from", "HEAD", "--config", config, "b.jsonl")
        assert result.code == 1, result
        assert "gate/schema.json" in touches(result)[0]


def test_files_of_flags_are_those_of_the_revision_too(project, call):
    project.write("dslint.toml", "")
    project.write("gate/schema.json", "{}")
    (project.root / "gate" / "accepted.jsonl").unlink()
    flags = (
        "--option",
        "structure/json-schema.schema=gate/schema.json",
        "--baseline",
        "gate/accepted.jsonl",
    )
    result = check(call, *flags)
    assert [
        finding["path"] for finding in result.report["findings"] if finding["suppressed"] is None
    ] == ["data/b.jsonl"]


def test_links_are_followed_within_the_repository_only(work, git, call, refused):
    work.write("gate/real.json", json.dumps(SCHEMA))
    (work.root / "gate" / "schema.json").symlink_to("real.json")
    work.write("dslint.toml", CONFIG.replace('baseline = "gate/accepted.jsonl"', ""))
    work.jsonl("data/a.jsonl", {"text": "far too long"})
    git("commit")
    work.write("gate/real.json", "{}")
    assert len(check(call).findings("structure/json-schema")) == 1
    for target in ("../../schema.json", "/etc/hostname"):
        (work.root / "gate" / "schema.json").unlink()
        (work.root / "gate" / "schema.json").symlink_to(target)
        git("commit")
        refused(call("check", "--policy-from", "HEAD"), "is outside the repository")


@pytest.mark.parametrize(
    "path", ["../outside.json", "/etc/outside.json", "gate/../../outside.json"]
)
def test_paths_that_leave_the_repository_are_refused(work, git, call, refused, path):
    work.write("dslint.toml", f'[rules."structure/json-schema"]\nschema = "{path}"\n')
    work.jsonl("data.jsonl", {"text": "a"})
    git("commit")
    refused(call("check", "--policy-from", "HEAD"), "is outside the repository")


def test_a_file_that_the_revision_lacks_is_refused(project, call, git, refused):
    project.write("dslint.toml", CONFIG.replace("schema.json", "schema-2.json"))
    git("commit")
    project.write("gate/schema-2.json", "{}")
    refused(call("check", "--policy-from", "HEAD"), "gate/schema-2.json is not in HEAD")
    refused(
        call("check", "--policy-from", "HEAD", "--config", "other.toml"),
        "other.toml is not a file of HEAD",
    )
    refused(call("check", "--policy-from", "HEAD", "--isolated"), "cannot be combined")


def test_an_error_in_the_configuration_names_revision_and_line(work, git, call, refused):
    work.write("dslint.toml", '[dataset]\nfiels = "x"\n')
    git("commit")
    refused(call("check", "--policy-from", "HEAD"), "HEAD:dslint.toml:2", "did you mean 'files'?")
    work.write("dslint.toml", "baseline = 7\nrules = 1\nprofiles = 2\noverrides = 3\n")
    git("commit")
    refused(call("check", "--policy-from", "HEAD"), "HEAD:dslint.toml:1", "baseline")


def test_data_behind_a_link_that_leaves_the_repository_is_refused(project, call):
    outside = project.root.parent / "outside.jsonl"
    outside.write_text('{"text": "a"}\n')
    (project.root / "data" / "c.jsonl").symlink_to(outside)
    result = check(call)
    assert result.code == 2
    assert [problem["kind"] for problem in result.report["problems"]] == ["outside-path"]


def test_all_of_it_together(project, call, git):
    project.write("dslint.toml", "fail-on = 'never'")
    git("add", "--all")
    result = check(call, "--changed-since", "main")
    assert result.code == 1
    assert [finding["path"] for finding in result.report["findings"]] == ["data/b.jsonl"]
    assert check(call, "--staged").code == 1
