"""Modules that lie in a repository to be imported by mistake: each says that it ran, and breaks what runs it."""

from __future__ import annotations

import sys
from pathlib import Path

MARK = """import os
with open(os.path.join({folder!r}, 'ran.txt'), 'a') as stream:
    stream.write(__name__ + '\\n')
raise ImportError('planted')
"""


def plant(
    folder: Path, marks: Path, leave: set[str] = frozenset(), more: set[str] = frozenset()
) -> None:
    """Put a module of each name into a folder that some run of dslint could import from there."""
    marks.mkdir(exist_ok=True)
    wanted = {
        *sys.stdlib_module_names,
        "numpy",
        "pandas",
        "pyarrow",
        "sklearn",
        "cffi",
        "fsspec",
        "simplejson",
        "colorama",
        "rich",
        "shellingham",
    }
    wanted |= {
        "msgspec",
        "typer",
        "click",
        "pluggy",
        "xxhash",
        "ftfy",
        "jsonschema",
        "jsonschema_rs",
        "zstandard",
        "voyager",
        "spacy",
    }
    wanted |= {
        "sitecustomize",
        "usercustomize",
        "dslint",
        "dslint_packs",
        "presidio_analyzer",
        "setuptools",
        "pip",
        "re2",
    }
    for name in sorted((wanted | more) - leave):
        package = name in ("multiprocessing", "importlib", "json")
        place = folder / name / "__init__.py" if package else folder / f"{name}.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text(MARK.format(folder=str(marks)))


def ran(marks: Path) -> set[str]:
    log = marks / "ran.txt"
    return set(log.read_text().split()) if log.exists() else set()
