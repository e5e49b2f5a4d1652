"""The recipes for CI systems, as far as a machine without these systems can try them: their schemas hold, and their commands do what they are for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from planted import plant, ran

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "ci-systems.md"
BLOCKS = dict(
    re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', PAGE.read_text(), re.MULTILINE | re.DOTALL)
)
GITLAB = yaml.safe_load(BLOCKS[".gitlab-ci.yml"])["dataset"]
AZURE = yaml.safe_load(BLOCKS["azure-pipelines.yml"])


@pytest.fixture
def shell(work, tmp_path):
    """Return a function that runs commands where `dslint` is this dslint, and `python` this Python, whose pip has nothing to install."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "dslint").write_text(
        f'#!/bin/sh\nexec "{Path(sys.executable).parent / "dslint"}" "$@"\n'
    )
    (tools / "python").write_text(
        f'#!/bin/sh\n[ "$2 $3 $4" = "-m pip install" ] && exec "{sys.executable}" "$1" -m pip --version\n'
    )
    for tool in tools.iterdir():
        tool.chmod(0o755)

    def run(*lines):
        env = {**work.env, "CI": "true", "PATH": f"{tools}:{work.env['PATH']}"}
        return subprocess.run(
            ["sh", "-e", "-c", "\n".join(lines)],
            cwd=work.root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


COMMANDS = {
    "gitlab": ([*GITLAB["script"]], ["gl-code-quality-report.json", "dslint.xml"]),
    "azure": (
        [step["script"] for step in AZURE["steps"] if "dslint" in step.get("script", "")][:2],
        ["dslint.md", "dslint.xml"],
    ),
    "jenkins": (
        ["dslint " + re.findall(r"/bin/dslint\" (check .*)'", BLOCKS["Jenkinsfile"])[0]],
        ["dslint.xml", "dslint.sarif"],
    ),
    "reviewdog": ([BLOCKS["review.sh"]], ["dslint.rdjson"]),
    "make": (["make --no-print-directory train"], ["build/dslint.html"]),
}


@pytest.mark.parametrize("system", COMMANDS)
@pytest.mark.parametrize(("answer", "passes"), [("hello", True), (" ", False)])
def test_a_recipe_gates_and_leaves_its_reports(work, shell, system, answer, passes):
    work.jsonl(
        "data.jsonl",
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": answer}]},
    )
    work.write("Makefile", BLOCKS["Makefile"])
    plant(work.root, work.root.parent / "marks")
    lines, reports = COMMANDS[system]
    done = shell(*lines)
    assert (done.returncode == 0) == passes, done
    assert ran(work.root.parent / "marks") == set()
    for name in reports:
        assert (work.root / name).stat().st_size > 2
    if system == "make":
        assert ("training" in done.stdout.splitlines()) == passes


def test_no_recipe_starts_a_python_that_looks_into_the_checkout():
    started = re.findall(r"python3?\"? (-\S+)", "".join(BLOCKS.values()))
    assert len(started) == 4
    assert set(started) == {"-I"}
    assert ".dslint" not in BLOCKS["Jenkinsfile"]


def test_what_a_recipe_publishes_is_what_it_writes():
    written = set(re.findall(r"-o \w+=(\S+?)['\s]", PAGE.read_text()))
    published = {*GITLAB["artifacts"]["reports"].values()}
    published |= {
        step["inputs"]["testResultsFiles"]
        for step in AZURE["steps"]
        if "testResultsFiles" in step.get("inputs", {})
    }
    published |= set(re.findall(r"(?:junit|artifacts:) '([^']+)'", BLOCKS["Jenkinsfile"]))
    assert published <= written
    assert len(published) == 3


@pytest.mark.parametrize(
    ("schema", "name", "more"),
    [
        ("gitlab-ci", ".gitlab-ci.yml", ["--data-transform=gitlab-ci"]),
        (
            "azure-pipelines",
            "azure-pipelines.yml",
            ["--data-transform=azure-pipelines", "--regex-variant=nonunicode"],
        ),
    ],
)
def test_the_files_fit_the_schemas_of_their_systems(tmp_path, schema, name, more):
    path = tmp_path / name
    path.write_text(BLOCKS[name])
    tool = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [tool, "--builtin-schema", f"vendor.{schema}", *more, path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_pipeline_of_jenkins_is_balanced():
    text = BLOCKS["Jenkinsfile"]
    assert text.count("{") == text.count("}")
    assert text.startswith("pipeline {")
