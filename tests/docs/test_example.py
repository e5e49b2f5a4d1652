"""The example has exactly the defects that its README lists."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "support-chat"
DEFECT = re.compile(
    r"^\| `(?P<rule>[a-z-]+/[a-z-]+)` \| (?P<path>\S+) \| (?P<line>\d+) \|", re.MULTILINE
)


def check(folder: Path, *flags: str) -> tuple[int, dict]:
    done = subprocess.run(
        [sys.executable, "-m", "dslint", "check", "--output", "json", *flags],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "support-chat"))


def places(report: dict, *, suppressed: bool) -> list[tuple[str, str, int]]:
    return sorted(
        (f["rule"], f["path"], f["line"])
        for f in report["findings"]
        if (f["suppressed"] is not None) == suppressed
    )


def test_finds_the_documented_defects_and_no_others(copy: Path) -> None:
    documented = sorted(
        (m["rule"], m["path"], int(m["line"]))
        for m in DEFECT.finditer((EXAMPLE / "README.md").read_text())
    )
    code, report = check(copy)
    assert code == 1
    assert report["verdict"] == "fail"
    assert report["problems"] == []
    assert places(report, suppressed=False) == documented
    assert places(report, suppressed=True) == [
        ("structure/unfilled-template", "data/train.jsonl", 46)
    ]


def test_each_file_of_the_example_counts(copy: Path) -> None:
    _, report = check(copy)
    assert [(item["path"], item["split"], item["records"]) for item in report["inputs"]] == [
        ("data/test.jsonl", "test", 19),
        ("data/train.jsonl", "train", 59),
    ]


def test_a_limit_passes_and_a_limit_fails(copy: Path) -> None:
    _, report = check(copy)
    configured = {
        limit["measure"]: limit["passed"] for limit in report["limits"] if limit["from"] == "config"
    }
    assert configured == {
        "duplicates/exact.rate": False,
        "duplicates/normalized.count": True,
        "structure/unfilled-template.count": False,
    }


def test_the_profile_for_commits_leaves_duplicates_out(copy: Path) -> None:
    code, report = check(copy, "--profile", "commit")
    assert code == 1
    assert {rule.partition("/")[0] for rule in Counter(f["rule"] for f in report["findings"])} == {
        "dslint",
        "structure",
    }


def test_the_example_names_only_reserved_addresses_and_numbers() -> None:
    text = "".join(path.read_text() for path in sorted(EXAMPLE.glob("data/*.jsonl")))
    assert set(re.findall(r"@([\w.]+\w)", text)) == {"example.com"}
    assert re.findall(r"\+1 \d{3}-(\d{3}-\d{2})\d\d", text) == ["555-01", "555-01"]


def test_the_core_alone_is_enough_for_the_example_and_the_readme(
    tmp_path: Path, copy: Path
) -> None:
    """What a newcomer tries first runs with what the README installs: without numpy, which no rule of theirs may need in silence."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['numpy'] = None\n")
    readme = (EXAMPLE.parent.parent / "README.md").read_text(encoding="utf-8")
    config = readme.split('```toml title="dslint.toml"\n')[1].split("```")[0]
    for text in ((copy / "dslint.toml").read_text(encoding="utf-8"), config):
        (copy / "dslint.toml").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "dslint", "check", "--output", "json"],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        assert json.loads(done.stdout)["problems"] == []
