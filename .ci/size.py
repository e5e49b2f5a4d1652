"""Hold an installed dslint to its size, and warn where its environment grows too large.

`python -I .ci/size.py`, with the Python of an environment that has the core and nothing else. Fails
if dslint itself takes more than 8 MiB. The whole may take 245 MiB, since the free tier of
pre-commit.ci ends at 250: beyond that a warning names what has grown most since `sizes.json` was
written, which `--renew` does.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import metadata
from pathlib import Path

MIB = 1024 * 1024
OWN, WHOLE = 8, 245
NAME = "dslint-gate"
STORE = Path(__file__).with_name("sizes.json")


def on_disk(path: Path) -> int:
    """Return the bytes that a file takes on the disk; 0 if it is not there."""
    return path.stat().st_blocks * 512 if path.is_file() and not path.is_symlink() else 0


def measured() -> tuple[dict[str, float], float]:
    """Return the MiB of each installed distribution, and of the environment."""
    sizes = {
        package.name: sum(on_disk(Path(str(package.locate_file(file)))) for file in package.files)
        for package in metadata.distributions()
        if package.files
    }
    whole = sum(map(on_disk, Path(sys.prefix).rglob("*")))
    return {name: round(sizes[name] / MIB, 1) for name in sorted(sizes)}, round(whole / MIB, 1)


def judged(sizes: dict[str, float], whole: float, stored: dict[str, float]) -> tuple[int, str]:
    """Return an exit code and what to print."""
    said = f"{NAME} {sizes[NAME]} MiB (at most {OWN}), with all that it needs {whole} MiB"
    if sizes[NAME] > OWN:
        return 1, f"{said}: the wheel is too large"
    if whole <= WHOLE:
        return 0, said
    grown = {name: size - stored.get(name, 0.0) for name, size in sizes.items()}
    most = max(grown, key=lambda name: grown[name])
    return 0, (
        f"{said}\n{'::warning::' if 'GITHUB_ACTIONS' in os.environ else 'warning: '}"
        f"the environment takes more than {WHOLE} MiB; {most} has grown most, "
        f"from {stored.get(most, 0.0)} to {sizes[most]} MiB"
    )


if __name__ == "__main__":
    sizes, whole = measured()
    if "--renew" in sys.argv:
        STORE.write_text(json.dumps(sizes, indent=2) + "\n")
    code, said = judged(sizes, whole, json.loads(STORE.read_text()))
    print(said)
    sys.exit(code)
