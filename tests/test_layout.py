"""What the source tree promises."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*ROOT.glob("dslint/**/*.py"), *ROOT.glob("plugins/**/*.py")])


def test_modules_are_found():
    assert len(MODULES) > 40


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_is_longer_than_400_lines(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 400


def test_plugins_and_tests_are_no_packages():
    assert not (ROOT / "plugins" / "__init__.py").exists()
    assert not list((ROOT / "tests").glob("**/__init__.py"))
