"""What people and other models have said: trusted labels, review sheets, probabilities, embeddings."""

from __future__ import annotations

import csv
import io
import json
import random
import unicodedata

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from dslint.data.review_sheet import armed, disarmed
from dslint.testing.harness import run, with_options
from dslint_packs.labels.likely_wrong import LikelyWrong

WORDS = {
    "good": ["lovely", "great", "superb", "moving"],
    "poor": ["dull", "awful", "boring", "weak"],
}
PLAIN = ["a", "film", "story", "with", "actors", "that", "is", "and", "plot", "scene"]
CHECK = ("check", "-o", "json", "--select", "labels/likely-wrong")


def reviews(size: int = 400, share: float = 0.2, seed: int = 1):
    dice = random.Random(seed)
    truth = [dice.choice(list(WORDS)) for _ in range(size)]
    texts = [
        " ".join(
            [
                *dice.choices(PLAIN, k=4),
                dice.choice(WORDS[label]),
                *dice.choices(PLAIN, k=3),
                str(n),
            ]
        )
        for n, label in enumerate(truth)
    ]
    wrong = set(dice.sample(range(size), round(share * size)))
    given = [
        ({"good": "poor", "poor": "good"}[label] if n in wrong else label)
        for n, label in enumerate(truth)
    ]
    return (
        [{"text": text, "label": label} for text, label in zip(texts, given, strict=True)],
        truth,
        wrong,
    )


def likely(result):
    return [
        finding
        for finding in result.findings("labels/likely-wrong")
        if finding["message"].startswith(("the label is likely wrong", "the label may be wrong"))
    ]


def test_a_trusted_column_calibrates_warns_and_fills_gaps(call, work):
    rows, truth, wrong = reviews()
    for n, row in enumerate(rows):
        row["checked"] = truth[n] if n % 4 == 0 else None
        row["label"] = None if n % 4 == 1 else row["label"]
    work.jsonl("data.jsonl", *rows)
    result = call(*CHECK, "--option", "labels/likely-wrong.trusted=checked", "data.jsonl")
    found = result.findings("labels/likely-wrong")
    corrected = [finding for finding in found if "a person" in finding["message"]]
    assert {finding["row"] for finding in corrected} == {n for n in wrong if n % 4 == 0}
    assert result.report["measures"]["labels/likely-wrong.trusted-noise"] == pytest.approx(
        len(corrected) / 100
    )
    filled = [finding for finding in found if "suggested" in finding["message"]]
    assert len(filled) == 100
    sure = [
        finding["suggestion"] == truth[finding["row"]]
        for finding in filled
        if finding["confidence"] == "high"
    ]
    assert len(sure) >= 50
    assert sum(sure) >= 0.9 * len(sure)
    warned = [
        finding["row"] in wrong for finding in likely(result) if finding["severity"] == "warning"
    ]
    assert warned
    assert sum(warned) >= 0.85 * len(warned)


def test_a_trusted_file_is_learnt_from_and_never_reported(call, work):
    rows, truth, wrong = reviews(size=100, share=0.3)
    more, labels, _ = reviews(size=200, share=0, seed=2)
    work.jsonl("data.jsonl", *rows)
    work.jsonl(
        "checked.jsonl",
        *(
            {"text": row["text"] + " again", "label": label}
            for row, label in zip(more, labels, strict=True)
        ),
    )
    alone = {finding["row"] for finding in likely(call(*CHECK, "data.jsonl"))}
    helped = {
        finding["row"]
        for finding in likely(
            call(*CHECK, "--option", "labels/likely-wrong.trusted=checked.jsonl", "data.jsonl")
        )
    }
    assert len(helped & wrong) > len(alone & wrong)
    assert len(helped - wrong) <= len(alone - wrong) + 1
    assert truth


