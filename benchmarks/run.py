"""Measure whole processes side by side: CPU seconds (user and system) and peak memory.

`make bench` runs it, prints tables, and writes them to docs/explanation/benchmarks.md. `--full`
goes up to five million rows. Wall time depends more on the load of the machine than on the
program; it is given only where processes work in parallel.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from generate import write
from peers import SCHEMA

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "explanation" / "benchmarks.md"
BIN = Path(sys.executable).parent
REPEATS = 3
TYPES = {"id": "integer", "text": "string", "label": "string"}
FIELDS = {
    "fields": [
        {"name": name, "type": kind, "constraints": {"required": True}}
        for name, kind in TYPES.items()
    ]
}
DSLINT = [
    str(BIN / "dslint"),
    "check",
    "--isolated",
    "--no-progress",
    "-o",
    "json=report.json",
    "-j",
    "1",
]
EQUALITY = [
    "--select",
    "structure/json-schema,duplicates/exact,duplicates/normalized",
    "--option",
    "structure/json-schema.schema=record.schema.json",
]
FRICTIONLESS = [str(BIN / "frictionless"), "validate", "--schema", "fields.json"]


class Cost(NamedTuple):
    """Cost of a run: CPU seconds, wall seconds, and peak memory in MB of the largest process."""

    cpu: float
    wall: float
    memory: float


def measure(command: list[str], folder: Path, repeats: int = REPEATS) -> Cost:
    """Return the median cost of some runs of a command."""
    costs = []
    for _ in range(repeats):
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode > 1:
            raise SystemExit(f"exit code {process.returncode}: {' '.join(command)}")
        costs.append(
            Cost(
                usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1024
            )
        )
    return sorted(costs)[len(costs) // 2]


def recalled(folder: Path, name: str) -> str:
    """Return how many of the planted defects a report lists, and how many others."""
    truth = json.loads((folder / f"{name}.truth.json").read_text())
    with (folder / "report.json").open() as stream:
        findings = [finding for finding in map(_finding, stream) if finding]
    parts = []
    for kind, rule in (("repeats", "duplicates/exact"), ("broken", "dslint/parse-error")):
        lines, planted = {line for found, line in findings if found == rule}, set(truth[kind])
        parts.append(
            f"{kind} {len(lines & planted):,} of {len(planted):,}, {len(lines - planted)} others"
        )
    return "; ".join(parts)


def _finding(line: str) -> tuple[str, int] | None:
    """Read a finding of a JSON report, which has one a line."""
    if not line.startswith('  {"rule":"'):
        return None
    value = json.loads(line.strip().rstrip(",]}") + "}")
    return value["rule"], value["line"]


def table(head: str, rows: Iterable[str]) -> Iterator[str]:
    """Yield a table, row by row."""
    yield from ("", f"| {head} |", "|---" * (head.count("|") + 1) + "|")
    yield from rows
    yield ""


def side_by_side(folder: Path) -> Iterator[str]:
    """Yield the rows of dslint and its peers."""
    write(folder / "ten.jsonl", "short", 10)
    write(folder / "short100k.jsonl", "short", 100_000)
    write(folder / "sound100k.jsonl", "short", 100_000, broken=0)
    write(folder / "document20k.jsonl", "document", 20_000)
    write(folder / "chat18k.jsonl", "chat", 18_000)
    peers = [sys.executable, str(HERE / "peers.py")]
    cases = [
        ("dslint, default rules", "ten", DSLINT),
        ("frictionless, schema", "ten", FRICTIONLESS),
        (
            "dslint: JSON Schema, exact and normalized duplicates, broken lines",
            "short100k",
            [*DSLINT, *EQUALITY],
        ),
        ("dslint, the same", "sound100k", [*DSLINT, *EQUALITY]),
        ("frictionless, schema only (it stops at a broken line)", "sound100k", FRICTIONLESS),
        (
            "pandera, schema and unique texts (it stops at a broken line)",
            "sound100k",
            [*peers, "pandera"],
        ),
        ("great-expectations, the same", "sound100k", [*peers, "great-expectations"]),
        ("datatrove, exact duplicates only", "sound100k", [*peers, "datatrove"]),
        ("floor: orjson, every line decoded", "sound100k", [*peers, "orjson"]),
        ("floor: orjson and fastjsonschema", "sound100k", [*peers, "fastjsonschema"]),
        ("floor: orjson and jsonschema", "sound100k", [*peers, "jsonschema"]),
        (
            "dslint: JSON Schema, exact and normalized duplicates, broken lines",
            "document20k",
            [*DSLINT, *EQUALITY],
        ),
        (
            "dslint: structure, exact and normalized duplicates, conflicting answers",
            "chat18k",
            [*DSLINT, *CORE],
        ),
    ]
    for label, file, command in cases:
        cost = measure([*command, f"{file}.jsonl"], folder)
        found = recalled(folder, file) if label.startswith("dslint") else ""
        yield f"| {label} | {file} | {cost.cpu:.2f} | {cost.memory:.0f} | {found} |"


CORE = [
    "--select",
    "structure,duplicates/exact,duplicates/normalized,duplicates/conflicting-answer",
]


def growth(folder: Path, sizes: Iterable[int]) -> Iterator[str]:
    """Yield how cost grows with the number of rows."""
    first = 0.0
    for rows in sizes:
        name = f"grow{rows}"
        write(folder / f"{name}.jsonl", "short", rows, near=0.01, personal=0.01)
        megabytes = (folder / f"{name}.jsonl").stat().st_size / 1e6
        for memory in ("128MiB", "64MB") if rows <= 800_000 else ("128MiB",):
            cost = measure(
                [*DSLINT, *EQUALITY, "--memory", memory, f"{name}.jsonl"],
                folder,
                3 if rows < 1_000_000 else 1,
            )
            first = first or cost.cpu
            cells = f"{cost.cpu:.2f} | {cost.cpu / first:.1f} | {cost.memory:.0f}"
            found = recalled(folder, name)
            yield f"| {rows:,} ({megabytes:.0f} MB) | {memory} | {cells} | {found} |"


NEAR = ["--select", "duplicates/near"]


def near(folder: Path, sizes: Iterable[int]) -> Iterator[str]:
    """Yield how the cost of near duplicates grows with the rows, in the files of `growth`."""
    first = 0.0
    for rows in sizes:
        cost = measure([*DSLINT, *NEAR, f"grow{rows}.jsonl"], folder, 3 if rows < 1_000_000 else 1)
        first = first or cost.cpu
        yield f"| {rows:,} | {cost.cpu:.1f} | {cost.cpu / first:.1f} | {cost.memory:.0f} |"


def jobs(folder: Path, rows: int) -> Iterator[str]:
    """Yield the speedup of a second process."""
    first = 0.0
    reports = set()
    for number in ("1", "2"):
        cost = measure([*DSLINT[:-1], number, *CORE, f"grow{rows}.jsonl"], folder, 1)
        first = first or cost.wall
        reports.add((folder / "report.json").read_bytes())
        yield (
            f"| {rows:,} | {number} | {cost.wall:.1f} | {first / cost.wall:.2f} | {cost.cpu:.1f} "
            f"| {'yes' if len(reports) == 1 else 'NO'} |"
        )


def page(folder: Path, sizes: list[int]) -> Iterator[str]:
    """Yield the page of results."""
    yield "<!-- Made by benchmarks/run.py. Do not edit. -->"
    yield "# Benchmarks"
    yield ""
    yield "Whole processes on generated, seeded data, start included. CPU is user and system time:"
    yield "the median of three runs; of a million rows and more, of one. `make bench` renews this"
    yield "page; the peers are measured in the same run, because CPU seconds vary with the load of"
    yield "the machine."
    yield ""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "",
    )
    yield (
        f"Machine: {os.cpu_count()} cores, {cpu or platform.machine()}, "
        f"Python {platform.python_version()}."
    )
    names = (
        "frictionless",
        "pandera",
        "great-expectations",
        "datatrove",
        "orjson",
        "jsonschema",
        "fastjsonschema",
    )
    yield f"Peers: {', '.join(f'{name} {metadata.version(name)}' for name in names)}."
    yield ""
    yield "## Side by side"
    yield from table("command | data | CPU s | peak MB | found", side_by_side(folder))
    yield "`short` rows have some 60 characters, `document` rows 1,000, chats 600 in three"
    yield "messages; 3 % of the rows are exact repeats, and one line in 1,000 is broken. The peers"
    yield "get no broken lines, because they stop at them."
    yield ""
    yield "## Growth"
    yield ""
    yield "JSON Schema, exact and normalized duplicates, and broken lines, with one job; `--memory`"
    yield "limits the state of the rules before it spills to disk."
    yield from table("rows | --memory | CPU s | relative | peak MB | found", growth(folder, sizes))
    yield "## Near duplicates"
    yield ""
    yield "`duplicates/near` with default options on the same rows, one job. It concludes from all"
    yield "records at once, so that memory grows with them, by some 300 bytes a row, whatever"
    yield "`--memory` is. Its recall and precision are measured by `benchmarks/near.py`."
    yield from table("rows | CPU s | relative | peak MB", near(folder, sizes))
    yield "## Jobs"
    yield ""
    yield "The rules of `structure`, exact and normalized duplicates, and conflicting answers."
    yield from table(
        "rows | jobs | wall s | speedup | CPU s | same report", jobs(folder, sizes[-1])
    )


def main() -> None:
    """Print the tables, and write them to the page."""
    sizes = [100_000, 200_000, 400_000, 800_000, *([5_000_000] if "--full" in sys.argv else [])]
    lines = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = Path(name)
        (folder / "record.schema.json").write_text(json.dumps(SCHEMA))
        (folder / "fields.json").write_text(json.dumps(FIELDS))
        for line in page(folder, sizes):
            print(line, flush=True)
            lines.append(line)
    PAGE.write_text("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    main()
