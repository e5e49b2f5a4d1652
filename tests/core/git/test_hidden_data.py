"""A change cannot hide data from the gate that judges it: each way ends in a finding, or in a run that is incomplete and says which file was not checked."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile

import pytest

pytestmark = pytest.mark.slow

OPEN = ""
CONFIGURED = '[dataset]\nfiles = "data/*.jsonl"\n'


def chat(number, answer):
    return {
        "messages": [
            {"role": "user", "content": f"What is {number} and {number}?"},
            {"role": "assistant", "content": answer},
        ]
    }


GOOD = [chat(number, f"It is {2 * number}.") for number in range(5)]
BROKEN = chat(7, " ")
LINES = "".join(json.dumps(value) + "\n" for value in (BROKEN, *GOOD))
REVIEWED = '[[suppress]]\nrule = "labels"\nreview = "sheet.csv"\nreason = "looked at"\n'
SHEET = "path,row,line,rule,text,label,suggestion,score,fingerprint,verdict,corrected\nHello,1,,,,,,,,,\n"
TABLE = "text,label\nHello,a\nGood morning,b\nGood night,a\n"


def zipped(name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, LINES)
    return packed.getvalue()


def tarred(name):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(LINES)
        archive.addfile(member, io.BytesIO(LINES.encode()))
    return packed.getvalue()


def junk(count):
    return "".join(json.dumps({"note": number}) + "\n" for number in range(count))


# The configuration, the files that the change adds or writes anew, and the file that must be named.
FILES = {
    "an environment beside it": (
        OPEN,
        {"data/pyvenv.cfg": "home = /usr", "data/b.jsonl": LINES},
        "data/b.jsonl",
    ),
    "an environment in place of a folder that was read": (
        OPEN,
        {"data/pyvenv.cfg": "home = /usr"},
        "data/train.jsonl",
    ),
    "an environment above it": (
        OPEN,
        {"more/pyvenv.cfg": "", "more/data/b.jsonl": LINES},
        "more/data/b.jsonl",
    ),
    "a hidden folder": (OPEN, {".data/b.jsonl": LINES}, ".data/b.jsonl"),
    "a hidden file": (OPEN, {"data/.b.jsonl": LINES}, "data/.b.jsonl"),
    "node_modules": (OPEN, {"node_modules/b.jsonl": LINES}, "node_modules/b.jsonl"),
    "venv": (OPEN, {"data/venv/b.jsonl": LINES}, "data/venv/b.jsonl"),
    "site-packages": (OPEN, {"site-packages/b.jsonl": LINES}, "site-packages/b.jsonl"),
    "the head of a review sheet": (OPEN, {"data/b.csv": SHEET}, "data/b.csv"),
    "the head of a review sheet in JSON": (
        OPEN,
        {"data/b.jsonl": f'{{"fingerprint": "{"0" * 32}", "verdict": "", "x": 1}}\n{LINES}'},
        "data/b.jsonl",
    ),
    "the head of a report": (
        OPEN,
        {"data/b.jsonl": '{"schema": "dslint.report/1"}\n' + LINES},
        "data/b.jsonl",
    ),
    "the head of a report in JSON": (
        OPEN,
        {"data/b.json": '[{"schema": "dslint.report/1"},' + json.dumps(BROKEN) + "]"},
        "data/b.json",
    ),
    "the suffix .txt": (OPEN, {"data/b.txt": LINES}, "data/b.txt"),
    "the suffix .bak": (OPEN, {"data/b.bak": LINES}, "data/b.bak"),
    "a second suffix": (OPEN, {"data/b.jsonl.old": LINES}, "data/b.jsonl.old"),
    "one record behind a second suffix": (
        OPEN,
        {"data/b.jsonl_": json.dumps({"a": 1})},
        "data/b.jsonl_",
    ),
    "a suffix in capitals": (OPEN, {"data/b.JSONL": LINES}, "data/b.JSONL"),
    "the suffix of prose": (OPEN, {"data/b.md": LINES}, "data/b.md"),
    "no suffix": (OPEN, {"data/b": LINES}, "data/b"),
    "no suffix, compressed": (OPEN, {"data/b.bin": gzip.compress(LINES.encode())}, "data/b.bin"),
    "a table as text": (OPEN, {"data/b.txt": TABLE}, "data/b.txt"),
    "an array that begins with null": (
        OPEN,
        {"data/b.json": f"[null, {json.dumps(BROKEN)}]"},
        "data/b.json",
    ),
    "an array that begins with a string": (
        OPEN,
        {"data/b.json": f'["{{", {json.dumps(BROKEN)}]'},
        "data/b.json",
    ),
    "one pretty-printed object": (
        OPEN,
        {"data/b.json": json.dumps(BROKEN, indent=2)},
        "data/b.json",
    ),
    "a list within an object": (
        OPEN,
        {"data/b.json": json.dumps({"data": [BROKEN, *GOOD]}, indent=2)},
        "data/b.json",
    ),
    "a list within an object that breaks off": (
        OPEN,
        {"data/b.json": json.dumps({"data": [BROKEN, *GOOD]})[:-9]},
        "data/b.json",
    ),
    "a zip archive": (OPEN, {"data/b.zip": zipped("b.jsonl")}, "data/b.zip"),
    "a tar archive": (OPEN, {"data/b.tar.gz": tarred("b.jsonl")}, "data/b.tar.gz"),
    "a damaged archive": (OPEN, {"data/b.zip": b"PK\3\4nothing"}, "data/b.zip"),
    "a compression that is not read": (
        OPEN,
        {"data/b.jsonl.lz4": b"\x04\x22\x4d\x18"},
        "data/b.jsonl.lz4",
    ),
    "a spreadsheet": (OPEN, {"data/b.xlsx": zipped("xl/worksheets/sheet1.xml")}, "data/b.xlsx"),
    "a database": (OPEN, {"data/b.db": b"SQLite format 3\0"}, "data/b.db"),
    "another format": (CONFIGURED, {"data/b.json": json.dumps([BROKEN])}, "data/b.json"),
    "another compression": (
        CONFIGURED,
        {"data/b.jsonl.gz": gzip.compress(LINES.encode())},
        "data/b.jsonl.gz",
    ),
    "a table beside": (CONFIGURED, {"data/b.csv": TABLE}, "data/b.csv"),
    "another folder": (CONFIGURED, {"more/b.jsonl": LINES}, "more/b.jsonl"),
    "a folder below": (CONFIGURED, {"data/more/b.jsonl": LINES}, "data/more/b.jsonl"),
    "a name that the pattern does not see": (CONFIGURED, {"data/.b.jsonl": LINES}, "data/.b.jsonl"),
    "capitals that the pattern does not see": (CONFIGURED, {"data/b.JSONL": LINES}, "data/b.JSONL"),
    "broken lines only, elsewhere": (CONFIGURED, {"more/b.jsonl": '{"a\n{"b\n'}, "more/b.jsonl"),
    "a sheet among the configured": (
        CONFIGURED,
        {"data/b.jsonl": f'{{"fingerprint": "{"0" * 32}", "verdict": "", "x": 1}}\n{LINES}'},
        "data/b.jsonl",
    ),
    "junk before records of a file that was there": (
        OPEN,
        {"data/train.jsonl": junk(300) + LINES},
        "data/train.jsonl",
    ),
    "junk before records of a new file": (
        OPEN,
        {"data/b.jsonl": junk(300) + LINES},
        "data/b.jsonl",
    ),
    "junk before records of a configured file": (
        CONFIGURED,
        {"data/b.jsonl": junk(300) + LINES},
        "data/b.jsonl",
    ),
    "junk before records, alone in a folder": (
        OPEN,
        {"more/b.jsonl": junk(300) + LINES},
        "more/b.jsonl",
    ),
}


@pytest.fixture
def base(work, git):
    def made(config):
        work.jsonl("data/train.jsonl", *GOOD)
        if config:
            work.write("dslint.toml", config)
        git("commit")
        git("checkout", "--quiet", "-b", "change")
        return work

    return made


def named(result):
    """Return the files that a report names for a problem or an error."""
    errors = {
        finding["path"] for finding in result.report["findings"] if finding["severity"] == "error"
    }
    return errors | {problem["path"] for problem in result.report["problems"]}


@pytest.mark.parametrize(("config", "files", "hidden"), FILES.values(), ids=FILES)
def test_what_a_change_hides_is_named_and_never_a_pass(base, call, git, config, files, hidden):
    work = base(config)
    for path, content in files.items():
        work.write(path, content)
    git("add", "--all", "--force")
    git("commit")
    flags = [["--policy-from", "main"], ["--policy-from", "main", "--changed-since", "main"]]
    if (
        hidden not in ("data/train.jsonl", "data/b.jsonl", "more/b.jsonl") or config
    ):  # a shape is no matter of --changed-since
        flags.append(["--changed-since", "main"])
    for given in flags:
        result = call("check", "-o", "json", *given)
        assert result.code != 0, given
        assert hidden in named(result), given


STAGED = [
    name for name, (_, files, hidden) in FILES.items() if "junk" not in name and hidden in files
]


@pytest.mark.parametrize("name", STAGED)
def test_what_a_commit_hides_is_named_too(base, call, git, name):
    config, files, hidden = FILES[name]
    work = base(config)
    for path, content in files.items():
        work.write(path, content)
    git("add", "--all", "--force")
    result = call("check", "-o", "json", "--staged")
    assert result.code != 0
    assert hidden in named(result)


@pytest.mark.parametrize(
    "name",
    [
        "a hidden folder",
        "a hidden file",
        "the suffix .txt",
        "a second suffix",
        "one pretty-printed object",
        "a table beside",
    ],
)
def test_without_a_revision_it_is_listed(base, call, name):
    config, files, hidden = FILES[name]
    work = base(config)
    for path, content in files.items():
        work.write(path, content)
    result = call("check", "-o", "json")
    assert result.code == 0
    (skipped,) = result.report["skipped"]
    assert hidden.startswith(skipped["path"])
    assert any(
        skipped["path"] in note and skipped["reason"] in note for note in result.report["notes"]
    )
    assert skipped["path"] in call("check").out


@pytest.mark.parametrize("flags", [["--policy-from", "main"], ["--changed-since", "main"]])
def test_what_the_base_leaves_out_is_no_problem(base, call, git, flags):
    work = base(CONFIGURED + 'exclude = ["tests/**", "data/*.bak"]\n' + REVIEWED)
    work.write("sheet.csv", SHEET)
    git("commit")
    git("branch", "--force", "main")
    work.write("sheet.csv", SHEET + SHEET.splitlines()[1] + "\n")
    work.write("tests/b.jsonl", LINES)
    work.write("data/b.bak", LINES)
    work.write("package.json", '{"name": "x", "authors": [{"name": "a"}, {"name": "b"}]}')
    work.write("notes.txt", "Some words, and more.\nAnother line\n")
    work.write("code.py", "a = [\n    1,\n    2,\n]\n")
    work.write("picture.png", b"\x89PNG\r\n\x1a\n")
    work.write(
        "pages.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": ["x"]}] * 3}, indent=1)
    )
    git("commit")
    result = call("check", "-o", "json", *flags)
    assert result.report["problems"] == []
    assert result.code == 0


def test_a_change_of_the_configuration_does_not_leave_out_what_it_adds(base, call, git):
    work = base(CONFIGURED)
    work.write("dslint.toml", CONFIGURED + 'exclude = ["data/b.jsonl"]\n')
    work.write("data/b.jsonl", LINES)
    git("commit")
    assert "data/b.jsonl" in named(call("check", "-o", "json", "--policy-from", "main"))


def test_named_paths_bound_what_is_asked_for(base, call, git):
    work = base(OPEN)
    work.write("data/b.bak", LINES)
    work.write("more/c.bak", LINES)
    git("commit")
    assert named(call("check", "-o", "json", "--policy-from", "main", "data")) == {"data/b.bak"}
    assert named(call("check", "-o", "json", "--policy-from", "main", "data/*.jsonl")) == {
        "data/b.bak"
    }
    assert named(call("check", "-o", "json", "--policy-from", "main", "data/train.jsonl")) == {
        "data/b.bak"
    }
    assert (
        named(call("check", "-o", "json", "--changed-since", "main", "data/train.jsonl")) == set()
    )


def test_a_submodule_is_named(base, call, git):
    work = base(OPEN)
    (work.root / "more").mkdir()
    git("update-index", "--add", "--cacheinfo", f"160000,{git('rev-parse', 'HEAD').strip()},more")
    for flags in (["--policy-from", "main"], ["--changed-since", "main"], ["--staged"]):
        result = call("check", "-o", "json", *flags)
        assert (result.code, named(result)) == (2, {"more"})


def test_a_folder_behind_a_link_is_named(base, call, git):
    work = base(OPEN)
    work.write("elsewhere/b.jsonl", LINES)
    (work.root / "data" / "more").symlink_to("../elsewhere")
    skipped = call("check", "-o", "json", "data").report["skipped"]
    assert skipped == [{"path": "data/more/", "reason": "a link to a folder"}]


def test_a_card_of_the_change_does_not_decide_what_is_a_split(work, git, call):
    work.jsonl("data/train.jsonl", *GOOD)
    work.jsonl("data/test.jsonl", chat(8, "It is sixteen."))
    git("commit")
    work.write(
        "data/README.md", "---\nconfigs:\n- data_files:\n  - split: train\n    path: '*'\n---\n"
    )
    work.jsonl("data/test.jsonl", GOOD[0])
    assert call("check", "-o", "json").findings("duplicates/leakage") == []
    result = call("check", "-o", "json", "--policy-from", "main")
    assert [finding["path"] for finding in result.findings("duplicates/leakage")] == [
        "data/test.jsonl"
    ]


def test_a_list_of_the_change_does_not_decide_what_is_a_text(work, git, call):
    listed = {"mine": {"file_name": "a.jsonl", "columns": {"prompt": "note", "response": "source"}}}
    work.jsonl(
        "data/a.jsonl",
        {"instruction": "Say hello.", "input": "", "output": "Hello.", "note": "x", "source": "y"},
    )
    git("commit")
    work.write("data/dataset_info.json", json.dumps(listed))
    work.jsonl(
        "data/a.jsonl",
        {"instruction": "Say hello.", "input": "", "output": " ", "note": "x", "source": "y"},
    )
    assert call("check", "-o", "json").report["counts"]["error"] == 0
    assert call("check", "-o", "json", "--policy-from", "main").report["counts"]["error"] == 1


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_what_a_link_points_to_is_compared(work, git, call, linked):
    work.jsonl("store/a.jsonl", *GOOD)
    (work.root / "data").mkdir()
    if linked == "file":
        (work.root / "data" / "a.jsonl").symlink_to("../store/a.jsonl")
    else:
        (work.root / "data" / "more").symlink_to("../store")
    path = "data/a.jsonl" if linked == "file" else "data/more/a.jsonl"
    work.write("dslint.toml", f'[dataset]\nfiles = "{path}"\nexclude = "store/*"\n')
    git("commit")
    unchanged = call("check", "-o", "json", "--changed-since", "HEAD")
    assert (
        unchanged.code,
        unchanged.report["counts"]["records"],
        unchanged.report["counts"]["removed"],
    ) == (0, 0, 0)
    work.jsonl("store/a.jsonl", BROKEN, *GOOD[1:])
    result = call("check", "-o", "json", "--changed-since", "HEAD")
    assert (
        result.code,
        result.report["counts"]["records"],
        result.report["counts"]["removed"],
    ) == (1, 1, 1)
    assert named(result) == {path}


def test_a_change_that_removes_says_so(base, call, git):
    work = base(CONFIGURED)
    work.jsonl("data/train.jsonl", GOOD[0])
    result = call("check", "-o", "json", "--changed-since", "main")
    assert (result.report["counts"]["records"], result.report["counts"]["removed"]) == (0, 4)
    assert any("4 records of main removed or edited" in note for note in result.report["notes"])
    assert "0; 4 removed or edited" in call("check", "--changed-since", "main").out
    assert "(4 removed or edited)" in call("check", "-o", "markdown", "--changed-since", "main").out
    (work.root / "data" / "train.jsonl").unlink()
    work.jsonl("data/test.jsonl")
    assert call("check", "-o", "json", "--changed-since", "main").report["counts"]["removed"] == 5


def test_a_file_that_is_named_is_read(work, call):
    for name, text in (
        ("sheet.csv", SHEET),
        (".hidden.jsonl", LINES),
        ("report.jsonl", '{"schema": "dslint.report/1"}\n'),
    ):
        work.write(f"data/{name}", text)
        result = call("check", "-o", "json", f"data/{name}")
        assert [item["path"] for item in result.report["inputs"]] == [f"data/{name}"]
    work.write("dslint.toml", '[dataset]\nfiles = ["data/sheet.csv"]\n')
    assert [item["path"] for item in call("check", "-o", "json").report["inputs"]] == [
        "data/sheet.csv"
    ]


def test_a_folder_that_cannot_be_read_makes_the_run_incomplete(work, call, monkeypatch):
    work.jsonl("data/a.jsonl", *GOOD)
    work.jsonl("data/closed/b.jsonl", *GOOD)
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    result = call("check", "-o", "json")
    assert result.code == 2
    assert [(problem["kind"], problem["path"]) for problem in result.report["problems"]] == [
        ("unreadable-file", "data/closed")
    ]


def test_a_pipe_is_not_waited_for(work, call):
    work.jsonl("data/a.jsonl", *GOOD)
    os.mkfifo(work.root / "data" / "b.jsonl")
    for paths in ([], ["data/b.jsonl"], ["data/*.jsonl"]):
        result = call("check", "-o", "json", *paths)
        assert result.code == 2
        assert [problem["path"] for problem in result.report["problems"]] == ["data/b.jsonl"]


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_a_configuration_that_cannot_be_read_is_an_error(work, call, refused, kind):
    work.chat()
    place = work.root / "dslint.toml"
    place.mkdir() if kind == "folder" else place.symlink_to("nowhere.toml")
    refused(call("check"), "dslint.toml is a", "the configuration cannot be read")
