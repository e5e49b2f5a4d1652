"""The hooks, run by the real pre-commit and prek from a repository that is made of this working copy."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from shown import shows

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "pre-commit.md"
BLOCK = re.compile(
    r'^```(?P<kind>[\w-]+)(?: title="(?P<title>[^"]+)")?\n(?P<body>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
ADDRESS = "https://example.org/dslint"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PACKED = (
    "dslint",
    "plugins",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "NOTICE",
    ".pre-commit-hooks.yaml",
)
EXTRA = "near"
"""The lightest extra; it stands for any."""

GOOD = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}
BAD = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " "}]}


def run(folder, env, *words):
    done = subprocess.run(
        words,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The repository of the hooks, and an environment of variables in which pre-commit builds one environment for all tests."""
    base = tmp_path_factory.mktemp("hooks")
    source = base / "dslint"
    for name in PACKED:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            source.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    env = {
        **os.environ,
        "PRE_COMMIT_HOME": str(base / "pre-commit"),
        "PREK_HOME": str(base / "prek"),
        "PRE_COMMIT_COLOR": "never",
        "COLUMNS": "80",
    }
    env |= {
        "GIT_CONFIG_GLOBAL": str(base / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}",
    }
    (base / "gitconfig").write_text(
        "[user]\nname = nobody\nemail = nobody@example.org\n[init]\ndefaultBranch = main\n[advice]\ndetachedHead = false\n"
    )
    for words in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "dslint"]):
        code, said = run(source, env, "git", *words)
        assert code == 0, said
    return source, env, run(source, env, "git", "rev-parse", "HEAD")[1].strip()


class Project:
    """A repository that uses the hooks."""

    def __init__(self, folder, home):
        self.folder = folder
        self.source, self.env, self.version = home
        folder.mkdir(exist_ok=True)
        self.git("init", "-q")

    def use(self, *hooks):
        """Configure hooks, all with the same environment. The file is JSON, which is YAML."""
        more = [f".[{EXTRA}]", str(self.source / "plugins" / "dslint-example")]
        listed = [{"id": hook, "additional_dependencies": more, "verbose": True} for hook in hooks]
        self.write(
            ".pre-commit-config.yaml",
            json.dumps(
                {"repos": [{"repo": str(self.source), "rev": self.version, "hooks": listed}]}
            ),
        )

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def jsonl(self, name, *records):
        self.write(name, "".join(json.dumps(record) + "\n" for record in records))

    def git(self, *words):
        code, said = run(self.folder, self.env, "git", *words)
        assert code == 0, said
        return said

    def hook(self, *words, runner="pre-commit"):
        return run(self.folder, self.env, runner, "run", *words)


@pytest.fixture
def project(tmp_path, home):
    made = Project(tmp_path, home)
    made.use("dslint-staged", "dslint", "dslint-config")
    return made


def test_the_manifest_is_valid(home):
    for runner in ("pre-commit", "prek"):
        assert run(ROOT, home[1], runner, "validate-manifest", ".pre-commit-hooks.yaml")[0] == 0


def test_the_page_shows_what_happens(tmp_path, home):
    project = Project(tmp_path / "project", home)
    run(tmp_path, project.env, "git", "init", "-q", "--bare", "remote")
    project.git("remote", "add", "origin", str(tmp_path / "remote"))
    more = f"additional_dependencies: ['.[{EXTRA}]', {project.source}/plugins/dslint-example]"
    for block in BLOCK.finditer(PAGE.read_text()):
        if block["title"]:
            text = (
                block["body"].replace(ADDRESS, str(project.source)).replace(COMMIT, project.version)
            )
            if block["title"].endswith(
                ".yaml"
            ):  # the environment of the other tests serves here too
                text = re.sub(r"( +)- id: .*", lambda hook: f"{hook[0]}\n{hook[1]}  {more}", text)
            project.write(block["title"], text)
        elif block["kind"] == "shell-session":
            for shown in re.split(r"^\$ ", block["body"], flags=re.MULTILINE)[1:]:
                command, _, output = shown.partition("\n")
                output, fails = (
                    output.removesuffix("exit code: 1\n"),
                    output.endswith("\nexit code: 1\n"),
                )
                code, said = run(project.folder, project.env, *shlex.split(command))
                assert code == fails, said
                said = "".join(line.rstrip() + "\n" for line in said.strip("\n").splitlines())
                assert shows(output.splitlines(), said), f"$ {command}\n{said}"


def test_a_first_commit_a_partial_commit_and_one_of_all(project):
    project.jsonl("data.jsonl", GOOD, BAD)
    project.jsonl("other.jsonl", GOOD)
    project.git("add", "data.jsonl")
    code, said = project.hook("dslint-staged")
    assert code == 1
    assert "data.jsonl:2 error structure/nothing-to-learn" in said
    project.git("add", "--all")
    project.git("commit", "-q", "-m", "as it is")
    run(project.folder, project.env, "pre-commit", "install")
    project.jsonl("data.jsonl", GOOD, BAD, BAD)
    project.jsonl(
        "other.jsonl",
        GOOD,
        {
            "messages": [
                *GOOD["messages"],
                {"role": "user", "content": "Thanks"},
                {"role": "assistant", "content": "Bye."},
            ]
        },
    )
    code, said = run(
        project.folder, project.env, "git", "commit", "--message", "one file", "other.jsonl"
    )
    assert "1 new record in 1 file of 1" in said
    code, said = run(project.folder, project.env, "git", "commit", "--all", "--message", "all")
    assert code == 1
    assert "data.jsonl:3 error structure/nothing-to-learn" in said


