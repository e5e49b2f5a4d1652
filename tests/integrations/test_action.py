"""The action for GitHub, step by step as its runner would take them, with the files and variables of a runner."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from planted import plant, ran

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
PAGE = ROOT / "docs" / "how-to" / "github-action.md"
BLOCK = re.compile(
    r'^```\w+ title="(?P<title>[^"]+)"\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL
)
SCRIPTS = sorted((ROOT / "action").glob("*.sh"))


@dataclass
class Done:
    """What a run of the action left behind."""

    code: int = 0
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class Runner:
    """Takes the steps of the action: evaluates its expressions, and runs its scripts in a bash like that of a runner."""

    def __init__(self, work, tmp_path):
        self.work = work
        self.temp = tmp_path / "runner"
        self.temp.mkdir()
        self.command = tmp_path / "bin" / "dslint"
        self.command.parent.mkdir()
        self.command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dslint "$@"\n')
        self.command.chmod(0o755)

    def __call__(self, inputs=None, github=None, env=None, only=None):
        done = Done()
        scope = {"github": github or {}, "steps": {}, "inputs": {}}
        for name, declared in ACTION["inputs"].items():
            scope["inputs"][name] = {"command": str(self.command), **(inputs or {})}.get(
                name, evaluated(str(declared["default"]), scope)
            )
        for step in ACTION["runs"]["steps"]:
            condition = step.get("if", "")
            if (
                (only and step["name"] != only)
                or (done.code and "cancelled()" not in condition)
                or (condition and not truth(condition, scope))
            ):
                continue
            if "uses" in step:
                done.used.append(
                    (
                        step["uses"],
                        {name: evaluated(value, scope) for name, value in step["with"].items()},
                    )
                )
            else:
                outputs = self.step(step, scope, done, env or {})
                scope["steps"][step.get("id", "")] = {"outputs": outputs}
        done.outputs = {
            name: evaluated(item["value"], scope) for name, item in ACTION["outputs"].items()
        }
        return done

    def step(self, step, scope, done, env) -> dict[str, str]:
        output, summary, script = self.temp / "output", self.temp / "summary", self.temp / "step.sh"
        output.write_text("")
        summary.write_text("")
        script.write_text(step["run"])
        variables = {
            **self.work.env,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.temp),
            **env,
            **{name: evaluated(value, scope) for name, value in step.get("env", {}).items()},
        }
        folder = self.work.root / evaluated(step.get("working-directory", "."), scope)
        call = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)]
        ran = subprocess.run(
            call,
            cwd=folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        done.log += ran.stdout
        done.summary += summary.read_text()
        done.code = done.code or ran.returncode
        return dict(line.split("=", 1) for line in output.read_text().splitlines())


def lookup(path: str, scope: dict[str, Any]) -> str:
    value: Any = scope
    for name in path.split("."):
        value = value.get(name, "") if isinstance(value, dict) else ""
    return value or ""


def evaluated(text: str, scope: dict[str, Any]) -> str:
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda match: lookup(match[1], scope), text)


def truth(condition: str, scope: dict[str, Any]) -> bool:
    def holds(term: str) -> bool:
        if term == "!cancelled()":
            return True
        name, sign, value = re.fullmatch(r"([\w.-]+) (==|!=) '(\w*)'", term).groups()
        return (lookup(name, scope) == value) == (sign == "==")

    return all(map(holds, condition.removeprefix("${{").removesuffix("}}").strip().split(" && ")))


@pytest.fixture
def runner(work, tmp_path):
    return Runner(work, tmp_path)


def chat(answer: str) -> dict[str, Any]:
    return {
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": answer}]
    }


def test_a_clean_dataset_passes(runner, work):
    work.jsonl("data.jsonl", chat("hello"))
    done = runner()
    assert done.code == 0, done.log
    assert done.outputs["exit-code"] == "0"
    assert done.summary.startswith("## dslint: PASS")
    assert json.loads(Path(done.outputs["json"]).read_text())["verdict"] == "pass"
    assert done.outputs["html"] == ""
    assert done.used == []


def test_a_broken_gate_closes_last_with_all_reports_written(runner, work):
    work.jsonl("data.jsonl", chat(" "))
    done = runner({"upload-sarif": "true", "html": "true"})
    assert done.code == 1
    assert done.outputs["exit-code"] == "1"
    assert (
        "::error file=data.jsonl,line=1,title=structure/nothing-to-learn::/messages/1: the answer is blank\n"
        in done.log
    )
    assert done.summary.startswith("## dslint: FAIL")
    ((action, given),) = done.used
    assert action.startswith("github/codeql-action/upload-sarif@")
    assert json.loads(Path(given["sarif_file"]).read_text())["version"] == "2.1.0"
    for kind in ("text", "json", "sarif", "html"):
        assert Path(done.outputs[kind]).stat().st_size > 100


def test_what_cannot_be_checked_is_no_pass(runner, work):
    work.jsonl("data.jsonl", chat("hello"))
    done = runner({"paths": "data.jsonl\nmissing.jsonl"})
    assert done.code == 2
    assert done.outputs["exit-code"] == "2"
    assert "::error file=missing.jsonl,title=dslint%3A unreadable-file::" in done.log


def test_wrong_use_is_no_pass_either(runner, work):
    work.jsonl("data.jsonl", chat("hello"))
    done = runner({"args": "--select\nno/such-rule", "upload-sarif": "true"})
    assert done.code == 2
    assert "unknown rule" in done.log
    assert done.outputs["sarif"] == ""
    assert done.used == []


def test_a_run_that_never_came_to_a_code_is_no_pass(runner):
    assert runner(only="Gate").code == 2


def test_annotations_and_summary_can_be_switched_off(runner, work):
    work.jsonl("data.jsonl", chat(" "))
    done = runner({"annotations": "false", "summary": "false"})
    assert done.code == 1
    assert "::error" not in done.log
    assert done.summary == ""


def test_the_working_directory_and_the_configuration_are_taken(runner, work):
    work.jsonl("sub/data.jsonl", chat(" "))
    work.write("sub/other.toml", "fail-on = 'never'\n")
    assert runner({"working-directory": "sub", "config": "other.toml"}).code == 0


@pytest.mark.parametrize("name", ["paths", "args", "config", "policy-from", "html", "annotations"])
def test_inputs_are_data(runner, work, name):
    work.jsonl("data.jsonl", chat("hello"))
    runner(
        {
            name: "\n".join(
                [
                    "$(touch pwned)",
                    "`touch pwned`",
                    "; touch pwned",
                    "&& touch pwned",
                    "' ; touch pwned ; '",
                    '"; touch pwned; "',
                ]
            )
        }
    )
    assert not [path for path in work.root.rglob("*") if "pwned" in path.name]


def test_nothing_in_a_dataset_is_a_command_to_the_runner(runner, work):
    for name in ("::error::pwned", "##[add-mask]a", "a\n::add-mask::b", "%0A::warning::c"):
        work.jsonl(f"{name}.jsonl", {**chat(" ::stop-commands::x"), name: name, "id": name})
    work.jsonl("blank.jsonl", chat(" "))
    done = runner()
    assert done.code == 1
    token = re.search("::stop-commands::([0-9a-f]{32})\n", done.log)[1]
    seen = [line for line in done.log.splitlines() if re.match(r"\s*::", line) or "##[" in line]
    assert {re.match(r"::(\S+?)[: ]", line)[1] for line in seen} == {
        "error",
        "warning",
        "notice",
        "group",
        "endgroup",
        "stop-commands",
        token,
    }
    assert not [line for line in seen if "pwned" in line.partition(" ")[0]]


def test_installing_takes_this_revision_into_an_environment_of_its_own(runner, work):
    done = runner({"command": "", "extras": "near, pii"}, env=HERE, only="Install dslint")
    assert done.code == 0, done.log
    module = subprocess.run(
        [
            runner.temp / "dslint" / "bin" / "python",
            "-I",
            "-c",
            "import importlib.util as u; print(u.find_spec('dslint').origin)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert module.startswith(str(runner.temp))
    assert (runner.temp / "dslint" / "bin" / "dslint").exists()


HERE = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "false"}
HERE["PYTHONPATH"] = sysconfig.get_path("purelib")
"""What lets pip install without a network: the build backend is that of this environment."""


def imported(*modules: str) -> set[str]:
    """Return the top names of what is imported with some modules."""
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_no_module_of_the_checkout_is_imported_by_any_step(runner, work):
    """Two data files and two jobs: the workers are started by a Python, too."""
    marks = work.root.parent / "marks"
    pip = ("pip._internal.cli.main", "pip._internal.commands.install")
    plant(work.root, marks, more=imported("venv", "ensurepip", *pip, "hatchling.build"))
    for name in "ab":
        work.jsonl(f"{name}.jsonl", chat("hello"))
    core = [entry for entry in sys.path if entry.endswith("site-packages")]
    done = runner({"command": ""}, env=HERE, only="Install dslint")
    assert (done.code, ran(marks)) == (0, set()), done.log
    (packages,) = (runner.temp / "dslint").glob("lib/python*/site-packages")
    added = [f"import site; site.addsitedir({entry!r})\n" for entry in core]
    (packages / "dependencies.pth").write_text("".join(added))  # which PIP_NO_DEPS has left out
    inputs = {"command": "", "args": "--jobs\n2"}
    done = runner(inputs, env={"PYTHONPATH": str(work.root)}, only="Check the dataset")
    assert (done.code, ran(marks)) == (0, set()), done.log
    assert done.outputs["exit-code"] == "0", done.log


def test_a_repository_inside_the_checkout_is_not_obeyed(runner, work):
    """The base revision is looked for in a folder that looks like a bare repository."""
    place = work.root / "data"
    subprocess.run(["git", "init", "--quiet", "--bare", place], check=True)
    mark = work.root.parent / "ran"
    for name, value in (
        ("core.bare", "false"),
        ("core.worktree", str(place)),
        ("remote.origin.url", "ssh://localhost/x"),
        ("core.sshCommand", f"touch {mark};"),
    ):
        subprocess.run(["git", "config", "--file", place / "config", name, value], check=True)
    work.jsonl("data/data.jsonl", chat("hello"))
    done = runner({"policy-from": "0" * 40, "working-directory": "data"})
    assert done.code == 2, done.log
    assert not mark.exists()


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"extras": "pii] evil"}, "extras is no list"),
        ({"plugins": "a\n--index-url=x"}, "takes requirements, no options"),
    ],
)
def test_what_is_no_requirement_is_not_installed(runner, inputs, said):
    done = runner({"command": "", **inputs}, only="Install dslint")
    assert done.code == 2
    assert said in done.log
    assert not (runner.temp / "dslint").exists()


def git(folder, *args):
    return subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *args],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize("depth", [(), ("--depth=1",)], ids=["whole", "shallow"])
def test_the_base_revision_judges_a_pull_request(work, tmp_path, depth):
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch=main")
    (origin / "dslint.toml").write_text('[dataset]\nfiles = ["data.jsonl"]\n')
    (origin / "data.jsonl").write_text(json.dumps(chat("hello")) + "\n")
    git(origin, "add", ".")
    git(origin, "commit", "--quiet", "-m", "base")
    base = git(origin, "rev-parse", "HEAD").strip()
    (origin / "dslint.toml").write_text('fail-on = "never"\n[dataset]\nfiles = ["data.jsonl"]\n')
    (origin / "data.jsonl").write_text(json.dumps(chat(" ")) + "\n")
    git(origin, "commit", "--quiet", "-a", "-m", "switch the gate off")
    shutil.rmtree(work.root)
    git(tmp_path, "clone", "--quiet", *depth, origin.as_uri(), str(work.root))
    runner = Runner(work, tmp_path)
    event = {"event": {"pull_request": {"base": {"sha": base}}}}
    assert runner(github=event).code == 1
    assert runner({"policy-from": "none"}, github=event).code == 0


def test_what_runs_holds_no_expression_and_other_actions_are_pinned():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
    for path in (ROOT / "action.yml", PAGE):
        pins = re.findall(r"uses: (\S+?)@(\S+)( # \S+)?", path.read_text())
        assert pins
        for name, revision, version in pins:
            assert re.fullmatch("[0-9a-f]{40}", revision), name
            assert version, name


def tool(name: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / name, *args],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


def test_the_action_and_the_workflow_fit_their_schemas_and_linters(tmp_path):
    workflow = tmp_path / ".github" / "workflows" / "dataset.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(blocks(PAGE.read_text())[".github/workflows/dataset.yml"])
    for schema, path in (
        ("vendor.github-actions", ROOT / "action.yml"),
        ("vendor.github-workflows", workflow),
    ):
        done = tool("check-jsonschema", "--builtin-schema", schema, str(path))
        assert done.returncode == 0, done.stdout
    done = tool(
        "zizmor",
        "--offline",
        "--no-config",
        "--persona=auditor",
        str(ROOT / "action.yml"),
        str(workflow),
    )
    assert done.returncode == 0, done.stdout
    done = tool("shellcheck", *map(str, SCRIPTS))
    assert done.returncode == 0, done.stdout


def blocks(text: str) -> dict[str, str]:
    return {match["title"]: match["body"] for match in BLOCK.finditer(text)}


def test_the_workflow_of_the_base_runs_nothing_of_the_pull_request():
    pages = {
        title: yaml.safe_load(body)
        for title, body in blocks(PAGE.read_text()).items()
        if title.endswith(".yml")
    }
    usual, base = (
        pages[".github/workflows/dataset.yml"],
        pages[".github/workflows/dataset-of-the-base.yml"],
    )
    assert base[True] == "pull_request_target"  # YAML takes the key `on` for a truth value
    assert base["permissions"] == {}
    (job,) = base["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    checkout, action = job["steps"]
    pins = [step["uses"] for step in usual["jobs"]["gate"]["steps"]]
    assert [checkout["uses"], action["uses"]] == pins[:2]
    assert checkout["with"]["persist-credentials"] is False
    assert checkout["with"]["path"] == action["with"]["working-directory"]
    assert "run" not in checkout | action


def test_the_page_shows_what_a_run_prints(runner, work, pytestconfig):
    text = PAGE.read_text()
    data = [match["body"] for match in BLOCK.finditer(text) if match["title"] == "data/chats.jsonl"]
    work.write("dslint.toml", blocks(text)["dslint.toml"])
    made = text
    for content, title, code in zip(
        data, ("log of the first run", "log of the second run"), (1, 0), strict=True
    ):
        work.write("data/chats.jsonl", content)
        done = runner()
        assert done.code == code
        log = re.sub("[0-9a-f]{32}", "0f...", done.log)
        made = re.sub(
            rf'(title="{title}"\n).*?^```',
            lambda match, log=log: f"{match[1]}{log}```",
            made,
            flags=re.MULTILINE | re.DOTALL,
        )
    rows = [
        ("inputs", "Input | Default | Meaning", "|---|---|---|"),
        ("outputs", "Output | Meaning", "|---|---|"),
    ]
    for kind, head, rule in rows:
        body = "".join(
            f"| {' | '.join(row(name, item))} |\n" for name, item in ACTION[kind].items()
        )
        made = re.sub(
            rf"(\| {re.escape(head)} \|\n{re.escape(rule)}\n)(?:\|.*\n)*",
            lambda match, body=body: match[1] + body,
            made,
        )
    if pytestconfig.getoption("renew_golden"):
        PAGE.write_text(made)
    assert made == PAGE.read_text()


def row(name: str, item: dict[str, Any]) -> list[str]:
    meaning = " ".join(item["description"].split())
    if "value" in item:
        return [f"`{name}`", meaning]
    default = str(item["default"])
    return [
        f"`{name}`",
        "the base revision on pull requests"
        if "${{" in default
        else f"`{default}`"
        if default
        else "",
        meaning,
    ]
