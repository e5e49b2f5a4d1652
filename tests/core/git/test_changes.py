"""--changed-since and --staged: what is new since a revision, and what a commit would add."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest


def chat(question, answer, **more):
    return {
        **more,
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ],
    }


def good(n):
    return chat(f"What is {n} and {n}?", f"It is {2 * n}.")


def bad(n):
    return chat(f"What about {n}?", " ")


RULE = "structure/nothing-to-learn"


def rows(result, rule=RULE):
    return [(finding["path"], finding["row"]) for finding in result.findings(rule)]


def judged(result, rule=RULE):
    return next(item["judged"] for item in result.report["rules"] if item["id"] == rule)


SIZE = """
from dataclasses import dataclass
from dslint.plugin import DatasetRule, Measure, hookimpl

@dataclass(frozen=True)
class Size(DatasetRule):
    '''Size.

    Why: .
    '''
    name = "size"
    measures = {"all": "records"}
    state = {}

    def observe(self, batch):
        return {}

    def conclude(self, state, source):
        yield Measure("all", len(state))

@hookimpl
def dslint_rules():
    return [Size]
"""


@pytest.fixture
def repo(work, git):
    work.jsonl("data/a.jsonl", good(1), bad(2), good(3), good(4))
    work.jsonl("data/b.jsonl", good(5), bad(6))
    git("commit")
    return work


def test_nothing_is_new_where_nothing_has_changed(repo, call):
    result = call("check", "-o", "json", "--changed-since", "HEAD")
    assert result.code == 0
    assert result.report["findings"] == []
    assert result.report["counts"]["records"] == 0
    assert any("0 new records in 0 files of 2" in note for note in result.report["notes"])


def test_an_added_and_an_edited_record_are_new_and_only_they_count(repo, call):
    repo.jsonl("data/a.jsonl", good(1), bad(2), bad(30), good(4), bad(7), good(8))
    result = call("check", "-o", "json", "--changed-since", "HEAD")
    assert result.code == 1
    assert rows(result) == [("data/a.jsonl", 2), ("data/a.jsonl", 4)]
    assert judged(result) == 3
    measures = result.report["measures"]
    assert (measures[f"{RULE}.count"], measures[f"{RULE}.total"], measures[f"{RULE}.rate"]) == (
        2,
        2,
        0.666667,
    )


def test_reformatted_reordered_renamed_cut_and_packed_records_are_not_new(repo, call, git):
    lines = [bad(2), good(4), good(1), good(3)]
    (repo.root / "data/a.jsonl").unlink()
    repo.write(
        "data/one.jsonl",
        "".join(
            json.dumps(dict(reversed(line.items())), indent=None, separators=(" ,", " : ")) + "\n\n"
            for line in lines[:2]
        ),
    )
    repo.write(
        "data/two.jsonl.gz",
        gzip.compress("".join(json.dumps(line) + "\n" for line in lines[2:]).encode()),
    )
    repo.write("data/b.json", json.dumps([bad(6), good(5)], indent=2))
    (repo.root / "data/b.jsonl").unlink()
    for _ in ("in the working folder", "committed"):
        result = call("check", "-o", "json", "--changed-since", "HEAD")
        assert result.code == 0, result
        assert result.report["counts"]["records"] == 0
        git("add", "--all")


def test_a_surplus_copy_is_new(repo, call):
    repo.jsonl("data/c.jsonl", good(9), bad(6))
    result = call("check", "-o", "json", "--changed-since", "HEAD")
    assert rows(result) == [("data/c.jsonl", 1)]
    assert result.report["counts"]["records"] == 2
    assert [finding["row"] for finding in result.findings("duplicates/exact")] == [1]


def test_a_moved_record_is_not_new_whichever_files_are_named(repo, call):
    repo.jsonl("data/a.jsonl", good(1), good(3), good(4))
    repo.jsonl("data/b.jsonl", good(5), bad(6), bad(2))
    for paths in ([], ["data"], ["data/b.jsonl"]):
        assert (
            call("check", "-o", "json", "--changed-since", "HEAD", *paths).report["counts"][
                "records"
            ]
            == 0
        )


def test_a_record_that_changes_its_split_is_new(work, git, call):
    work.jsonl("train.jsonl", good(1), good(1), good(2))
    work.jsonl("test.jsonl", good(3))
    git("commit")
    work.jsonl("train.jsonl", good(1), good(2))
    work.jsonl("test.jsonl", good(3), good(1))
    result = call("check", "-o", "json", "--changed-since", "HEAD")
    assert [
        (finding["path"], finding["row"]) for finding in result.findings("duplicates/leakage")
    ] == [("test.jsonl", 1)]


def test_dataset_rules_see_all_records_and_findings_that_relate_to_a_new_one_are_new(
    work, git, call
):
    old = [chat("Hello there", "first"), chat("Hello there", "first"), chat("Bye", "so long")]
    work.jsonl("data.jsonl", *old)
    git("commit")
    work.jsonl("data.jsonl", *old, chat("Bye", "so long"))
    result = call("check", "-o", "json", "--changed-since", "HEAD", "--select", "duplicates/exact")
    (finding,) = result.findings("duplicates/exact")
    assert (finding["row"], finding["related"][0]["row"]) == (3, 2)
    assert judged(result, "duplicates/exact") == 1


def test_a_finding_on_an_old_record_that_relates_to_a_new_one_is_new(work, git, call):
    work.jsonl("train.jsonl", good(1))
    work.jsonl("test.jsonl", good(2), good(3))
    git("commit")
    work.jsonl("train.jsonl", good(1), good(2))
    result = call("check", "-o", "json", "--changed-since", "HEAD")
    (finding,) = result.findings("duplicates/leakage")
    assert (finding["path"], finding["row"], finding["related"][0]["path"]) == (
        "test.jsonl",
        0,
        "train.jsonl",
    )
    assert result.report["counts"]["records"] == 1
    assert result.report["measures"]["duplicates/leakage.rate"] == 1


def test_a_rule_s_own_measures_are_over_all_records(work, git, call):
    work.plugin("dslint-size", SIZE, namespace="size")
    work.jsonl("data.jsonl", good(1), good(2), good(3))
    git("commit")
    work.jsonl("data.jsonl", good(1), good(2), good(3), good(4))
    measures = call("check", "-o", "json", "--changed-since", "HEAD", "--select", "size").report[
        "measures"
    ]
    assert measures["size/size.all"] == 4


def test_limits_within_files_are_over_the_new_records(repo, call):
    repo.write(
        "dslint.toml",
        f'[[overrides]]\nfiles = "data/a*"\n[overrides.rules."{RULE}"]\nmax-rate = 0.4\n',
    )
    repo.jsonl("data/a.jsonl", good(1), bad(2), good(3), good(4), bad(5), good(6))
    limits = {
        limit["measure"]: limit["value"]
        for limit in call("check", "-o", "json", "--changed-since", "HEAD").report["limits"]
    }
    assert limits[f"{RULE}.rate[files=data/a*]"] == 0.5


def test_the_parts_of_a_run_agree_for_any_cut(repo, call):
    repo.jsonl("data/a.jsonl", good(1), bad(2), bad(30), good(4), bad(7), good(8), good(8))
    reports = {
        json.dumps(call("check", "-o", "json", "--changed-since", "HEAD", *flags).report)
        for flags in ([], ["--shard-size", "50"], ["--jobs", "2"])
    }
    assert len(reports) == 1


def test_an_unreadable_record_is_new_once(work, git, call):
    work.write("data.jsonl", '{"a": \n' + json.dumps(good(1)) + "\n")
    git("commit")
    work.write("data.jsonl", json.dumps(good(1)) + '\n{"a": \n{"b": \n')
    result = call("check", "-o", "json", "--changed-since", "HEAD")
    assert rows(result, "dslint/parse-error") == [("data.jsonl", 2)]


def test_a_configuration_below_the_root_of_the_repository(work, git, call, monkeypatch):
    work.write("sub/dslint.toml", '[dataset]\nfiles = "data/*.jsonl"\n')
    work.jsonl("sub/data/a.jsonl", good(1), bad(2))
    work.jsonl("data/a.jsonl", bad(3))
    git("commit")
    work.jsonl("sub/data/b.jsonl", bad(2), bad(3))
    (work.root / "sub/data/a.jsonl").unlink()
    monkeypatch.chdir(work.root / "sub")
    assert rows(call("check", "-o", "json", "--changed-since", "main")) == [("data/b.jsonl", 1)]


def test_files_beside_the_working_folder(repo, call, monkeypatch):
    (repo.root / "empty").mkdir()
    link = repo.root.parent / "link"
    link.symlink_to(repo.root)
    repo.jsonl("data/a.jsonl", good(1), bad(2), bad(30), good(4))
    for folder, path in (
        (repo.root / "empty", "../data"),
        (link, "data"),
        (link, str(repo.root / "data")),
    ):
        monkeypatch.chdir(folder)
        result = call("check", "-o", "json", "--changed-since", "HEAD", path)
        assert [row for _, row in rows(result)] == [2], folder


def test_names_and_patterns_with_odd_characters(work, git, call):
    work.jsonl("däta [1]/a b\tc.jsonl", good(1), bad(2))
    git("commit")
    work.jsonl("däta [1]/a b\tc.jsonl", bad(2), good(1), bad(3))
    assert rows(call("check", "-o", "json", "--changed-since", "HEAD")) == [
        ("däta [1]/a b\tc.jsonl", 2)
    ]


def test_every_report_says_what_was_compared(repo, call):
    for form in ("text", "json", "markdown"):
        assert "compared with HEAD (" in call("check", "-o", form, "--changed-since", "HEAD").out


@pytest.mark.parametrize("flag", ["--changed-since", "--policy-from"])
def test_a_revision_that_is_not_there_is_refused_with_the_cure(repo, call, refused, flag):
    refused(
        call("check", flag, "origin/nothing"),
        "unknown revision 'origin/nothing'",
        "git fetch origin nothing",
    )
    refused(call("check", flag, "--output=x"), "unknown revision")


def test_a_shallow_clone_is_refused_with_the_cure(repo, git, call, refused, monkeypatch):
    first = git("rev-parse", "HEAD").strip()
    repo.jsonl("data/c.jsonl", good(7))
    git("commit")
    clone = repo.root.parent / "clone"
    git("clone", "--quiet", "--depth", "1", f"file://{repo.root}", str(clone))
    monkeypatch.chdir(clone)
    refused(
        call("check", "--changed-since", first),
        "this clone is shallow",
        "git fetch --unshallow",
        "fetch-depth: 0",
    )


def test_a_folder_without_a_repository_is_refused(tmp_path, call, refused, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    refused(call("check", "--changed-since", "HEAD"), "not in a readable Git repository")


def pointer(data):
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(data).hexdigest()}\nsize {len(data)}\n"


def test_data_in_lfs_is_compared_where_it_is_and_a_problem_where_it_is_not(work, git, call):
    data = "".join(json.dumps(line) + "\n" for line in (good(1), bad(2))).encode()
    name = hashlib.sha256(data).hexdigest()
    work.write("data.jsonl", pointer(data))
    git("commit")
    work.write("data.jsonl", data + json.dumps(bad(3)).encode())
    missing = call("check", "-o", "json", "--changed-since", "HEAD")
    assert missing.code == 2
    (problem,) = missing.report["problems"]
    assert (problem["kind"], problem["path"]) == ("data-pointer", "data.jsonl")
    assert "git lfs fetch" in problem["hint"]
    work.write(f".git/lfs/objects/{name[:2]}/{name[2:4]}/{name}", data)
    assert rows(call("check", "-o", "json", "--changed-since", "HEAD")) == [("data.jsonl", 2)]


def test_staged_judges_the_index_and_not_the_working_folder(repo, call, git):
    repo.jsonl("data/a.jsonl", good(1), bad(2), good(3), good(4), bad(9))
    git("add", "data/a.jsonl")
    repo.jsonl("data/a.jsonl", bad(11), bad(12))
    repo.jsonl("data/b.jsonl", bad(13))
    repo.jsonl("data/untracked.jsonl", bad(14))
    for paths in ([], ["data"], ["data/a.jsonl", "data/b.jsonl", "data/untracked.jsonl"]):
        result = call("check", "-o", "json", "--staged", *paths)
        assert result.code == 1
        assert rows(result) == [("data/a.jsonl", 4)]
        assert result.report["counts"]["records"] == 1
    git("reset", "--quiet")
    assert call("check", "-o", "json", "--staged").code == 0


def test_staged_in_a_hook_of_a_linked_work_tree_and_in_ci(repo, git, call, monkeypatch):
    repo.write("sub/dslint.toml", '[dataset]\nfiles = "*.jsonl"\n')
    git("commit")
    tree = repo.root.parent / "linked"
    git("worktree", "add", "--quiet", "-b", "other", str(tree))
    (tree / "sub" / "a.jsonl").write_text(json.dumps(bad(1)) + "\n")
    git("-C", str(tree), "add", "--all")
    (tree / "sub" / "a.jsonl").write_text("")
    monkeypatch.setenv("GIT_DIR", str(repo.root / ".git" / "worktrees" / "linked"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repo.root / ".git" / "worktrees" / "linked" / "index"))
    monkeypatch.setenv("CI", "true")
    monkeypatch.chdir(tree / "sub")
    assert rows(call("check", "-o", "json", "--staged", "--force-exclude")) == [("a.jsonl", 0)]


def test_staged_leaves_out_what_is_no_data(work, git, call):
    work.write("package.json", '{"name": "x"}')
    work.write("dataset_info.json", '{"x": {"file_name": "x.json"}}')
    work.write("data.json", json.dumps([good(1), bad(2)]))
    git("add", "--all")
    result = call("check", "-o", "json", "--staged")
    assert rows(result) == [("data.json", 1)]
    assert any("not read" in note and "package.json" in note for note in result.report["notes"])


def test_a_moved_record_is_not_new_in_the_index_whatever_the_working_folder_holds(repo, call, git):
    repo.jsonl("data/a.jsonl", good(1), good(3), good(4))
    repo.jsonl("data/b.jsonl", good(5), bad(6), bad(2))
    git("add", "--all")
    repo.jsonl("data/a.jsonl", bad(2))
    assert call("check", "-o", "json", "--staged", "data/b.jsonl").report["findings"] == []


def test_staged_before_the_first_commit(work, git, call):
    work.jsonl("data.jsonl", good(1), bad(2))
    git("add", "data.jsonl")
    result = call("check", "-o", "json", "--staged")
    assert rows(result) == [("data.jsonl", 1)]
    assert any("HEAD, before the first commit" in note for note in result.report["notes"])


def test_staged_runs_record_rules_and_judges_no_rates(repo, call, git):
    repo.jsonl("data/a.jsonl", good(1), bad(2), good(3), good(4), good(5), bad(9))
    git("add", "data/a.jsonl")
    result = call(
        "check",
        "-o",
        "json",
        "--staged",
        "--max",
        f"{RULE}.rate=0.01",
        "--max",
        "duplicates/exact.rate=0",
    )
    assert result.code == 0
    limits = {limit["measure"]: limit["passed"] for limit in result.report["limits"]}
    assert (limits[f"{RULE}.rate"], limits["duplicates/exact.rate"]) == (None, None)
    assert rows(result) == [("data/a.jsonl", 5)]
    assert result.findings("duplicates/exact") == []


def test_staged_compares_with_the_revision_that_a_hook_run_is_from(repo, call, git, monkeypatch):
    repo.jsonl("data/c.jsonl", bad(9))
    git("commit")
    assert call("check", "--staged").code == 0
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "HEAD~1")
    assert call("check", "--staged", "data/c.jsonl").code == 1


def test_a_deleted_and_a_renamed_file_are_nothing_new(repo, call, git):
    git("rm", "--quiet", "data/b.jsonl")
    git("mv", "data/a.jsonl", "data/z.jsonl")
    result = call("check", "-o", "json", "--staged", "data/z.jsonl")
    assert (result.code, result.report["findings"]) == (0, [])


def test_force_exclude_skips_aloud_what_is_not_configured(repo, call):
    repo.write("dslint.toml", '[dataset]\nfiles = "data/*.jsonl"\nexclude = "data/b.jsonl"\n')
    repo.jsonl("other.jsonl", bad(1))
    result = call("check", "-o", "json", "--force-exclude", "other.jsonl", "data/b.jsonl")
    assert result.code == 0
    assert any(
        "not read" in note and "other.jsonl" in note and "data/b.jsonl" in note
        for note in result.report["notes"]
    )
    assert result.report["inputs"] == []
    assert rows(call("check", "-o", "json", "--force-exclude", "other.jsonl", "data/a.jsonl")) == [
        ("data/a.jsonl", 1)
    ]
    assert call("check", "other.jsonl").code == 1