def test_a_trusted_file_that_is_missing_or_no_table_is_refused(call, work, refused):
    work.jsonl("data.jsonl", *reviews(size=20)[0])
    refused(
        call(*CHECK, "--option", "labels/likely-wrong.trusted=none.jsonl", "data.jsonl"),
        "none.jsonl",
        "cannot be read",
    )
    work.write("broken.jsonl", "{")
    refused(
        call(*CHECK, "--option", "labels/likely-wrong.trusted=broken.jsonl", "data.jsonl"),
        "broken.jsonl",
        "neither JSONL nor CSV",
    )


def test_a_review_sheet_goes_round(call, work):
    rows, truth, wrong = reviews(share=0.1)
    rows[0]["text"] = "=cmd() write to jane.roe@mail.org " + rows[0]["text"]
    work.jsonl("data.jsonl", *rows)
    first = call(
        "check",
        "--select",
        "labels/likely-wrong",
        "-o",
        "review=sheet.csv",
        "-o",
        "json=one.json",
        "data.jsonl",
    )
    assert first.code == 0
    sheet = list(csv.DictReader(io.StringIO((work.root / "sheet.csv").read_text())))
    before = json.loads((work.root / "one.json").read_text())["findings"]
    assert {int(row["row"]) for row in sheet} == {finding["row"] for finding in before}
    assert [float(row["score"]) for row in sheet] == sorted(
        (float(row["score"]) for row in sheet), reverse=True
    )
    assert {row["verdict"] + row["corrected"] for row in sheet} == {""}
    for number, row in enumerate(sheet):  # a person goes over the first half
        if number < len(sheet) / 2:
            right = truth[int(row["row"])]
            row["verdict" if right == row["label"] else "corrected"] = (
                "ok" if right == row["label"] else right
            )
    out = io.StringIO()
    writer = csv.DictWriter(out, sheet[0])
    writer.writeheader()
    writer.writerows(sheet)
    work.write("sheet-done.csv", out.getvalue())
    work.write("dslint.toml", '[rules."labels/likely-wrong"]\nreview = "sheet-done.csv"\n')
    again = call(*CHECK, "data.jsonl")
    settled = {int(row["row"]) for row in sheet if row["verdict"] or row["corrected"]}
    assert not {finding["row"] for finding in likely(again)} & settled
    assert {
        finding["row"]
        for finding in again.findings("labels/likely-wrong")
        if "a person" in finding["message"]
    } == settled & wrong


def test_a_sheet_masks_texts_disarms_formulas_and_overwrites_nothing(call, work, refused):
    texts = ["=1+1 pay", "@me pay", "+49 pay", "write to jane.roe@mail.org and pay", "-2 pay"]
    work.jsonl("data.jsonl", *({"text": text, "label": "bill"} for text in texts))
    args = (
        "check",
        "--select",
        "labels/unknown-label",
        "--option",
        "labels/unknown-label.allowed=other",
        "data.jsonl",
    )
    assert call(*args, "-o", "review=sheet.csv").code == 1
    assert call(*args, "-o", "review=sheet.jsonl").code == 1
    cells = [
        row["text"] for row in csv.DictReader(io.StringIO((work.root / "sheet.csv").read_text()))
    ]
    assert len(cells) == len(texts)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    for name in ("sheet.csv", "sheet.jsonl"):
        assert "jane.roe" not in (work.root / name).read_text()
        refused(call(*args, "-o", f"review={name}"), "exists")
    refused(call(*args, "-o", "review"), "CSV or JSONL")
    refused(call(*args, "-o", "review=sheet.txt"), "CSV or JSONL")


ALARMING = [
    "\n=1+1",
    " \t=1+1",
    "\r\n@me",
    "\u3000\uff1d1+1",
    "\xa0-1",
    "\uff0b49",
    "\x1b]0;title\x07",
    "a\x1b[31mred",
    "x\u202ey",
    "\x85",
    "\x00=1",
    "'=1",
    "''\n=1",
]
ORDINARY = ["it's", "\\frac{1}{2}", "a\tb\nc", "'", "''quoted''", "👨\u200d👩", "1=1", ""]