def test_what_is_outside_of_the_configured_dataset_is_named_until_it_is_left_out(project):
    project.write("dslint.toml", '[dataset]\nfiles = "data/*.jsonl"\n')
    project.jsonl("data/a.jsonl", GOOD)
    project.jsonl("elsewhere.jsonl", BAD)
    project.write("package.json", '{"name": "x"}')
    project.git("add", "elsewhere.jsonl", "package.json")
    code, said = project.hook("dslint-staged")
    assert code == 1, said
    assert "could not check elsewhere.jsonl" in said
    assert "could not check package.json" not in said
    project.write("dslint.toml", '[dataset]\nfiles = "data/*.jsonl"\nexclude = "elsewhere.jsonl"\n')
    code, said = project.hook("dslint-staged")
    assert code == 0, said


def test_an_extra_and_a_plugin_of_others_run_in_the_same_environment(project):
    project.write(
        "dslint.toml",
        '[rules]\nselect = ["example", "structure"]\n[rules."example/all-caps"]\nseverity = "error"\n',
    )
    project.jsonl(
        "data.jsonl",
        {
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "PLEASE STOP SHOUTING AT ME"},
            ]
        },
    )
    project.git("add", "--all")
    code, said = project.hook("dslint-staged")
    assert code == 1
    assert "example/all-caps" in said
    assert list(Path(project.env["PRE_COMMIT_HOME"]).glob("*/py_env*/**/numpy/__init__.py")), (
        "the extra has been left out"
    )


def test_pointers_in_place_of_data_end_with_the_cure(project):
    project.write(
        "data.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    )
    project.git("add", "--all")
    code, said = project.hook("dslint-staged")
    assert code == 1  # pre-commit's own code for a hook that failed
    assert "- exit code: 2" in said
    assert "git lfs pull" in said


def test_2500_files_are_checked(project):
    for number in range(2500):
        project.jsonl(
            f"a folder with a long name/part-{number:05}-of-02500-of-the-whole-data-set.jsonl",
            {**GOOD, "number": number},
        )
    project.jsonl("a folder with a long name/part-01234-of-02500-of-the-whole-data-set.jsonl", BAD)
    project.git("add", "--all")
    code, said = project.hook("dslint-staged")
    assert code == 1
    assert said.count("error structure/nothing-to-learn") >= 1
    assert "part-01234-of-02500" in said


def test_the_whole_dataset_is_checked_once_and_for_pointers_of_dvc_too(project):
    project.write(
        "dslint.toml",
        '[dataset]\nfiles = "data/*.jsonl"\n[rules."duplicates/exact"]\nmax-count = 0\n',
    )
    for name in "abcdef":
        project.jsonl(f"data/{name}.jsonl", GOOD)
    project.write(".gitignore", "data/*.jsonl\n")
    project.write("data/a.jsonl.dvc", "outs: []\n")
    project.git("add", "data/a.jsonl.dvc")
    code, said = project.hook("dslint")
    assert code == 1
    assert said.count("Records   6") == 1
    assert "duplicates/exact.count  5, at most 0" in said
    assert "Skipped" in project.hook("dslint-staged")[1]


def test_a_configuration_is_checked(project):
    project.write("pyproject.toml", "[project]\nname = 'x'\n")
    project.git("add", "--all")
    assert project.hook("dslint-config")[0] == 0
    project.write("deep/dslint.toml", "[dataset]\nfiels = 'x'\n")
    project.git("add", "--all")
    code, said = project.hook("dslint-config")
    assert code == 1
    assert "deep/dslint.toml:2" in said
    assert "did you mean 'files'?" in said


def test_a_range_of_commits_is_compared_with_its_first(project):
    project.jsonl("data.jsonl", BAD)
    project.git("add", "--all")
    project.git("commit", "-q", "-m", "one")
    project.jsonl("data.jsonl", BAD, {**BAD, "more": 1})
    project.git("commit", "-q", "-a", "-m", "two")
    code, said = project.hook("--from-ref", "HEAD~1", "--to-ref", "HEAD", "dslint-staged")
    assert code == 1
    assert "data.jsonl:2 error" in said
    assert "data.jsonl:1 error" not in said


def test_prek_runs_them_as_well(project):
    project.jsonl("data.jsonl", GOOD, BAD)
    project.git("add", "--all")
    code, said = project.hook("dslint-staged", runner="prek")
    assert code == 1
    assert "data.jsonl:2 error structure/nothing-to-learn" in said


def test_nothing_is_written_into_the_repository(project):
    project.jsonl("data.jsonl", GOOD)
    project.git("add", "--all")
    assert project.hook()[0] == 0
    assert project.git("status", "--porcelain").splitlines() == [
        "A  .pre-commit-config.yaml",
        "A  data.jsonl",
    ]
