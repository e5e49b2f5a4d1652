"""Measure labels/likely-wrong on public data with labels made wrong on purpose.

`python benchmarks/labels.py FOLDER [NAME ...]` runs the command itself. The folder contains
`clinc_data_full.json` (clinc/oos-eval), `nltk_sentence_polarity` (rt-polarity.pos and .neg), and
cleanlab's `20news_test_set_pyx.npy` and `20news_test_set_original_labels.npy`.

Prints a line for each measurement: AUROC and average precision of the scores, precision and recall
of the flagged records, CPU seconds and peak memory of the whole command.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

RULE = "labels/likely-wrong"
Rows = list[dict[str, Any]]


def clinc(folder: Path) -> Rows:
    return [
        {"text": text, "label": label}
        for text, label in json.loads((folder / "clinc_data_full.json").read_text())["train"]
    ]


def polarity(folder: Path) -> Rows:
    files = [
        (folder / "nltk_sentence_polarity" / f"rt-polarity.{name}", name) for name in ("neg", "pos")
    ]
    return [
        {"text": line.strip(), "label": name}
        for path, name in files
        for line in path.read_text("latin-1").splitlines()
        if line.strip()
    ]


def flipped(rows: Rows, share: float, seed: int) -> tuple[Rows, list[bool]]:
    """Return the rows with a share of their labels changed, and which rows these are.

    Every other label is equally likely.
    """
    dice = random.Random(seed)
    names = sorted({row["label"] for row in rows})
    wrong = set(dice.sample(range(len(rows)), round(share * len(rows))))
    changed = [
        {**row, "label": dice.choice([name for name in names if name != row["label"]])}
        if number in wrong
        else row
        for number, row in enumerate(rows)
    ]
    return changed, [number in wrong for number in range(len(rows))]


def check(rows: Rows, *options: str, every: bool = True) -> tuple[dict[str, Any], float, float]:
    """Return the report of a run on the rows, its CPU seconds, and its peak memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        path, report = Path(folder, "data.jsonl"), Path(folder, "report.json")
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        flags = [
            flag
            for option in ([f"{RULE}.report=all"] if every else []) + list(options)
            for flag in ("--option", option)
        ]
        command = [
            str(Path(sys.executable).parent / "dslint"),
            "check",
            "--isolated",
            "--shape",
            "classification",
            "--select",
            RULE,
        ]
        process = subprocess.Popen(
            [*command, "-o", f"json={report}", *flags, str(path)], stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return (
            json.loads(report.read_text()),
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1024,
        )


def measure(
    name: str,
    rows: Rows,
    wrong: list[bool],
    *options: str,
    counted: Callable[[int], bool] = lambda _: True,
) -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    report, seconds, memory = check(rows, *options)
    scores, sure = {}, {}
    for finding in report["findings"]:
        if finding["rule"] == RULE and counted(finding["row"]):
            scores[finding["row"]] = finding["score"]
            if finding["suggestion"] is not None:
                sure[finding["row"]] = finding["confidence"]
    truth, values = [wrong[row] for row in scores], list(scores.values())
    hits = sum(wrong[row] for row in sure)
    quality = (
        f"AUROC {roc_auc_score(truth, values):.4f} AP {average_precision_score(truth, values):.4f}"
        if any(truth)
        else "no wrong label"
    )
    levels = {
        level: [wrong[row] for row in sure if sure[row] == level]
        for level in ("high", "medium", "low")
    }
    shares = ", ".join(f"{level} {sum(hit)}/{len(hit)}" for level, hit in levels.items())
    print(
        f"{name:34} {quality} flagged {len(sure)} precision {hits / max(len(sure), 1):.3f} "
        f"recall {hits / max(sum(truth), 1):.3f} ({shares}) "
        f"estimated {report['measures'][f'{RULE}.estimated-noise']:.4f} "
        f"checked {report['measures'].get(f'{RULE}.trusted-noise', float('nan')):.4f} "
        f"CPU {seconds:.1f} s {memory:.0f} MB",
        flush=True,
    )


def measure_flips(folder: Path) -> None:
    for seed in range(5):
        measure(f"polarity, 10 % flipped, seed {seed}", *flipped(polarity(folder), 0.1, seed))
    for seed in range(3):
        measure(f"CLINC150, 5 % flipped, seed {seed}", *flipped(clinc(folder), 0.05, seed))


def measure_clean(folder: Path) -> None:
    for name, rows in (("CLINC150", clinc(folder)), ("polarity", polarity(folder))):
        measure(f"{name} as it is", rows, [False] * len(rows))


def measure_order(folder: Path) -> None:
    for name, made in (
        ("polarity", flipped(polarity(folder), 0.1, 0)),
        ("CLINC150", flipped(clinc(folder), 0.05, 0)),
    ):
        for order in ("shuffled", "by label", "half of it twice"):
            pairs = list(zip(*made, strict=True))
            random.Random(1).shuffle(pairs)
            if order == "by label":
                pairs.sort(key=lambda pair: pair[0]["label"])
            elif order != "shuffled":
                pairs = sorted(pairs + pairs[: len(pairs) // 2], key=lambda pair: pair[0]["text"])
            measure(f"{name}, {order}", [row for row, _ in pairs], [wrong for _, wrong in pairs])


def one_way(rows: Rows, share: float, seed: int) -> tuple[Rows, list[bool]]:
    """Return the rows with that share of labels changed to the first label, and which these are.

    Like annotators who have one favourite.
    """
    dice = random.Random(seed)
    favourite = min(row["label"] for row in rows)
    others = [number for number, row in enumerate(rows) if row["label"] != favourite]
    wrong = set(dice.sample(others, round(share * len(rows))))
    return [
        {**row, "label": favourite} if number in wrong else row for number, row in enumerate(rows)
    ], [n in wrong for n in range(len(rows))]


def measure_trusted(folder: Path) -> None:
    """Measure how checked labels help with the others: a tenth of all, or three of each label."""
    for name, rows, share, make in (
        ("polarity", polarity(folder), 0.1, flipped),
        ("polarity, one way", polarity(folder), 0.2, one_way),
        ("CLINC150", clinc(folder), 0.2, flipped),
        ("CLINC150", clinc(folder), 0.4, flipped),
    ):
        changed, wrong = make(rows, share, 0)
        order = random.Random(2).sample(range(len(rows)), len(rows))
        seen: Counter[str] = Counter()
        three = set()
        for number in order:
            seen[rows[number]["label"]] += 1
            if seen[rows[number]["label"]] <= 3:
                three.add(number)
        tenth = set(order[: len(rows) // 10])
        rest = [number not in tenth | three for number in range(len(rows))]
        measure(f"{name}, {share:.0%}, nothing checked", changed, wrong, counted=rest.__getitem__)
        for what, checked in (("three of each label", three), ("a tenth", tenth)):
            both = [
                {**row, "checked": rows[number]["label"] if number in checked else None}
                for number, row in enumerate(changed)
            ]
            measure(
                f"{name}, {share:.0%}, {what}",
                both,
                wrong,
                f"{RULE}.trusted=checked",
                counted=rest.__getitem__,
            )


def measure_gaps(folder: Path) -> None:
    """Measure the labels suggested for unlabelled records, by confidence.

    Half of the records have no label; a tenth of all labels is checked.
    """
    for name, rows, share in (
        ("polarity", polarity(folder), 0.1),
        ("CLINC150", clinc(folder), 0.2),
    ):
        changed, _ = flipped(rows, share, 0)
        checked = set(random.Random(2).sample(range(len(rows)), len(rows) // 10))
        both = [
            {**row, "checked": rows[number]["label"] if number in checked else None}
            for number, row in enumerate(changed)
        ]
        gaps = [
            {**row, "label": None if number % 2 and number not in checked else row["label"]}
            for number, row in enumerate(both)
        ]
        report, _, _ = check(gaps, f"{RULE}.trusted=checked", every=False)
        filled = [
            finding
            for finding in report["findings"]
            if finding["message"].startswith("there is no label")
        ]
        for level in ("high", "medium", "low"):
            right = [
                finding["suggestion"] == rows[finding["row"]]["label"]
                for finding in filled
                if finding["confidence"] == level
            ]
            stated = [1 - finding["score"] for finding in filled if finding["confidence"] == level]
            print(
                f"{name}, {level}: {sum(right)} of {len(right)} right, "
                f"stated {sum(stated) / max(len(stated), 1):.3f} on average"
            )


def measure_given(folder: Path) -> None:
    import numpy as np

    labels = np.load(folder / "20news_test_set_original_labels.npy")
    rows = [{"text": "", "label": int(label)} for label in labels]
    report, seconds, memory = check(
        rows, f"{RULE}.probabilities={folder / '20news_test_set_pyx.npy'}", every=False
    )
    print(
        f"20 newsgroups, probabilities given: {report['measures'][f'{RULE}.count']} flagged, "
        f"CPU {seconds:.1f} s {memory:.0f} MB"
    )


def measure_growth(folder: Path) -> None:
    dice = random.Random(3)
    rows, wrong = flipped(clinc(folder), 0.05, 0)
    for times in (1, 3, 10):
        many = [
            {**row, "text": f"{row['text']} {dice.randrange(10**6)}"}
            for _ in range(times)
            for row in rows
        ]
        measure(f"CLINC150 {times} times, with noise", many, wrong * times)


MEASUREMENTS = {
    name.removeprefix("measure_"): value
    for name, value in list(globals().items())
    if name.startswith("measure_") and callable(value)
}

if __name__ == "__main__":
    for chosen in sys.argv[2:] or MEASUREMENTS:
        MEASUREMENTS[chosen](Path(sys.argv[1]))
