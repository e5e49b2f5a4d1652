"""dslint baseline, and check --baseline: what is accepted stays accepted, and nothing else is."""

from __future__ import annotations

import json
import random

import pytest

RULE = "structure/nothing-to-learn"
FILE = "dslint-baseline.jsonl"


def chat(question, answer, **more):
    return {
        **more,
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ],
    }


def bad(n, **more):
    return chat(f"What about {n}?", " ", **more)


def good(n):
    return chat(f"What is {n} and {n}?", f"It is {2 * n}.")


DATA = [bad(1), good(2), bad(3), bad(3), chat("Fill in", "Dear {{name}}")]


@pytest.fixture
def project(work):
    work.write(
        "dslint.toml", f'baseline = "{FILE}"\n[dataset]\nfiles = "*.jsonl"\nexclude = "{FILE}"\n'
    )
    work.jsonl("data.jsonl", *DATA)
    return work


@pytest.fixture
def accepted(project, call):
    result = call("baseline", "create")
    assert result.code == 0, result
    return project


def lines(work):
    return [json.loads(line) for line in (work.root / FILE).read_text().splitlines()]


def active(result, rule=None):
    return [
        finding
        for finding in result.report["findings"]
        if finding["suppressed"] is None and rule in (None, finding["rule"])
    ]


def test_what_is_found_today_is_accepted_aloud(accepted, call):
    result = call("check", "-o", "json")
    assert result.code == 0
    report = result.report
    assert active(result) == []
    assert report["counts"]["suppressed"] == len(report["findings"]) == 5
    assert {finding["suppressed"] for finding in report["findings"]} == {"in the baseline"}
    assert report["measures"][f"{RULE}.count"] == 0
    assert report["measures"][f"{RULE}.total"] == 3


def test_a_new_finding_fails_and_only_it(accepted, call):
    accepted.jsonl("data.jsonl", *DATA, bad(7))
    result = call("check", "-o", "json")
    assert result.code == 1
    assert [finding["row"] for finding in active(result)] == [5]


def test_one_more_copy_of_an_accepted_record_fails(accepted, call):
    accepted.jsonl("data.jsonl", *DATA, bad(3))
    assert len(active(call("check", "-o", "json"), RULE)) == 1


def test_a_swap_of_one_defect_for_another_fails(accepted, call):
    accepted.jsonl("data.jsonl", bad(8), *DATA[1:])
    result = call("check", "-o", "json")
    assert [finding["row"] for finding in active(result, RULE)] == [0]


def test_shuffling_cutting_and_renaming_keep_it_valid(accepted, call):
    mixed = [dict(reversed(record.items())) for record in DATA]
    random.Random(1).shuffle(mixed)
    accepted.jsonl("one.jsonl", *mixed[:2])
    accepted.jsonl("two.jsonl", *mixed[2:])
    (accepted.root / "data.jsonl").unlink()
    result = call("check", "-o", "json")
    assert result.code == 0
    assert active(result) == []


def test_an_edited_record_stays_accepted_by_its_id_and_not_by_its_content(work, call):
    work.write(
        "dslint.toml",
        f'baseline = "{FILE}"\n[dataset]\nfiles = "data.jsonl"\ncolumns = {{ id = "uid" }}\n',
    )
    work.jsonl("data.jsonl", bad(1, uid="a"), good(2))
    call("baseline", "create")
    work.jsonl("data.jsonl", good(2), bad(9, uid="a"))
    assert call("check").code == 0
    work.jsonl("data.jsonl", good(2), bad(1, uid="b"))
    assert call("check").code == 1


def test_the_file_holds_hashes_and_rules_one_a_line_and_sorted(accepted):
    head, *entries = lines(accepted)
    assert head == {"schema": "dslint.baseline/1", "salt": head["salt"]}
    assert len(bytes.fromhex(head["salt"])) == 16
    assert all(set(entry) == {"rule", "fingerprint"} for entry in entries)
    keys = [(entry["rule"], entry["fingerprint"]) for entry in entries]
    assert keys == sorted(set(keys))
    text = (accepted.root / FILE).read_text()
    assert "data.jsonl" not in text
    assert text.endswith("}\n")


def test_two_baselines_of_the_same_data_share_no_fingerprint(accepted, call):
    first = lines(accepted)
    (accepted.root / FILE).unlink()
    call("baseline", "create")
    assert not {entry.get("fingerprint") for entry in first[1:]} & {
        entry.get("fingerprint") for entry in lines(accepted)[1:]
    }


def test_the_salt_comes_before_the_configured_key(accepted, call, monkeypatch):
    monkeypatch.setenv("DSLINT_KEY", "of the owners")
    assert call("check").code == 0


def test_order_repeats_blank_lines_and_line_ends_do_not_matter(accepted, call):
    path = accepted.root / FILE
    path.write_text(
        "\r\n".join([*reversed(path.read_text().splitlines()), "", *path.read_text().splitlines()])
        + "\r\n"
    )
    assert call("check").code == 0


