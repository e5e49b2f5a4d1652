"""The workflows of this repository: what can be held without running them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text()) for path in sorted(GITHUB.glob("workflows/*.yml"))
}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SCHEMAS = {
    "vendor.github-workflows": sorted(GITHUB.glob("workflows/*.yml")),
    "vendor.github-issue-forms": sorted(GITHUB.glob("ISSUE_TEMPLATE/[!c]*.yml")),
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
}


def tool(name: str, *args: str, **env: str) -> tuple[int, str]:
    done = subprocess.run(
        [Path(sys.executable).with_name(name), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", **env},
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_for_github_fit_their_schema(schema):
    assert SCHEMAS[schema]
    code, said = tool("check-jsonschema", "--builtin-schema", schema, *map(str, SCHEMAS[schema]))
    assert code == 0, said


def test_the_linter_of_workflows_finds_nothing():
    code, said = tool("zizmor", "--offline", "--no-config", "--persona=auditor", str(GITHUB))
    assert code == 0, said


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_nothing_and_each_job_says_what_it_needs(name):
    assert WORKFLOWS[name]["permissions"] == {}
    assert WORKFLOWS[name]["concurrency"]
    for job in WORKFLOWS[name]["jobs"].values():
        assert job["permissions"]
        assert "uses" in job or job["timeout-minutes"]


def test_only_who_publishes_can_prove_who_it_is_and_a_person_lets_it():
    jobs = [job for workflow in WORKFLOWS.values() for job in workflow["jobs"].values()]
    (publisher,) = (job for job in jobs if "id-token" in job["permissions"])
    assert publisher["environment"]
    assert publisher["permissions"] == {"id-token": "write"}
    assert sum("write" in job["permissions"].values() for job in jobs) == 2  # and GitHub's release


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_and_targets_exist(name):
    for job in WORKFLOWS[name]["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {}).get("include", [])
        made = {each["target"] for each in matrix if "target" in each}
        for step in job.get("steps", []):
            made |= set(re.findall(r"\bmake ([a-z-]+)", step.get("run", "")))
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", f"a/a@{'0' * 40}"))
            for script in re.findall(r"\.ci/\S+", step.get("run", "")):
                assert (ROOT / script).is_file()
        assert made <= TARGETS
    pins = re.findall(r"uses: [^.\s]\S+(.*)", (GITHUB / "workflows" / name).read_text())
    assert all(re.fullmatch(r" # v\d+(\.\d+)+", version) for version in pins)


def test_an_action_has_one_pin():
    text = "".join(
        path.read_text()
        for path in (
            *GITHUB.glob("workflows/*.yml"),
            ROOT / "action.yml",
            ROOT / "docs" / "how-to" / "github-action.md",
        )
    )
    pins = set(re.findall(r"uses: ((?!OWNER)\w\S+)@(\w+)", text))
    assert len({name for name, _ in pins}) == len(pins)


def test_the_targets_are_listed_by_help():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {line.split()[0] for line in done.stdout.splitlines()} == TARGETS


@pytest.mark.heavy
def test_the_hooks_of_this_repository_are_valid():
    code, said = tool("pre-commit", "validate-config", ".pre-commit-config.yaml")
    assert code == 0, said


@pytest.fixture
def release(tmp_path):
    """Hold a tag against a copy of what a release is made of."""
    for name in (".ci/release.py", "dslint/version.py", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "dslint" / "version.py").write_text('__version__ = "1.2.3"\n')

    def held(tag, changelog, repository="dslint"):
        (tmp_path / "CHANGELOG.md").write_text(changelog)
        env = {"GITHUB_SERVER_URL": "https://example.org", "GITHUB_REPOSITORY": repository}
        return tool("python", str(tmp_path / ".ci" / "release.py"), tag, **env)

    return held


CUT = "# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2030-01-02\n\n### Fixed\n\n- It.\n\n## 1.2.2\n\n- Old.\n"


def test_a_release_has_the_notes_of_its_version(release):
    assert release("v1.2.3", CUT) == (0, "### Fixed\n\n- It.\n")


@pytest.mark.parametrize(
    ("tag", "changelog", "repository", "said"),
    [
        ("v1.2.4", CUT, "dslint", "the tag is v1.2.4, but dslint/version.py says 1.2.3\n"),
        (
            "v1.2.3",
            CUT.replace("Unreleased\n", "Unreleased\n\n- New.\n"),
            "dslint",
            "CHANGELOG.md: what is unreleased belongs to 1.2.3\n",
        ),
        ("v1.2.3", CUT.replace("1.2.3", "1.2.1"), "dslint", "CHANGELOG.md says nothing of 1.2.3\n"),
        (
            "v1.2.3",
            CUT,
            "a/b",
            "project.urls: Source is https://example.org/dslint, which is not in https://example.org/a/b\n",
        ),
    ],
)
def test_what_is_not_ready_is_not_released(release, tag, changelog, repository, said):
    assert release(tag, changelog, repository) == (1, said)
