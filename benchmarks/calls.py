"""Count the function calls that `dslint check` makes for a record: a measure that no load changes.

`python benchmarks/calls.py RUN FOLDER` writes seeded data into an empty folder, checks it with the
default rules in this process, and prints JSON: `calls` a record, and what was called most. With no
arguments it lists the runs. Only functions of dslint and its packs count. A small file is checked
before, so that imports and what is kept for all records are not counted; hence `calls` is what a
record costs, and its share of what each run does once.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import Counter
from cProfile import Profile
from pathlib import Path
from pkgutil import iter_modules

from generate import write

import dslint
import dslint_packs
from dslint.cli import main

RUNS = {
    "texts": "text",
    "labelled texts": "short",
    "chats": "chat",
    "preference pairs": "preference",
    "a CSV table": "short",
}
"""The kind of generated rows by the name of a run."""
RECORDS = 3000
HOMES = tuple(f"{home}{os.sep}" for home in (*dslint.__path__, *dslint_packs.__path__))
INLINED = {"<listcomp>", "<setcomp>", "<dictcomp>"}
"""From Python 3.12 on these are calls no more."""


def data(run: str, folder: Path, name: str, records: int, seed: int) -> str:
    """Write the data of a run and return the name of its file."""
    path = folder / f"{name}.jsonl"
    table = "CSV" in run
    broken = 0.0 if table else 0.001
    write(path, RUNS[run], records, personal=0.01, broken=broken, seed=seed)
    path.with_suffix(".truth.json").unlink()
    if not table:
        return path.name
    with path.open() as lines, path.with_suffix(".csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "text", "label"])
        writer.writeheader()
        writer.writerows(map(json.loads, lines))
    return f"{name}.csv"


def check(name: str) -> None:
    """Do what `dslint check` does, with nothing left to the machine or to other plugins."""
    packs = ",".join(sorted(pack.name for pack in iter_modules(dslint_packs.__path__)))
    fixed = ["--isolated", "-j", "1", "--memory", "128MiB", "--shard-size", "8MiB"]
    sys.argv = ["dslint", "check", name, *fixed, "--select", packs, "-o", "json=report.json"]
    try:
        main()
    except SystemExit as end:
        if end.code == 2:
            raise


def calls(name: str) -> Counter[str]:
    """Return how often each function of dslint and its packs is called while a file is checked."""
    profile = Profile(builtins=False)
    profile.enable()
    check(name)
    profile.disable()
    counted: Counter[str] = Counter()
    for entry in profile.getstats():
        code = entry.code
        if isinstance(code, str) or code.co_name in INLINED:
            continue
        if code.co_filename.startswith(HOMES):
            module = Path(code.co_filename).with_suffix("").parts[-2:]
            counted[".".join((*module, code.co_qualname))] += entry.callcount
    return counted


def count(run: str, folder: Path) -> None:
    """Print the calls of a run."""
    (folder / ".git").mkdir()  # no configuration above it counts
    os.chdir(folder)
    check(data(run, folder, "first", 200, seed=2))
    counted = calls(data(run, folder, "data", RECORDS, seed=1))
    most = {name: round(number / RECORDS, 2) for name, number in counted.most_common(12)}
    print(json.dumps({"calls": round(counted.total() / RECORDS, 2), "most": most}))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print("\n".join(RUNS))
    else:
        count(sys.argv[1], Path(sys.argv[2]))
