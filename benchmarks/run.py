"""Measure whole processes, side by side in one run: CPU seconds (user and system, start included) and peak memory.

`make bench` runs it and prints a table. Wall time is not shown: it says more of the machine's load than of the program.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from generate import write

BIN = Path(sys.executable).parent
REPEATS = 3
SCHEMA = {
    "type": "object",
    "required": ["id", "text", "label"],
    "properties": {"id": {"type": "integer"}, "text": {"type": "string", "minLength": 1}, "label": {"type": "string"}},
}
TYPES = {"id": "integer", "text": "string", "label": "string"}
FIELDS = {"fields": [{"name": name, "type": kind, "constraints": {"required": True}} for name, kind in TYPES.items()]}
SAMENESS = ["--select", "structure/json-schema,duplicates/exact,duplicates/normalized", "--option", "structure/json-schema.schema=record.schema.json"]


def measure(command: list[str], folder: Path) -> tuple[float, float]:
    """Return the median CPU seconds of some runs of a command, and its peak memory in MB."""
    seconds, memory = [], 0.0
    for _ in range(REPEATS):
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        seconds.append(usage.ru_utime + usage.ru_stime)
        memory = max(memory, usage.ru_maxrss / 1024)
    return sorted(seconds)[len(seconds) // 2], memory


def recalled(folder: Path, name: str) -> str:
    """Return how many of the defects that were put in a report lists, with how many others."""
    truth = json.loads((folder / f"{name}.truth.json").read_text())
    findings = json.loads((folder / "report.json").read_text())["findings"]
    lines = {rule: {f["line"] for f in findings if f["rule"] == rule} for rule in ("duplicates/exact", "dslint/parse-error")}
    repeats, broken = set(truth["repeats"]), set(truth["broken"])
    return (
        f"repeats {len(lines['duplicates/exact'] & repeats)}/{len(repeats)} (+{len(lines['duplicates/exact'] - repeats)}), "
        f"broken {len(lines['dslint/parse-error'] & broken)}/{len(broken)} (+{len(lines['dslint/parse-error'] - broken)})"
    )


def main() -> None:
    """Print the table."""
    dslint = [str(BIN / "dslint"), "check", "--isolated", "-o", "json=report.json", "-j", "1"]
    frictionless = [str(BIN / "frictionless"), "validate", "--schema", "fields.json"]
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores; median of {REPEATS} runs, whole processes, one job\n")
    print("| what | data | CPU s | peak MB | found |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "record.schema.json").write_text(json.dumps(SCHEMA))
        (folder / "fields.json").write_text(json.dumps(FIELDS))
        for file, kind, rows in (("ten", "short", 10), ("short100k", "short", 100_000), ("short800k", "short", 800_000), ("chat18k", "chat", 18_000)):
            write(folder / f"{file}.jsonl", kind, rows)
        write(folder / "sound100k.jsonl", "short", 100_000, broken=0)
        cases = [
            ("dslint --version", "", [str(BIN / "dslint"), "--version"]),
            ("dslint, default rules", "ten", dslint),
            ("frictionless validate", "ten", frictionless),
            ("dslint, JSON Schema, exact and normalized duplicates", "short100k", [*dslint, *SAMENESS]),
            ("dslint, the same", "sound100k", [*dslint, *SAMENESS]),
            ("frictionless validate (schema alone; it stops at the first broken line)", "sound100k", frictionless),
            ("dslint, default rules", "short100k", dslint),
            ("dslint, JSON Schema, exact and normalized duplicates", "short800k", [*dslint, *SAMENESS]),
            ("dslint, default rules", "chat18k", dslint),
        ]
        for label, file, command in cases:
            seconds, memory = measure([*command, f"{file}.jsonl"] if file else command, folder)
            found = recalled(folder, file) if file and command[0].endswith("dslint") else ""
            print(f"| {label} | {file} | {seconds:.2f} | {memory:.0f} | {found} |", flush=True)


if __name__ == "__main__":
    main()
