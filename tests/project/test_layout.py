"""What the source tree promises."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*ROOT.glob("dslint/**/*.py"), *ROOT.glob("plugins/**/*.py")])


def test_modules_are_found():
    assert len(MODULES) > 40


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_is_longer_than_500_lines(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 500


def test_plugins_and_tests_are_no_packages():
    assert not (ROOT / "plugins" / "__init__.py").exists()
    assert not list((ROOT / "tests").glob("**/__init__.py"))


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The sources, to plant an import in."""
    top = tmp_path_factory.mktemp("house")
    for folder in ("dslint", "plugins/dslint_packs", "plugins/dslint-example/src"):
        shutil.copytree(
            ROOT / folder,
            top / folder,
            ignore=shutil.ignore_patterns("__pycache__", "*.csv", "*.txt"),
        )
    shutil.copyfile(ROOT / "pyproject.toml", top / "pyproject.toml")
    return top


PLANTED = {
    "a pack that imports what is not public": (
        "plugins/dslint_packs/text/planted.py",
        "import dslint.gate.limits",
        "Plugins see dslint.plugin only",
    ),
    "a pack that imports another one": (
        "plugins/dslint_packs/text/planted.py",
        "import dslint_packs.bias",
        "Packs do not know each other",
    ),
    "a room that imports from above": (
        "dslint/storage/planted.py",
        "import dslint.config",
        "Rooms of the core",
    ),
    "a module without a room": ("dslint/planted.py", "", "Rooms of the core"),
    "the core that imports a pack": (
        "dslint/engine/planted.py",
        "import dslint_packs.text",
        "The core never imports a plugin",
    ),
}


@pytest.mark.parametrize(("path", "text", "contract"), PLANTED.values(), ids=PLANTED)
def test_an_import_that_breaks_the_house_is_refused(copied, path, text, contract):
    place = copied / path
    place.write_text(f'"""Planted."""\n\n{text}\n')
    paths = [copied, copied / "plugins", copied / "plugins" / "dslint-example" / "src"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "COLUMNS": "200"}
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    try:
        done = subprocess.run(
            command, cwd=copied, env=env, capture_output=True, text=True, check=False
        )
    finally:
        place.unlink()
    assert done.returncode != 0
    assert (
        f"{contract} BROKEN" in done.stdout
        or ("exhaustive" in done.stdout and contract == "Rooms of the core")
        or "planted" in done.stdout
    ), done.stdout
