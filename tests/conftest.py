"""What all tests share: a workspace, dslint as a command, dslint in this process, and plugins made on the fly.

Golden files are renewed with `pytest tests/reporters/test_golden.py --renew-golden`; read the difference before committing it. What a record costs is
renewed with `pytest tests/core/run/test_speed.py -n0 --renew-speed REASON`.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import textwrap
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dslint.model import ExitCode, Finding, Input, InputResult, Location, Report, Severity
from dslint.reporters import BUILT_IN, Style

CHAT = (
    '{"messages":[{"role":"user","content":"hi %s"},{"role":"assistant","content":"hello %s"}]}\n'
)
OUTSIDE = (
    "DSLINT_",
    "CI",
    "GITHUB_",
    "GIT_",
    "PRE_COMMIT",
    "PREK_",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "MAKE",
    "MFLAGS",
    "VENV",
    "VIRTUAL_ENV",
)
"""Variables that change what dslint, or what a test runs beside it, does and prints: CI, make and git hooks set some of them."""

for _name in [name for name in os.environ if name.startswith(OUTSIDE)]:
    del os.environ[_name]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-golden",
        action="store_true",
        help="write the golden files anew instead of comparing with them",
    )
    parser.addoption(
        "--renew-speed",
        metavar="REASON",
        help="store the function calls a record that have changed, and why they have",
    )


@dataclass(frozen=True)
class Result:
    """What a run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        return json.loads(self.out)

    def findings(self, rule: str) -> list[dict[str, Any]]:
        return [finding for finding in self.report["findings"] if finding["rule"] == rule]


class Workspace:
    """An empty project folder, and dslint run in it. The folder is the root of a repository, so that no configuration above it counts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = dict(os.environ)
        self.plugins = root.parent / f"{root.name}-plugins"

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def jsonl(self, name: str, *values: Any) -> Path:
        return self.write(name, "".join(json.dumps(value) + "\n" for value in values))

    def chat(self, name: str = "data.jsonl", rows: int = 3) -> Path:
        return self.write(name, "".join(CHAT % (n, n) for n in range(rows)))

    def command(self, *args: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        return {
            "args": [sys.executable, "-m", "dslint", *args],
            "cwd": self.root,
            "env": {**self.env, **(env or {})},
        }

    def run(self, *args: str, env: Mapping[str, str] | None = None) -> Result:
        """Run the command as a process of its own."""
        done = subprocess.run(
            **self.command(*args, env=env),
            capture_output=True,
            check=False,
            timeout=300,
            stdin=subprocess.DEVNULL,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def check(self, *args: str, env: Mapping[str, str] | None = None) -> Result:
        """Run `dslint check -o json` as a process of its own."""
        return self.run("check", "-o", "json", *args, env=env)

    def plugin(
        self, name: str, source: str, *, namespace: str | None = None, version: str = "1.0"
    ) -> None:
        """Install a plugin distribution: a module, its metadata and its entry point, on the path of later runs."""
        module = name.replace("-", "_")
        info = self.plugins / f"{module}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(
            f"[dslint.plugins]\n{namespace or name} = {module}\n"
        )
        (self.plugins / f"{module}.py").write_text(textwrap.dedent(source))
        self.env["PYTHONPATH"] = str(self.plugins)


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    return Workspace(root)


@pytest.fixture
def git(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make the project a Git repository, and run Git in it. `git("commit")` commits all that there is."""
    for name, value in (
        ("GIT_CONFIG_GLOBAL", os.devnull),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("HOME", str(work.root.parent)),
    ):
        monkeypatch.setenv(name, value)
        work.env[name] = value

    def run(*words: str) -> str:
        if words == ("commit",):
            run("add", "--all")
            words = ("commit", "--quiet", "--allow-empty", "--message", "a change")
        return subprocess.run(
            ["git", *words], cwd=work.root, check=True, capture_output=True, text=True
        ).stdout

    (work.root / ".git").rmdir()
    run("init", "--quiet", "--initial-branch", "main")
    run("config", "user.name", "nobody")
    run("config", "user.email", "nobody@example.org")
    return run


@pytest.fixture
def call(
    work: Workspace, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Result]]:
    """Run the command in this process: the same entry point and exit code, without the cost of a start."""
    from dslint.cli import main

    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.chdir(work.root)

    def run(*args: str) -> Result:
        if work.plugins.exists() and str(work.plugins) not in sys.path:
            monkeypatch.syspath_prepend(work.plugins)
        monkeypatch.setattr(sys, "argv", ["dslint", *args])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        gc.unfreeze()
        out, err = capfd.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    yield run
    for path in work.plugins.glob("*.py"):
        sys.modules.pop(path.stem, None)


class Reports:
    """Reports and findings made up, for tests of reporters."""

    @staticmethod
    def finding(row: int = 0, rule: str = "structure/role-order", **changes: Any) -> Finding:
        at = Location("data.jsonl", row, row + 1)
        fields = {
            "at": at,
            "severity": Severity.WARNING,
            "message": "out of order",
            "dataset": "d",
            "fingerprint": f"{zlib.crc32(f'{rule}{row}'.encode()):032x}",
        }
        return Finding(rule=rule, **{**fields, **changes})

    @staticmethod
    def report(findings: Sequence[Finding] = (), **changes: Any) -> Report:
        item = Input(
            index=0, path="data.jsonl", dataset="d", format="jsonl", shape="chat", split="train"
        )
        active = [finding for finding in findings if finding.suppressed is None]
        counts = {
            str(severity): sum(finding.severity == severity for finding in active)
            for severity in Severity
        }
        fields = {
            "version": "1.0.0",
            "verdict": "pass",
            "exit_code": ExitCode.PASS,
            "problems": (),
            "inputs": (InputResult(input=item, records=5, unreadable=0, misfits=0),),
            "rules": (),
            "measures": {},
            "limits": (),
            "counts": {"records": 5, **counts, "suppressed": len(findings) - len(active)},
            "findings": findings,
            "by_rule": dict(
                sorted(
                    Counter((finding.severity, finding.rule) for finding in active).items(),
                    key=lambda item: (-item[0][0], item[0][1]),
                )
            ),
        }
        return Report(**{**fields, **changes})

    @staticmethod
    def text(name: str, report: Report, style: Style | None = None) -> str:
        return "".join(BUILT_IN[name](report, style or Style()))


@pytest.fixture
def reports() -> type[Reports]:
    return Reports


def refused(result: Result, *parts: str) -> None:
    """Hold a run to the contract of wrong usage: exit code 2, an empty standard output, a message, no traceback."""
    assert result.code == 2, result
    assert result.out == ""
    assert "Traceback" not in result.err
    assert "internal error" not in result.err
    for part in parts:
        assert part in result.err, result.err


@pytest.fixture(name="refused")
def _refused() -> Callable[..., None]:
    return refused