def test_git_merges_two_of_them_by_union(accepted, call, git):
    accepted.write(".gitattributes", f"{FILE} merge=union\n")
    git("commit")
    for branch, record in (("one", bad(101)), ("two", bad(102))):
        git("checkout", "--quiet", "-b", branch, "main")
        accepted.jsonl(f"{branch}.jsonl", record)
        assert call("baseline", "update").code == 0
        git("commit")
    git("merge", "--quiet", "--no-edit", "one")
    assert call("check").code == 0
    assert len(lines(accepted)) == 1 + 5 + 2


def test_a_reason_and_a_date_are_kept_and_honoured(accepted, call):
    path = accepted.root / FILE
    head, first, *rest = path.read_text().splitlines()
    entry = json.loads(first) | {"reason": "known for long", "expires": "2999-12-31"}
    path.write_text("\n".join([head, json.dumps(entry), *rest]))
    result = call("check", "-o", "json")
    assert "known for long" in {finding["suppressed"] for finding in result.report["findings"]}
    accepted.jsonl("data.jsonl", *DATA, bad(7))
    call("baseline", "update")
    assert {
        "rule": entry["rule"],
        "fingerprint": entry["fingerprint"],
        "reason": "known for long",
        "expires": "2999-12-31",
    } in lines(accepted)
    path.write_text(path.read_text().replace("2999-12-31", "2001-12-31"))
    result = call("check", "-o", "json")
    assert entry["fingerprint"] in [finding["fingerprint"] for finding in active(result)]
    assert "expired" in result.findings("dslint/unused-suppression")[0]["message"]


def test_stale_entries_are_reported_and_pruned(accepted, call):
    accepted.jsonl("data.jsonl", *DATA[1:])
    before = (accepted.root / FILE).read_bytes()
    result = call("check", "-o", "json")
    (finding,) = result.findings("dslint/unused-suppression")
    assert "of structure/nothing-to-learn that match no finding: 1" in finding["message"]
    assert (result.code, finding["severity"]) == (0, "warning")
    assert (accepted.root / FILE).read_bytes() == before
    assert call("baseline", "prune").code == 0
    assert len(lines(accepted)) == 1 + 4
    assert call("check", "-o", "json").report["counts"]["warning"] == 0


def test_update_accepts_what_is_found_now(accepted, call):
    salt = lines(accepted)[0]
    accepted.jsonl("data.jsonl", *DATA, bad(7))
    assert call("baseline", "update").code == 0
    assert lines(accepted)[0] == salt
    assert len(lines(accepted)) == 1 + 6
    assert call("check").code == 0


def test_the_order_of_counting(accepted, call):
    accepted.write(
        "dslint.toml",
        (accepted.root / "dslint.toml").read_text()
        + f'[[suppress]]\nrule = "{RULE}"\nfiles = "data.jsonl"\nreason = "by hand"\n',
    )
    result = call("check", "-o", "json")
    reasons = {finding["rule"]: finding["suppressed"] for finding in result.report["findings"]}
    assert reasons[RULE] == "by hand"
    assert reasons["structure/unfilled-template"] == "in the baseline"


def test_show_says_what_is_accepted(accepted, call):
    result = call("baseline", "show")
    assert result.code == 0
    assert f"3  {RULE}\n" in result.out


@pytest.mark.parametrize(
    ("kind", "more"), [("count", [good(6)] * 50 + [bad(9)]), ("rate", [bad(9)])]
)
def test_a_ratchet_lets_numbers_get_better_and_not_worse(project, call, kind, more):
    assert call("baseline", "create", "--ratchet", kind).code == 0
    assert call("check").code == 0
    project.jsonl("data.jsonl", bad(70), *DATA[1:])
    assert call("check").code == 0
    project.jsonl("data.jsonl", *DATA, *more)
    result = call("check", "-o", "json")
    assert result.code == 1
    (limit,) = [limit for limit in result.report["limits"] if limit["measure"] == f"{RULE}.{kind}"]
    assert (limit["passed"], limit["from"]) == (False, "baseline")


def test_a_ratchet_has_a_tolerance_and_is_tightened_by_prune(project, call):
    assert call("baseline", "create", "--ratchet", "count", "--tolerance", "40%").code == 0
    project.jsonl("data.jsonl", *DATA, bad(7))
    assert call("check").code == 0
    project.jsonl("data.jsonl", *DATA, bad(7), bad(8))
    assert call("check").code == 1
    project.jsonl("data.jsonl", good(1), DATA[0])
    call("baseline", "prune")
    (entry,) = [entry for entry in lines(project) if entry.get("measure") == f"{RULE}.count"]
    assert entry == {"measure": f"{RULE}.count", "value": 1.0, "tolerance": 0.4}
    project.jsonl("data.jsonl", *DATA)
    assert call("check").code == 1
    call("baseline", "update")
    assert call("check").code == 0