@pytest.mark.parametrize("text", [*ALARMING, *ORDINARY, "C:\\x86", "\\x1b", "\\\\x1b", "\\\x1b"])
def test_a_cell_steers_no_terminal_and_no_spreadsheet_and_is_read_as_it_was(text):
    cell = disarmed(text)
    assert armed(cell) == text
    assert not [char for char in cell if unicodedata.category(char) == "Cc" and char not in "\t\n"]
    assert "\u202e" not in cell
    assert unicodedata.normalize("NFKC", cell).strip()[:1] not in ("=", "+", "-", "@")
    assert not cell.startswith(("\t", "\n"))
    if text in ORDINARY:
        assert cell == text


@hypothesis.given(st.text(st.sampled_from("\\x1bu001a=+-@'\n\t\r \x1b\x85\u202e＝z")))  # noqa: RUF001
def test_whatever_a_cell_holds_is_read_as_it_was(text):
    assert armed(disarmed(text)) == text


def test_no_sheet_holds_a_control_character(call, work):
    work.jsonl(
        "data.jsonl",
        *({"text": f"{text} number {n}", "label": text} for n, text in enumerate(ALARMING)),
    )
    args = (
        "check",
        "--select",
        "labels/unknown-label",
        "--option",
        "labels/unknown-label.allowed=other",
        "data.jsonl",
    )
    for name in ("sheet.csv", "sheet.jsonl"):
        assert call(*args, "-o", f"review={name}").code == 1
        text = (work.root / name).read_text()
        assert not set(text) & {"\x1b", "\x07", "\x85", "\x00", "\u202e"}
        assert "number 0" in text


def filled(sheet: str, said, delimiter: str = ",") -> str:
    """Return a sheet as a spreadsheet saves it, with what `said(row)` puts into its cells."""
    rows = list(csv.DictReader(io.StringIO(sheet)))
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows({**row, **said(row)} for row in rows)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_what_a_sheet_says_of_masked_texts_is_found_again_wherever_they_are(call, work, delimiter):
    rows, truth, _ = reviews(share=0.1)
    rows = [
        {**row, "text": f"{row['text']} jane.roe{number}@mail.org"}
        for number, row in enumerate(rows)
    ]
    right = {row["text"]: label for row, label in zip(rows, truth, strict=True)}
    work.jsonl("data.jsonl", *rows)
    assert (
        call(
            "check", "--select", "labels/likely-wrong", "-o", "review=sheet.csv", "data.jsonl"
        ).code
        == 0
    )
    sheet = (work.root / "sheet.csv").read_text()
    assert "jane.roe" not in sheet

    def said(row):
        label = right[rows[int(row["row"])]["text"]]
        return {"verdict": "ok"} if label == row["label"] else {"corrected": label}

    settled = {rows[int(row["row"])]["text"] for row in csv.DictReader(io.StringIO(sheet))}
    work.write("sheet.csv", filled(sheet, said, delimiter))
    random.Random(3).shuffle(rows)
    work.jsonl("data.jsonl", *rows)
    again = call(*CHECK, "--option", "labels/likely-wrong.review=sheet.csv", "data.jsonl")
    assert not {rows[finding["row"]]["text"] for finding in likely(again)} & settled
    corrected = {
        rows[finding["row"]]["text"]
        for finding in again.findings("labels/likely-wrong")
        if "a person" in finding["message"]
    }
    assert corrected == {
        row["text"] for row in rows if row["text"] in settled and row["label"] != right[row["text"]]
    }


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_verdict_suppresses_its_finding_and_no_other(call, work, suffix):
    """A sheet is also read by those who do not learn from it, and lies where the data lies."""
    work.jsonl(
        "data/train.jsonl",
        *(
            {"text": f"text {number}", "label": label}
            for number, label in enumerate(["a", "b", "c", "c", None])
        ),
    )
    work.write(
        "dslint.toml",
        '[rules]\nselect = ["labels"]\n[rules."labels/unknown-label"]\nallowed = ["a"]\n',
    )
    first = call("check", "-o", f"review=data/sheet.{suffix}", "-o", "json", "data")
    assert len(first.findings("labels/unknown-label")) == 3
    path = work.root / f"data/sheet.{suffix}"
    if suffix == "csv":
        path.write_text(
            filled(path.read_text(), lambda row: {"verdict": "OK" if row["row"] in "24" else ""})
        )
    else:
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text(
            "".join(
                json.dumps({**row, "verdict": "ok" if row["row"] in (2, 4) else ""}) + "\n"
                for row in rows
            )
        )
    with (work.root / "dslint.toml").open("a") as config:
        config.write(
            f'[[suppress]]\nrule = "labels"\nreview = "data/sheet.{suffix}"\nreason = "looked at"\n'
        )
    again = call("check", "-o", "json", "-o", "text=report.txt", "data")
    assert again.report["counts"]["records"] == 5
    assert [
        finding["row"]
        for finding in again.findings("labels/unknown-label")
        if finding["suppressed"] == "looked at"
    ] == [2]
    assert [
        finding["row"]
        for finding in again.findings("labels/missing-label")
        if finding["suppressed"] == "looked at"
    ] == [4]
    assert f"not read, a dslint review sheet: data/sheet.{suffix}" in again.report["notes"]
    assert "review sheet" in (work.root / "report.txt").read_text()


