"""Try an installed dslint from an empty folder, isolated: python -I .ci/smoke.py."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
import tempfile
from importlib import metadata
from pathlib import Path

CHAT = {"role": "user", "content": "Hi"}
FILES = {
    "good.jsonl": [CHAT, {"role": "assistant", "content": "Hello."}],
    "bad.jsonl": [CHAT, {"role": "assistant", "content": " "}],
}
RUNS = (
    (0, "--version"),
    (0, "plugins"),
    (0, "rules"),
    (0, "check", "good.jsonl", "-o", "text", "-o", "report.html", "-o", "report.sarif"),
    (1, "check", "bad.jsonl", "-j", "2"),
)


def main() -> None:
    """Run dslint as its users do, and stop at the first answer that is wrong."""
    dslint = shutil.which("dslint", path=sysconfig.get_path("scripts"))
    assert dslint, "the distribution brings no command"
    packs = {point.name for point in metadata.entry_points(group="dslint.plugins")}
    with tempfile.TemporaryDirectory() as folder:
        for name, messages in FILES.items():
            Path(folder, name).write_text(
                json.dumps({"messages": messages}) + "\n", encoding="utf-8"
            )
        said = {}
        for expected, *words in RUNS:
            done = subprocess.run(
                [dslint, *words], cwd=folder, capture_output=True, encoding="utf-8", check=False
            )
            print(f"dslint {' '.join(words)}: exit code {done.returncode}")
            assert done.returncode == expected, done.stdout + done.stderr
            said[words[0]] = done.stdout
        assert metadata.version("dslint-gate") in said["--version"], said["--version"]
        missing = sorted(pack for pack in packs if f"{pack}/" not in said["rules"])
        assert not missing, f"no rules of {missing}"
        assert Path(folder, "report.html").stat().st_size


if __name__ == "__main__":
    main()
