"""Check a tag against its release and print the notes: python .ci/release.py v1.2.3."""

from __future__ import annotations

import os
import re
import runpy
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def notes(tag: str, place: str) -> str:
    """Return what the changelog says of a version; place is where the repository is."""
    version = runpy.run_path(str(ROOT / "dslint" / "version.py"))["__version__"]
    if tag != f"v{version}":
        raise SystemExit(f"the tag is {tag}, but dslint/version.py says {version}")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, url in project["urls"].items():
        if url != place and not url.startswith(f"{place}/"):
            raise SystemExit(f"project.urls: {name} is {url}, which is not in {place}")
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\S+).*\n((?:(?!## ).*\n?)*)", text, re.MULTILINE))
    if sections.get("Unreleased", "").strip():
        raise SystemExit(f"CHANGELOG.md: what is unreleased belongs to {version}")
    if not sections.get(version, "").strip():
        raise SystemExit(f"CHANGELOG.md says nothing of {version}")
    return sections[version].strip()


if __name__ == "__main__":
    print(notes(sys.argv[1], "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}".format(**os.environ)))
