"""Measure the secrets rules: recall, findings in data without secrets, and CPU seconds.

`python benchmarks/secret_rules.py [FILE ...]` prints Markdown tables; files are data sets without
known secrets. Recall is measured on drawn keys of each kind, with a fixed seed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from made_secrets import KINDS, made
from run import measure

from dslint import lint

SEED, EACH = 1234, 500
WORDS = (
    "could you tell me how to change the delivery address of my order before it is sent next week "
    "to our new house"
)


def recall(folder: Path) -> None:
    """Print for each kind the share of drawn keys that its rule flags."""
    random = Random(SEED)
    rows = [(kind, *made(kind, random)) for kind in KINDS for _ in range(EACH)]
    path = folder / "keys.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for _, _, text, _ in rows))
    found: dict[int, set[str]] = {}
    for finding in lint([str(path)], {"rules": {"select": ["secrets"]}}).findings:
        found.setdefault(finding.at.row or 0, set()).add(finding.rule)
    hits = Counter(
        kind for row, (kind, rule, _, _) in enumerate(rows) if rule in found.get(row, ())
    )
    print(f"| kind | rule | recall of {EACH} |\n|---|---|---|")
    for kind, (rule, _) in KINDS.items():
        print(f"| {kind} | {rule} | {hits[kind] / EACH:.3f} |")
    print(f"| all | | {sum(hits.values()) / len(rows):.4f} |\n")


def false_positives(paths: list[str]) -> None:
    """Print findings by severity in data sets."""
    print("| data | records | errors | warnings | infos |\n|---|---|---|---|---|")
    for path in paths:
        report = lint([path], {"rules": {"select": ["secrets"]}})
        counts = Counter(
            str(finding.severity)
            for finding in report.findings
            if finding.rule.startswith("secrets/")
        )
        print(
            f"| {Path(path).name} | {report.counts['records']:,} | {counts['error']} "
            f"| {counts['warning']} | {counts['info']} |"
        )
    print()


def speed(folder: Path) -> None:
    """Print the CPU seconds of a check of 100,000 short rows with and without the rules."""
    random = Random(SEED)
    path = folder / "short.jsonl"
    path.write_text(
        "".join(
            json.dumps(
                {
                    "id": n,
                    "text": " ".join(random.choices(WORDS.split(), k=12)) + f" {n}",
                    "label": "a",
                }
            )
            + "\n"
            for n in range(100_000)
        )
    )
    command = [sys.executable, "-m", "dslint", "check", "--isolated", "-j", "1", "-q", "--select"]
    print("| rules on 100,000 short rows | CPU s |\n|---|---|")
    for rules in ("structure/invalid-record", "structure/invalid-record,secrets"):
        print(f"| {rules} | {measure([*command, rules, 'short.jsonl'], folder)[0]:.2f} |")
    subprocess.run(
        [*command, "secrets", "short.jsonl"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as name:
        recall(Path(name))
        false_positives(sys.argv[1:])
        speed(Path(name))


if __name__ == "__main__":
    main()