def test_a_flag_names_the_file(work, call):
    work.jsonl("data.jsonl", *DATA)
    assert (
        call("baseline", "create", "data.jsonl", "--baseline", "accepted/of-data.jsonl").code == 0
    )
    assert call("check", "data.jsonl").code == 1
    assert call("check", "data.jsonl", "--baseline", "accepted/of-data.jsonl").code == 0


def test_a_baseline_is_never_data(work, call):
    work.jsonl("data.jsonl", *DATA)
    call("baseline", "create")
    result = call("check", "-o", "json", "--baseline", FILE)
    assert (result.code, len(result.report["inputs"])) == (0, 1)


SENSITIVE = """
from dataclasses import dataclass
from dslint.plugin import RecordRule, Severity, hookimpl

@dataclass(frozen=True)
class Name(RecordRule):
    '''Names.

    Why: .
    '''
    name = "name"
    severity = Severity.ERROR
    sensitive = True

    def check(self, record):
        for part in record.texts():
            if "Jane" in part.text:
                yield self.finding(part.at(0, 4), "a name")

@hookimpl
def dslint_rules():
    return [Name]
"""


@pytest.fixture
def personal(work):
    work.plugin("dslint-who", SENSITIVE, namespace="who")
    return work


@pytest.mark.parametrize("key", ["", "a private key"])
def test_nothing_of_a_record_with_personal_data_goes_into_a_fingerprint(
    personal, call, monkeypatch, key
):
    if key:
        monkeypatch.setenv("DSLINT_KEY", key)
    personal.jsonl("data.jsonl", {"text": "Jane Roe"})
    result = call("baseline", "create", "--select", "who")
    assert "by number only" in result.err
    assert call("check", "--select", "who", "--baseline", FILE).code == 0
    personal.jsonl("data.jsonl", {"text": "Jane Doe"})
    assert call("check", "--select", "who", "--baseline", FILE).code == 0
    personal.jsonl("data.jsonl", {"text": "Jane Doe"}, {"text": "Jane Roe"})
    assert call("check", "--select", "who", "--baseline", FILE).code == 1


def test_a_new_record_with_personal_data_is_not_accepted_in_place_of_an_old_one(
    personal, call, git
):
    personal.jsonl("data.jsonl", {"text": "Jane Roe"})
    call("baseline", "create", "--select", "who")
    git("commit")
    personal.jsonl("data.jsonl", {"text": "Jane Doe"}, {"text": "Jane Roe"})
    flags = ("check", "-o", "json", "--select", "who", "--baseline", FILE)
    assert [finding["row"] for finding in active(call(*flags, "--changed-since", "HEAD"))] == [0]
    git("add", "--all")
    assert [finding["row"] for finding in active(call(*flags, "--staged"))] == [0]


def test_accepted_findings_of_old_records_do_not_hide_new_ones(accepted, call, git):
    git("commit")
    accepted.jsonl("data.jsonl", bad(3), *DATA)
    result = call("check", "-o", "json", "--changed-since", "HEAD")
    assert result.code == 1
    assert len(active(result, RULE)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no first line with its salt"),
        ('{"rule": "a/b", "fingerprint": "c"}\n', "has no first line with its salt"),
        ('{"schema": "dslint.baseline/2", "salt": "00"}\n', "another version"),
        ('{"schema": "dslint.baseline/1", "salt": "zz"}\n', "hexadecimal"),
        (
            '{"schema": "dslint.baseline/1", "salt": "SALT"}\n<<<<<<< HEAD\n',
            ":2: not a line of a baseline",
        ),
        (
            '{"schema": "dslint.baseline/1", "salt": "SALT"}\n{"rule": "a/b", "fingerprint": "c", "expires": "2026-13-01"}\n',
            ":2: not a line",
        ),
        ('{"schema": "dslint.baseline/1", "salt": "SALT"}\n[]\n', ":2: not a line"),
        (
            '{"schema": "dslint.baseline/1", "salt": "SALT"}\n{"schema": "dslint.baseline/1", "salt": "TLAS"}\n',
            "several salts",
        ),
    ],
)
def test_what_is_no_baseline_is_refused_with_its_line(project, call, refused, text, said):
    project.write(FILE, text.replace("SALT", "0" * 32).replace("TLAS", "1" * 32))
    refused(call("check"), FILE, said)


def test_what_cannot_be_is_refused(project, call, refused):
    refused(call("check"), "there is no such baseline", "dslint baseline create")
    refused(call("config", "validate"), "there is no such baseline")
    refused(call("baseline", "update"), "there is no such baseline")
    refused(call("baseline", "create", "--ratchet", "rates"), "did you mean 'rate'?")
    refused(call("baseline", "create", "--jobs", "none"), "--jobs")
    call("baseline", "create")
    refused(call("baseline", "create"), "already exists", "dslint baseline update")


def test_a_run_that_is_not_complete_writes_nothing(project, call, refused):
    project.write(
        "broken.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    )
    refused(call("baseline", "create"), "broken.jsonl", "nothing was written", "git lfs pull")
    assert not (project.root / FILE).exists()