def test_what_is_no_review_sheet_is_refused(call, work, refused):
    work.jsonl("data.jsonl", *reviews(size=20)[0])
    work.write("other.csv", "text,label\na,b\n")
    refused(
        call(*CHECK, "--option", "labels/likely-wrong.review=other.csv", "data.jsonl"),
        "other.csv",
        "is not a review sheet",
    )
    for name in ("other.csv", "none.csv"):
        work.write(
            "dslint.toml",
            f'[[suppress]]\nrule = "labels"\nreview = "{name}"\nreason = "looked at"\n',
        )
        refused(call(*CHECK, "data.jsonl"), name)


def test_given_probabilities_give_the_flags_of_cleanlab(call, work):
    from cleanlab.filter import find_label_issues

    dice = np.random.default_rng(0)
    labels = dice.integers(0, 3, 300)
    shares = dice.dirichlet([1, 1, 1], 300) * 0.6 + 0.4 * np.eye(3)[labels]
    labels[:20] = (labels[:20] + 1) % 3
    np.save(work.root / "shares.npy", shares)
    names = np.array(["x", "y", "z"])[labels].tolist()
    rows = [
        {"text": "", "label": name, "list": share, "map": dict(zip("xyz", share, strict=True))}
        for name, share in zip(names, shares.tolist(), strict=True)
    ]
    work.jsonl("data.jsonl", *rows)
    expected = np.flatnonzero(find_label_issues(labels, shares, n_jobs=1)).tolist()
    assert len(expected) > 10
    for given in ("shares.npy", "list", "map"):
        result = call(
            *CHECK,
            "--shape",
            "classification",
            "--option",
            f"labels/likely-wrong.probabilities={given}",
            "data.jsonl",
        )
        assert [finding["row"] for finding in result.findings("labels/likely-wrong")] == expected


def test_probabilities_that_do_not_fit_are_refused(call, work, refused):
    np.save(work.root / "short.npy", np.full((3, 2), 0.5))
    work.write("no.npy", "no array")
    work.jsonl("data.jsonl", *reviews(size=20)[0])
    for given, why in (("short.npy", "3 rows"), ("no.npy", "not a table"), ("nowhere", "nowhere")):
        refused(
            call(*CHECK, "--option", f"labels/likely-wrong.probabilities={given}", "data.jsonl"),
            why,
        )


def test_embeddings_stand_in_for_words():
    rows, truth, wrong = reviews(size=200, share=0.1)
    dice = random.Random(5)
    for row, label in zip(rows, truth, strict=True):
        row["vector"] = [
            (1 if label == "good" else -1) + dice.gauss(0, 0.5),
            dice.gauss(0, 1),
            dice.gauss(0, 1),
        ]
    said = run(with_options(LikelyWrong, {"embeddings": "vector"}), rows)
    assert not said.crashes
    assert len(set(said.rows) & wrong) >= 0.7 * len(wrong)
    assert len(set(said.rows) - wrong) <= 0.1 * len(rows)
