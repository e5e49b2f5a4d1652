"""How the time of each rule grows with a text: `python benchmarks/growth.py [--rule ID] [--limit SECONDS] [SIZE ...]` prints a Markdown table.

Every rule, opt-in ones too, with every hostile shape of `dslint.testing.hostile`, in the records of the rule's manual page. CPU seconds for texts of
each size (20,000 and 40,000 characters, if none is given), and the ratio of the last two; the gravest come first.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import Any

from dslint import testing
from dslint.rules.base import CoreRule, Rule, examples
from dslint.run import api
from dslint.testing.harness import with_options
from dslint.testing.hostile import SHAPES, hostile


class _Late(BaseException):
    """The time is up."""


def _up(*_: object) -> None:
    raise _Late


def seconds(rule: Rule, shape: str, size: int, limit: float) -> float:
    """Return the CPU seconds that a rule takes for a shape, at most the limit."""
    records, splits = hostile(type(rule), shape, size)
    columns = {"split": "split"} if "split" in rule.needs_columns else None
    signal.signal(signal.SIGPROF, _up)
    signal.setitimer(signal.ITIMER_PROF, limit)
    start = time.process_time()
    try:
        testing.run(rule, records, splits=splits, columns=columns)
    except _Late:
        return limit
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return time.process_time() - start


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[20_000, 40_000])
    parser.add_argument("--rule", action="append", default=[])
    parser.add_argument("--shape", action="append", default=[])
    parser.add_argument("--limit", type=float, default=10.0)
    parser.add_argument("--rows", type=int, default=100)
    given = parser.parse_args()
    found: list[tuple[float, float, str]] = []
    for name, known in api.environment().known.items():
        if issubclass(known.rule, CoreRule) or (given.rule and name not in given.rule):
            continue
        rule: Any = with_options(known.rule, next(example.options for example in examples(known.rule) if example.flags))
        seconds(rule, "sentences", 100, given.limit)  # loads what the rule needs
        worst = 0.0
        for shape in given.shape or SHAPES:
            times: list[float] = []
            for size in given.sizes:
                if not times or times[-1] < given.limit:
                    times.append(seconds(rule, shape, size, given.limit))
            worst = max(worst, times[-1])
            ratio = times[-1] / max(times[-2], 1e-3) if len(times) > 1 else float("inf")
            cells = [f"> {one:.0f}" if one >= given.limit else f"{one:.3f}" for one in times] + [""] * (len(given.sizes) - len(times))
            found.append((times[-1], ratio, f"| {name} | {shape} | {' | '.join(cells)} | {ratio:.1f} |"))
        print(f"{name}: at most {worst:.2f} s", file=sys.stderr, flush=True)
    print(f"| rule | shape | {' | '.join(f'{size:,}' for size in given.sizes)} | ratio |\n|---|---|{'---|' * len(given.sizes)}---|")
    for _, _, row in sorted(found, reverse=True)[: given.rows]:
        print(row)


if __name__ == "__main__":
    main()
