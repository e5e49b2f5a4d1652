"""Parts of the configuration that match nothing: silence would pass for a check."""

import pytest

TEXTS = [{"text": f"number {n}", "label": "ab"[n % 2]} for n in range(4)]


@pytest.fixture
def data(work):
    work.jsonl("data/train.jsonl", *TEXTS)
    work.jsonl("data/test.jsonl", *({**row, "text": f"other {row['text']}"} for row in TEXTS))
    return work


def problems(result):
    return [
        (problem["kind"], problem["message"])
        for problem in result.report["problems"]
        if problem["kind"] == "unmatched"
    ]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            'splits = { train = "data/train.jsonl", test = "data/tset.jsonl" }',
            "split 'test': no file matches 'data/tset.jsonl'",
        ),
        (
            'splits = { train = ["data/train.jsonl", "more/*.jsonl"] }',
            "split 'train': no file matches 'more/*.jsonl'",
        ),
        ('columns = { label = "lable" }', "column 'label': no record has a field 'lable'"),
        ('columns = { id = "/meta/id" }', "column 'id': no record has a field '/meta/id'"),
        ('columns = { source = "url" }', "column 'source': no record has a field 'url'"),
    ],
)
def test_a_split_or_column_that_matches_nothing_makes_the_run_incomplete(config, said, data, call):
    data.write("dslint.toml", f'[dataset]\nfiles = "data/*.jsonl"\n{config}\n')
    result = call("check", "-o", "json")
    assert (result.code, problems(result)) == (2, [("unmatched", said)])
    assert call("check", "-o", "json", "--select", "structure").code == 2
    assert call("check", "-o", "json", "data/train.jsonl").code == 0


@pytest.mark.parametrize("flags", [("--split", "test=data/tset*"), ("--column", "label=lable")])
def test_what_the_command_line_names_must_match_in_any_run(flags, data, call):
    result = call("check", "-o", "json", *flags, "data")
    assert (result.code, len(problems(result))) == (2, 1)


@pytest.mark.parametrize(
    "flags",
    [("--split", "test=data/test*"), ("--column", "label=label"), ("--column", "label=/label")],
)
def test_what_matches_is_no_problem(flags, data, call):
    assert call("check", "-o", "json", *flags, "data").code == 0
    assert call("check", "-o", "json", *flags).code == 0


def test_a_column_that_one_record_of_one_file_has_is_there(data, call):
    data.jsonl("data/more.jsonl", {"text": "more", "label": "a", "url": "x"})
    assert call("check", "-o", "json", "--column", "source=url", "data").code == 0


@pytest.mark.parametrize(("files", "count"), [("data/*.jsonl", 0), ("dta/*.jsonl", 1)])
def test_an_override_or_a_limit_about_no_file_is_a_warning(files, count, data, call):
    data.write(
        "dslint.toml",
        f'[[overrides]]\nfiles = "{files}"\n[overrides.rules.text]\nseverity = "info"\n',
    )
    limit = ("--max", f"text/mojibake.count[files={files}]=0")
    result = call("check", "-o", "json", *limit)
    assert result.code == 0
    assert len(result.findings("dslint/unused-setting")) == 2 * count
    assert not call("check", "-o", "json", "data/train.jsonl").findings("dslint/unused-setting")
    assert not call("check", "-o", "json", "--select", "text").findings("dslint/unused-setting")


def test_a_suppression_about_no_file_is_a_warning(data, call):
    data.write("dslint.toml", '[[suppress]]\nrule = "text"\nfiles = "dta/*.jsonl"\nreason = "r"\n')
    (said,) = call("check", "-o", "json").findings("dslint/unused-suppression")
    assert "suppresses nothing" in said["message"]


def test_verdicts_on_no_finding_are_counted(data, call):
    select = ("--select", "labels/unknown-label", "--option", "labels/unknown-label.allowed=a")
    assert call("check", *select, "-o", "review=sheet.csv", "data").code == 1
    rows = (data.root / "sheet.csv").read_text().splitlines()
    data.write("sheet.csv", "\n".join([rows[0], *(row[:-1] + "ok," for row in rows[1:])]) + "\n")
    data.write(
        "dslint.toml",
        '[rules."labels/unknown-label"]\nallowed = ["a"]\n[[suppress]]\nrule = "labels/unknown-label"\nreview = "sheet.csv"\nreason = "r"\n',
    )
    result = call("check", "-o", "json")
    assert (result.code, result.findings("dslint/unused-suppression")) == (0, [])
    data.jsonl("data/test.jsonl", {"text": "another", "label": "a"})
    (said,) = call("check", "-o", "json").findings("dslint/unused-suppression")
    assert "2 of 4 verdicts" in said["message"]


def test_an_empty_file_among_others_is_named(data, call, git):
    data.write("data/empty.jsonl", "\n\n")
    result = call("check", "-o", "json", "data")
    assert result.code == 0
    assert [note for note in result.report["notes"] if "without records" in note] == [
        "files without records: data/empty.jsonl"
    ]
    git("commit")
    compared = call("check", "-o", "json", "--changed-since", "HEAD", "data")
    assert not [note for note in compared.report["notes"] if "without records" in note]
