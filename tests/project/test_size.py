"""The size of an installed core, and what it depends on."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("size", ROOT / ".ci" / "size.py")
size = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(size)

STORED = {"dslint-gate": 6.0, "large": 150.0, "small": 1.0}


def test_a_new_dependency_of_the_core_needs_a_decision():
    written = (ROOT / "docs" / "decisions" / "0004-core-dependencies.md").read_text()
    decided = re.findall(r"^\| `([\w-]+)` \|", written, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.match(r"[\w-]+", dependency)[0] for dependency in project["dependencies"]]
    assert names == decided, "docs/decisions/0004-core-dependencies.md says what the core needs"


@pytest.mark.parametrize(
    ("sizes", "whole", "code", "ends"),
    [
        (STORED, 240.0, 0, "with all that it needs 240.0 MiB"),
        (STORED | {"dslint-gate": 8.1}, 240.0, 1, "the wheel is too large"),
        (STORED | {"large": 155.0}, 246.0, 0, "large has grown most, from 150.0 to 155.0 MiB"),
        (STORED | {"new": 6.0}, 246.0, 0, "new has grown most, from 0.0 to 6.0 MiB"),
    ],
)
def test_the_wheel_may_not_grow_and_a_growing_package_is_named(sizes, whole, code, ends):
    returned, said = size.judged(sizes, whole, STORED)
    assert returned == code
    assert said.endswith(ends)
    assert ("warning" in said) == (whole > size.WHOLE)


def test_this_environment_can_be_measured():
    sizes, whole = size.measured()
    assert 0 < sizes["pyarrow"] < whole
