"""Git runs nothing that a linted repository has configured, wherever that configuration lies."""

from __future__ import annotations

import ast
import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
HOOKS = ("post-index-change", "post-checkout", "reference-transaction", "pre-commit", "pre-auto-gc")
USED = (
    "rev-parse",
    "diff",
    "diff-index",
    "diff-files",
    "ls-files",
    "ls-tree",
    "cat-file",
    "status",
)
RUNS = (
    ("check", "."),
    ("check", "--changed-since", "HEAD"),
    ("check", "--changed-since", "HEAD~1"),
    ("check", "--staged"),
    ("check", "--policy-from", "HEAD"),
)
MORE = (
    ("baseline", "create"),
    ("init", "--output", "-"),
    ("config", "validate"),
    ("doctor",),
    ("plugins",),
)


class Marks:
    """Commands that leave a mark, by the mechanism that would run them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def command(self, name: str) -> str:
        script = self.folder / f"{name}.sh"
        script.write_text(f'#!/bin/sh\necho ran >>"{self.folder}/{name}.ran"\ncat\n')
        script.chmod(0o755)
        return str(script)

    @property
    def ran(self) -> set[str]:
        return {path.stem for path in self.folder.glob("*.ran")}


@pytest.fixture
def marks(work):
    return Marks(work.root.parent / "marks")


def config(marks: Marks, mechanism: str) -> dict[str, str]:
    """Return the configuration by which a repository would run a command."""
    run = marks.command(mechanism)
    if mechanism == "hooks":
        hooks = marks.folder / "hooks"
        hooks.mkdir(exist_ok=True)
        for name in HOOKS:
            shutil.copy(run, hooks / name)
        return {"core.hooksPath": str(hooks), "core.untrackedCache": "true"}
    if mechanism == "included":
        (marks.folder / "more").write_text(f'[core]\nfsmonitor = "{run}"\n')
        return {"include.path": str(marks.folder / "more")}
    if mechanism in ("ssh", "ext", "credentials"):
        address = {"ext": f"ext::{run} %s", "credentials": "https://localhost:9/x"}.get(
            mechanism, "ssh://localhost/x"
        )
        promised = {
            "core.repositoryformatversion": "1",
            "extensions.partialClone": "origin",
            "remote.origin.promisor": "true",
        }
        asking = {
            "core.sshCommand": run,
            "protocol.ext.allow": "always",
            "credential.helper": f"!{run}",
            "core.askPass": run,
        }
        return {**promised, **asking, "remote.origin.url": address}
    return {
        "fsmonitor": {"core.fsmonitor": run},
        "clean": {"filter.evil.clean": run, "filter.evil.required": "true"},
        "smudge": {"filter.evil.smudge": run},
        "process": {"filter.evil.process": run},
        "odd-name": {"filter.e=v.il.clean": run},
        "textconv": {"diff.evil.textconv": run, "diff.evil.cachetextconv": "true"},
        "differ": {"diff.evil.command": run},
        "external": {"diff.external": run},
        "pager": {"core.pager": run, **{f"pager.{name}": run for name in USED}},
        "alias": {f"alias.{name}": f"!{run}" for name in USED},
    }[mechanism]


MECHANISMS = (
    *("fsmonitor", "hooks", "included", "clean", "smudge", "process", "odd-name"),
    *("textconv", "differ", "external", "pager", "alias", "ssh", "ext", "credentials"),
)
TRANSPORTS = ("ssh", "ext", "credentials")


def spoil(git_dir: Path, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        subprocess.run(["git", "config", "--file", git_dir / "config", name, value], check=True)


@pytest.fixture
def repo(work, git):
    """A repository of two commits, with edits that are staged, edits that are not, and files that are as they were but look touched."""
    work.write("dslint.toml", '[dataset]\nfiles = ["*.jsonl"]\n')
    work.write(".gitattributes", "* filter=evil diff=evil\n*.odd.jsonl filter=e=v.il\n")
    for name in ("a", "b", "c", "d.odd"):
        work.chat(f"{name}.jsonl")
    work.chat("a.jsonl", rows=2)
    git("commit")
    work.chat("a.jsonl", rows=4)
    git("commit")
    work.chat("b.jsonl", rows=5)
    git("add", "b.jsonl")
    work.chat("c.jsonl", rows=6)
    for name in ("a.jsonl", "d.odd.jsonl", "dslint.toml"):
        os.utime(work.root / name, (1, 1))
    return git


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_no_command_of_the_repositorys_configuration_runs(work, repo, call, marks, mechanism):
    had = repo("rev-parse", "HEAD~1:a.jsonl").strip()
    spoil(work.root / ".git", config(marks, mechanism))
    if mechanism == "hooks":
        shutil.copytree(marks.folder / "hooks", work.root / ".git" / "hooks", dirs_exist_ok=True)
    if mechanism in TRANSPORTS:
        (work.root / ".git" / "objects" / had[:2] / had[2:]).unlink()
    for args in RUNS:
        result = call(*args)
        lacks = mechanism in TRANSPORTS and "HEAD~1" in args
        assert result.code == (2 if lacks else 0), (args, result)
        assert marks.ran == set(), args
        if lacks:
            assert "its content is not in this clone" in " ".join(result.out.split())


def shown(command) -> None:
    """Run a command in a terminal."""
    parent, child = pty.openpty()
    process = subprocess.Popen(**command, stdin=child, stdout=child, stderr=child)
    os.close(child)
    try:
        while os.read(parent, 4096):
            pass
    except OSError:  # it has ended
        os.close(parent)
    assert process.wait(timeout=120) == 0


def spoiled(git_dir: Path, marks: Marks) -> None:
    for mechanism in MECHANISMS:
        if mechanism not in ("process", "included", *TRANSPORTS):
            spoil(git_dir, config(marks, mechanism))


def test_no_command_of_dslint_runs_any(work, repo, call, marks):
    spoiled(work.root / ".git", marks)
    for args in (*RUNS, *MORE):
        assert call(*args).code == 0, args
    shown(work.command("show", "a.jsonl:1"))
    assert marks.ran == set()


@pytest.mark.parametrize("kind", ["bare", "nested"])
@pytest.mark.parametrize("inside", [False, True], ids=["named", "within"])
def test_a_repository_inside_the_data_is_not_obeyed(
    work, repo, call, marks, monkeypatch, kind, inside
):
    """It is the repository around the working folder that counts, and what is ignored in one inside of it is read."""
    place = work.root / "data"
    git_dir = place if kind == "bare" else place / ".git"
    shutil.copytree(work.root / ".git", git_dir)
    spoiled(git_dir, marks)
    spoil(git_dir, {"core.bare": "false", "core.worktree": str(place)})
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / "info" / "exclude").write_text("hidden.jsonl\n")
    work.chat("data/hidden.jsonl")
    work.write("dslint.toml", "")
    runs = [
        ("check", "-o", "json", *(["data"] if not inside else ["."])),
        ("check", "--staged"),
        ("check", "--changed-since", "HEAD"),
    ]
    monkeypatch.chdir(place if inside and kind == "bare" else work.root)
    if (
        inside and kind == "nested"
    ):  # here the user has gone into it: its configuration counts for what is ignored, and runs nothing
        monkeypatch.chdir(place)
        work.write("data/seen.jsonl", (place / "hidden.jsonl").read_bytes())
        call(*runs[0])
    else:
        result = call(*runs[0])
        assert [item["path"] for item in result.report["inputs"]] == ["data/hidden.jsonl"], result
        for args in runs[1:]:
            call(*args)
    assert marks.ran == set()


def test_a_bare_repository_alone_is_none(work, call, marks, monkeypatch):
    """No `.git` anywhere around it."""
    shutil.rmtree(work.root / ".git")
    subprocess.run(["git", "init", "--quiet", "--bare", work.root], check=True, env=work.env)
    spoiled(work.root, marks)
    spoil(work.root, {"core.bare": "false", "core.worktree": str(work.root)})
    work.chat("data.jsonl")
    assert call("check", ".").code == 0
    for args in (
        ("check", "--staged"),
        ("check", "--changed-since", "HEAD"),
        ("check", "--policy-from", "HEAD"),
    ):
        result = call(*args)
        assert result.code == 2
        assert "is not in a readable Git repository" in result.err
    assert marks.ran == set()


def test_git_itself_is_never_taken_from_the_working_folder(work, repo, call, marks, monkeypatch):
    shutil.copy(marks.command("git"), work.root / "git")
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    for args in RUNS:
        assert call(*args).code == 0
    assert marks.ran == set()


def test_data_in_lfs_is_as_it_was_though_it_looks_touched(work, git, call):
    """The index has the pointer and the folder the data; the filter that would tell that they belong together is not run."""
    import hashlib

    data = (work.chat("data.jsonl", rows=4)).read_bytes()
    name = hashlib.sha256(data).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{name}\nsize {len(data)}\n"
    work.write("data.jsonl", pointer)
    work.write(".gitattributes", "*.jsonl filter=lfs\n")
    work.write("dslint.toml", '[dataset]\nfiles = ["*.jsonl"]\n')
    git("commit")
    work.write("data.jsonl", data)
    for name in ("clean", "process"):
        git("config", f"filter.lfs.{name}", "false")
    git("config", "filter.lfs.required", "true")
    result = call("check", "--changed-since", "HEAD")
    assert result.code == 0, result
    assert "0 new records in 0 files" in " ".join(result.out.split())
    work.write("data.jsonl", data + data.splitlines(keepends=True)[0])
    result = call("check", "--changed-since", "HEAD", "-o", "json")
    assert [(p["kind"], p["path"]) for p in json.loads(result.out)["problems"]] == [
        ("data-pointer", "data.jsonl")
    ]


def test_children_are_started_in_one_place_only():
    starters = {"subprocess", "pty", "posix_spawn", "system", "popen", "multiprocessing"}
    found = set()
    for path in sorted(
        [*(ROOT / "dslint").rglob("*.py"), *(ROOT / "plugins").glob("dslint_packs/**/*.py")]
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            names += (
                [node.attr]
                if isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "os"
                else []
            )
            if starters & {part for name in names for part in name.split(".")[:1]}:
                found.add(path.relative_to(ROOT).as_posix())
    assert found - {"dslint/system/repository.py"} == {
        "dslint/system/children.py",
        "dslint/run/executors/processes.py",
    }
