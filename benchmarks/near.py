"""Near duplicates: recall, precision, CPU seconds and memory, compared with datasketch.

datasketch has the same shingles, threshold and verification. `python benchmarks/near.py` prints a
table; with `--toolformer DATA KEPT`, also how far findings agree with what the author of
GPTeacher's Toolformer set removed. How cost grows with the number of rows is measured by `run.py`.

Costs are those of whole processes, in CPU seconds (user and system). Recall is that of planted
pairs whose shingles are as similar as the threshold; precision is checked for every finding,
against the record that it names.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

DSLINT = [
    str(Path(sys.executable).parent / "dslint"),
    "check",
    "--isolated",
    "-j",
    "1",
    "-o",
    "json=report.json",
    "--select",
]
PEER = """
import json, sys
from datasketch import MinHash, MinHashLSH
threshold = float(sys.argv[2])
lsh, sets, found = MinHashLSH(threshold=threshold, num_perm=112), [], []
for number, line in enumerate(open(sys.argv[1], encoding="utf-8")):
    text = " ".join(json.loads(line)["text"].lower().split())
    shingles = {text[start : start + 5] for start in range(max(1, len(text) - 4))}
    sketch = MinHash(num_perm=112)
    sketch.update_batch([shingle.encode() for shingle in shingles])
    for other in lsh.query(sketch):
        both = len(shingles & sets[other])
        if both >= threshold * (len(shingles) + len(sets[other]) - both):
            found.append([other, number])
    lsh.insert(number, sketch, check_duplication=False)
    sets.append(shingles)
json.dump(found, open("pairs.json", "w"))
"""


def shingles(text: str) -> set[str]:
    """Return all substrings of five characters."""
    text = " ".join(text.lower().split())
    return {text[start : start + 5] for start in range(max(1, len(text) - 4))}


def similarity(one: str, other: str) -> float:
    """Return the Jaccard similarity of two texts."""
    mine, theirs = shingles(one), shingles(other)
    return len(mine & theirs) / len(mine | theirs)


def corpus(rows: int, words: int, exact: int, near: int) -> tuple[list[str], list[tuple[int, int]]]:
    """Return texts with exact and near repeats, and the pairs of their positions.

    The exact pairs come first; a near repeat has one word changed.
    """
    chance = random.Random(rows)
    letters = "aaabcdeeeefghiiklmnnoooprrssttuvwy"
    vocabulary = ["".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(20_000)]
    weights = [1 / (rank + 3) for rank in range(len(vocabulary))]
    texts = [
        " ".join(
            chance.choices(vocabulary, weights, k=chance.randint(words * 3 // 4, words * 5 // 4))
        )
        for _ in range(rows - exact - near)
    ]
    copied = chance.sample(range(len(texts)), exact + near)
    for number, source in enumerate(copied):
        split = texts[source].split()
        if number >= exact:
            split[chance.randrange(len(split))] = chance.choice(vocabulary)
        texts.append(" ".join(split))
    order = list(range(rows))
    chance.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    return [texts[old] for old in order], [
        (place[source], place[rows - exact - near + number]) for number, source in enumerate(copied)
    ]


def measured(command: list[str], folder: str) -> tuple[float, float]:
    """Return the CPU seconds of a command, and its peak memory in MB."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compared(
    name: str, rows: int, words: int, planted: int, threshold: float, *, peer: bool
) -> None:
    """Print a line for dslint, and one for the peer."""
    texts, pairs = corpus(rows, words, planted, planted)
    equal, edited = (
        pairs[:planted],
        [
            pair
            for pair in pairs[planted:]
            if similarity(texts[pair[0]], texts[pair[1]]) >= threshold
        ],
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "data.jsonl").write_text(
            "".join(json.dumps({"text": text}) + "\n" for text in texts)
        )
        rules = [
            "duplicates/near,duplicates/exact",
            "--option",
            f"duplicates/near.threshold={threshold}",
            "--option",
            "duplicates/near.shingle=char-5",
        ]
        runs = {"dslint": [*DSLINT, *rules, "data.jsonl"]}
        if peer:
            runs["datasketch"] = [sys.executable, "-c", PEER, "data.jsonl", str(threshold)]
        for who, command in runs.items():
            seconds, memory = measured(command, folder)
            if who == "dslint":
                findings = json.loads(Path(folder, "report.json").read_text())["findings"]
                found = [
                    (finding["row"], finding["related"][0]["row"])
                    for finding in findings
                    if finding["rule"] == "duplicates/near"
                ]
                touched = {place for pair in found for place in pair} | {
                    finding["row"] for finding in findings
                }
            else:
                found = json.loads(Path(folder, "pairs.json").read_text())
                touched = {place for pair in found for place in pair}
            right = sum(similarity(texts[one], texts[other]) >= threshold for one, other in found)
            near, exact = (
                sum(not touched.isdisjoint(pair) for pair in planted_pairs)
                for planted_pairs in (edited, equal)
            )
            cells = [f"{name}, threshold {threshold}", who, f"{seconds:.1f}", f"{memory:.0f}"]
            cells += [f"{near}/{len(edited)}", f"{exact}/{len(equal)}", f"{right}/{len(found)}"]
            print(f"| {' | '.join(cells)} |", flush=True)


def toolformer(data: str, kept: str) -> None:
    """Print how far findings agree with what the author removed."""
    known = json.loads(Path(kept).read_text())
    print(
        "\n| threshold | flagged | 0.9: pairs with a removed row / removed rows in a pair | 0.8 "
        "| 0.7 | 0.6 |\n|---|---|---|---|---|---|"
    )
    for threshold in (0.9, 0.85, 0.8, 0.7, 0.6):
        with tempfile.TemporaryDirectory() as folder:
            measured(
                [
                    *DSLINT,
                    "duplicates/near",
                    "--option",
                    f"duplicates/near.threshold={threshold}",
                    os.path.abspath(data),
                ],
                folder,
            )
            report = json.loads(Path(folder, "report.json").read_text())
        pairs = [
            {finding["row"], finding["related"][0]["row"]}
            for finding in report["findings"]
            if finding["rule"] == "duplicates/near"
        ]
        rows = set(range(report["counts"]["records"]))
        touched = set().union(*pairs)
        cells = [f"{len(pairs) / len(rows):.1%}"]
        for level in ("0.9", "0.8", "0.7", "0.6"):
            removed = rows - set(known[level])
            recall = len(removed & touched) / len(removed)
            cells.append(
                f"{sum(bool(pair & removed) for pair in pairs) / len(pairs):.2f} / {recall:.2f}"
            )
        print(f"| {threshold} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser()
    options.add_argument("--toolformer", nargs=2, metavar=("DATA", "KEPT"))
    given = options.parse_args()
    print(
        "| data | tool | CPU s | peak MB | near found | exact found | correct findings |\n"
        "|---|---|---|---|---|---|---|"
    )
    compared("20,000 documents of 1 kB", 20_000, 160, 600, 0.8, peer=True)
    compared("100,000 short rows", 100_000, 10, 3000, 0.8, peer=False)
    if given.toolformer:
        toolformer(*given.toolformer)


if __name__ == "__main__":
    main()
