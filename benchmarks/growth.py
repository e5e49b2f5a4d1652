"""Measure how the time of each rule, or of a run, grows with the length of a text.

Prints a Markdown table.

`python benchmarks/growth.py [--rule ID] [--shape NAME] [--limit SECONDS] [SIZE ...]`: every rule,
opt-in ones too, with every hostile shape of `dslint.testing.hostile`, in the records of the rule's
manual page. CPU seconds for texts of each size (by default 20,000 and 40,000 characters), and the
ratio of the last two; the slowest come first.

`python benchmarks/growth.py --run [--dslint PATH] [--chat] ...`: `dslint check` with its default
rules on a file of one line, whose record has one text of that size, or with `--chat` two turns of
half of it. `--dslint` names another installation to compare with. Seconds are those of the child
process, start included; memory is its peak, for the last size.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dslint import testing
from dslint.rules.base import CoreRule, Rule, examples
from dslint.run import api
from dslint.testing.harness import with_options
from dslint.testing.hostile import HOSTILE, SHAPES, hostile


class _TimeoutError(BaseException):
    """The time limit was reached."""


def _stop(*_: object) -> None:
    raise _TimeoutError


def seconds(rule: Rule, shape: str, size: int, limit: float) -> float:
    """Return the CPU seconds that a rule takes for a shape, at most the limit."""
    records, splits = hostile(type(rule), shape, size)
    columns = {"split": "split"} if "split" in rule.needs_columns else None
    signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    start = time.process_time()
    try:
        testing.run(rule, records, splits=splits, columns=columns)
    except _TimeoutError:
        return limit
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return time.process_time() - start


def measure_run(
    command: str, shape: str, size: int, limit: float, *, chat: bool
) -> tuple[float, float, str]:
    """Return the CPU seconds of a run on one line, its megabytes, and the number of findings."""
    unit = HOSTILE[shape]
    text = (unit * (size // len(unit) + 1))[:size]
    turns = [{"role": role, "content": text[: size // 2]} for role in ("user", "assistant")]
    with tempfile.TemporaryDirectory() as folder:
        line = json.dumps({"messages": turns} if chat else {"text": text}, ensure_ascii=False)
        Path(folder, "data.jsonl").write_text(line + "\n", encoding="utf-8")
        options = ["--isolated", "-j", "1", "--no-progress", "-o", "json=report.json"]
        child = subprocess.Popen(
            [command, "check", "data.jsonl", *options],
            cwd=folder,
            env={name: value for name, value in os.environ.items() if name != "CI"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 1))
        _, _, used = os.wait4(child.pid, 0)
        report = Path(folder, "report.json")
        listed = f"{len(json.loads(report.read_bytes())['findings']):,}" if report.exists() else "-"
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, listed


def runs(given: argparse.Namespace) -> None:
    """Print the table of whole runs."""
    print(f"| shape | {' | '.join(f'{size:,}' for size in given.sizes)} | MB | findings |")
    print(f"|---|{'---|' * len(given.sizes)}---|---|")
    for shape in given.shape or HOSTILE:
        cells: list[str] = []
        memory, listed = 0.0, "-"
        for size in given.sizes:
            exceeded = bool(cells) and cells[-1].startswith(">")
            if not exceeded:
                seconds, memory, listed = measure_run(
                    given.dslint, shape, size, given.limit, chat=given.chat
                )
            exceeded = exceeded or seconds >= given.limit
            cells.append(f"> {given.limit:.0f}" if exceeded else f"{seconds:.2f}")
        print(f"| {shape} | {' | '.join(cells)} | {memory:.0f} | {listed} |", flush=True)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[20_000, 40_000])
    parser.add_argument("--rule", action="append", default=[])
    parser.add_argument("--shape", action="append", default=[])
    parser.add_argument("--limit", type=float, default=10.0)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--chat", action="store_true")
    parser.add_argument("--dslint", default=str(Path(sys.executable).parent / "dslint"))
    given = parser.parse_args()
    if given.run:
        runs(given)
        return
    found: list[tuple[float, float, str]] = []
    for name, known in api.environment().known.items():
        if issubclass(known.rule, CoreRule) or (given.rule and name not in given.rule):
            continue
        rule: Any = with_options(
            known.rule, next(example.options for example in examples(known.rule) if example.flags)
        )
        seconds(rule, "sentences", 100, given.limit)  # loads what the rule needs
        worst = 0.0
        for shape in given.shape or SHAPES:
            times: list[float] = []
            for size in given.sizes:
                if not times or times[-1] < given.limit:
                    times.append(seconds(rule, shape, size, given.limit))
            worst = max(worst, times[-1])
            ratio = times[-1] / max(times[-2], 1e-3) if len(times) > 1 else float("inf")
            cells = [f"> {one:.0f}" if one >= given.limit else f"{one:.3f}" for one in times] + [
                ""
            ] * (len(given.sizes) - len(times))
            found.append(
                (times[-1], ratio, f"| {name} | {shape} | {' | '.join(cells)} | {ratio:.1f} |")
            )
        print(f"{name}: at most {worst:.2f} s", file=sys.stderr, flush=True)
    print(
        f"| rule | shape | {' | '.join(f'{size:,}' for size in given.sizes)} | ratio |\n"
        f"|---|---|{'---|' * len(given.sizes)}---|"
    )
    for _, _, row in sorted(found, reverse=True)[: given.rows]:
        print(row)


if __name__ == "__main__":
    main()
