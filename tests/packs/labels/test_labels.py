"""The rules on labels, with the real cleanlab, on small made-up data."""

from __future__ import annotations

import json
import random

import pytest

from dslint import testing
from dslint.testing.harness import run, with_options
from dslint_packs.labels.balance import Imbalance, RareLabel
from dslint_packs.labels.disagreement import Disagreement
from dslint_packs.labels.inconsistent_name import InconsistentName
from dslint_packs.labels.likely_wrong import LikelyWrong
from dslint_packs.labels.missing_label import MissingLabel
from dslint_packs.labels.unknown_label import UnknownLabel

NOUNS = {
    "billing": ["invoice", "payment", "refund", "price", "receipt"],
    "delivery": ["parcel", "courier", "address", "tracking", "doorstep"],
    "account": ["password", "login", "profile", "email", "username"],
}
FRAMES = [
    "where is my {}",
    "the {} is wrong",
    "please change the {}",
    "why is there no {} yet",
    "tell me about the {} of {}",
    "my {} and my {}",
]


def made(size: int = 240, wrong: int = 12, seed: int = 0, names: dict[str, list[str]] = NOUNS):
    """Return records whose nouns tell their label, and the rows whose label is another one."""
    dice = random.Random(seed)
    rows = []
    for number in range(size):
        label = list(names)[number % len(names)]
        frame = dice.choice(FRAMES)
        rows.append(
            {
                "text": f"{frame.format(*dice.choices(names[label], k=2))} {dice.randrange(1000)}",
                "label": label,
            }
        )
    flipped = sorted(dice.sample(range(size), wrong))
    for row in flipped:
        rows[row]["label"] = dice.choice([label for label in names if label != rows[row]["label"]])
    return rows, flipped


def flags(rows, **options):
    said = run(with_options(LikelyWrong, options), rows)
    assert not said.crashes
    return [
        finding
        for finding in said.findings
        if finding.message.startswith(("the label is likely wrong", "the label may be wrong"))
    ]


def rows_of(findings):
    return sorted(finding.at.row for finding in findings)


def test_flipped_labels_are_found_with_the_label_that_they_had():
    rows, flipped = made()
    truth, _ = made(wrong=0)
    found = flags(rows)
    assert len(set(rows_of(found)) & set(flipped)) >= 0.8 * len(flipped)
    assert len(set(rows_of(found)) - set(flipped)) <= 2
    right = [
        finding.suggestion == truth[finding.at.row]["label"]
        for finding in found
        if finding.at.row in flipped
    ]
    assert sum(right) >= 0.9 * len(right)


def test_labels_that_are_right_are_left_alone():
    assert flags(made(wrong=0)[0]) == []


def test_the_order_of_the_records_changes_nothing():
    rows, _ = made()
    texts = [
        sorted(json.dumps(order[row]) for row in rows_of(flags(order)))
        for order in (rows, rows[::-1], sorted(rows, key=lambda row: row["label"]))
    ]
    assert texts[0] == texts[1] == texts[2] != []


def test_repeats_neither_hide_a_wrong_label_nor_tip_the_scales():
    rows, _ = made()
    once = {json.dumps(rows[row]) for row in rows_of(flags(rows))}
    many = rows * 3 + [{**row, "text": row["text"].upper() + "!"} for row in rows]
    found = flags(many)
    assert {json.dumps(many[row]) for row in rows_of(found) if row < len(rows)} == once
    assert len(found) == 4 * len(once)


def test_a_text_is_not_judged_by_what_it_has_taught_itself():
    """A wrong label is not backed by its own repeats, and of two labels of one text neither vouches for itself."""
    rows, _ = made(wrong=0)
    wrong = {"text": rows[0]["text"], "label": "delivery"}
    said = run(with_options(LikelyWrong, {"report": "all"}), [*rows, *[wrong] * 30])
    scores = {finding.at.row: finding.score for finding in said.findings}
    assert {scores[row] for row in range(len(rows), len(rows) + 30)} == {max(scores.values())}


def test_report_all_gives_every_record_a_score():
    rows, flipped = made()
    said = run(with_options(LikelyWrong, {"report": "all"}), rows)
    assert said.rows == list(range(len(rows)))
    scores = {finding.at.row: finding.score for finding in said.findings}
    clean = [score for row, score in scores.items() if row not in flipped]
    assert sum(scores[row] for row in flipped) / len(flipped) > 0.9 > sum(clean) / len(clean)


@pytest.mark.parametrize(
    "cast",
    [{"billing": 0, "delivery": 1, "account": 2}, {"billing": True, "delivery": False}],
    ids=["int", "bool"],
)
def test_labels_may_be_numbers_and_booleans(cast):
    rows, flipped = made(names={name: NOUNS[name] for name in cast})
    said = flags([{**row, "label": cast[row["label"]]} for row in rows])
    assert len(set(rows_of(said)) & set(flipped)) >= 0.7 * len(flipped)
    assert {finding.suggestion for finding in said} <= {
        json.dumps(value) for value in cast.values()
    }


def test_other_scripts_and_imbalance():
    names = {
        "送货": ["包裹在哪里", "快递员没有来", "地址写错了", "货物坏了"],
        "付款": ["发票不对", "退款多久到账", "价格太高了", "付款失败"],
    }
    dice = random.Random(4)
    rows = [
        {"text": "".join(dice.choices(names[label], k=2)) + str(n), "label": label}
        for n in range(200)
        for label in ["送货" if n % 10 else "付款"]
    ]
    rows[5]["label"] = "付款"
    assert 5 in rows_of(flags(rows))


def test_small_classes_and_empty_texts_are_not_judged_and_counted():
    rows, _ = made(wrong=0)
    odd = [
        {"text": "where is the exit", "label": "rare"},
        {"text": "", "label": "billing"},
        {"text": "no label here", "label": None},
    ]
    said = run(LikelyWrong(), [*rows, *odd])
    assert said.findings == ()
    assert said.measures["test/likely-wrong.unjudged"] == 2


NOT_FOR = {
    "fractions": lambda n: n / 7,
    "fractions in a table": lambda n: f"{n / 7:.3f}",
    "lists": lambda n: [n % 2],
    "all different": str,
    "one label": lambda _: "same",
}


@pytest.mark.parametrize("kind", NOT_FOR)
def test_what_is_no_class_is_said_to_be_not_applicable(call, work, kind):
    work.jsonl(
        "data.jsonl",
        *({"text": f"some text number {n}", "label": NOT_FOR[kind](n)} for n in range(40)),
    )
    flags = ("--shape", "classification", "--column", "label=label", "--select", "labels")
    report = call("check", "-o", "json", *flags, "data.jsonl").report
    state = next(rule for rule in report["rules"] if rule["id"] == "labels/likely-wrong")
    assert state["state"] == "not-applicable"
    assert state["reason"]
    assert state["judged"] == 0
    asked = call("check", "-o", "json", *flags[:-1], "labels/likely-wrong", "data.jsonl")
    assert (asked.code, asked.report["verdict"]) == (2, "incomplete")


def test_a_label_beside_a_conversation_counts_too(call, work):
    rows, flipped = made()
    chats = [
        {
            "messages": [
                {"role": "user", "content": row["text"]},
                {"role": "assistant", "content": "One moment."},
            ],
            "intent": row["label"],
        }
        for row in rows
    ]
    work.jsonl("chats.jsonl", *chats)
    found = call(
        "check",
        "-o",
        "json",
        "--column",
        "label=intent",
        "--select",
        "labels/likely-wrong",
        "chats.jsonl",
    ).findings("labels/likely-wrong")
    assert len({finding["row"] for finding in found} & set(flipped)) >= 0.7 * len(flipped)


def test_counts_and_their_limits(call, work):
    labels = ["Billing"] * 12 + ["billing "] * 2 + ["delivery"] * 3
    work.jsonl(
        "data.jsonl",
        *({"text": f"some text {n}", "label": label} for n, label in enumerate(labels)),
    )
    done = call(
        "check",
        "-o",
        "json",
        "--select",
        "labels",
        "--max",
        "labels/imbalance.ratio=5",
        "data.jsonl",
    )
    measures = done.report["measures"]
    assert done.code == 1
    assert measures["labels/imbalance.records[label=Billing]"] == 12
    assert measures["labels/imbalance.ratio"] == 6
    (name,) = done.findings("labels/inconsistent-name")
    assert (name["row"], name["suggestion"]) == (12, "Billing")
    assert [finding["row"] for finding in done.findings("labels/rare-label")] == [12, 14]
    assert len(done.findings("labels/imbalance")) == 1


@pytest.mark.parametrize(
    ("labels", "flagged"),
    [
        (["C", "C++"], 0),
        (["+1", "-1"], 0),
        (["pay_bill", "Pay Bill"], 1),
        (["café", "cafe\u0301"], 1),
        (["1", "1.0"], 0),
    ],
)
def test_names_that_mean_something_else_are_no_spellings(labels, flagged):
    rows = [{"text": f"some text {n}", "label": label} for n, label in enumerate(labels)]
    assert len(run(InconsistentName(), rows).findings) == flagged


def test_unknown_labels_get_the_nearest_one(call, work):
    work.jsonl(
        "data.jsonl",
        {"text": "a", "label": "biling"},
        {"text": "b", "label": "billing"},
        {"text": "c", "label": 3},
    )
    found = call(
        "check",
        "-o",
        "json",
        "--option",
        "labels/unknown-label.allowed=billing,delivery",
        "data.jsonl",
    ).findings("labels/unknown-label")
    assert [(finding["row"], finding["suggestion"]) for finding in found] == [
        (0, "billing"),
        (2, None),
    ]


def test_missing_labels_are_an_info_beside_a_trusted_set():
    rows = [
        {"text": "a", "label": "x"},
        {"text": "b", "label": " "},
        {"text": "c", "label": 0},
        {"text": "d", "label": None},
    ]
    for options, severity in (({}, None), ({"trusted": "checked"}, 1)):
        said = run(with_options(MissingLabel, options), rows)
        assert said.rows == [1, 3]
        assert all(severity is None or finding.severity == severity for finding in said.findings)


def test_agreement_is_what_the_textbook_says():
    """The nominal example of Krippendorff's "Computing Krippendorff's Alpha-Reliability" (2011), section C: alpha is 0.743."""
    said = """1 2 3 3 2 1 4 1 2 . . .
    1 2 3 3 2 2 4 1 2 5 . 3
    . 3 3 3 2 3 4 2 2 5 1 .
    1 2 3 3 2 4 4 1 2 5 1 ."""
    columns = [line.split() for line in said.splitlines()]
    rows = [
        {
            "text": f"unit {n}",
            "label": "x",
            **{f"a{k}": None if votes[n] == "." else votes[n] for k, votes in enumerate(columns)},
        }
        for n in range(12)
    ]
    found = run(Disagreement(annotators=("a0", "a1", "a2", "a3")), rows)
    assert found.measures["test/disagreement.alpha"] == pytest.approx(0.743, abs=5e-4)
    assert found.rows == [1, 5, 7]


@pytest.mark.parametrize(
    "rule",
    [
        Imbalance(most=1.5),
        RareLabel(least=3),
        InconsistentName(),
        UnknownLabel(allowed=("x",)),
        MissingLabel(),
    ],
    ids=lambda rule: rule.name,
)
def test_labels_of_any_kind_crash_nothing(rule):
    values = ["x", "X ", 1, 2.0, True, None, "", "y" * 5000, "\u200b", *["x"] * 20, {"a": 1}, [1]]
    said = run(
        rule,
        [{"text": f"text {n}", "label": value} for n, value in enumerate(values)],
        shape="classification",
        columns={"label": "label"},
    )
    assert not said.crashes


def test_laws_hold_where_logistic_regression_takes_part():
    rows, _ = made(size=210, wrong=8)
    from hypothesis import strategies as st

    for law in ("cut", "order", "storage"):
        testing.assert_law(law, LikelyWrong(), st.just(rows), max_examples=2)


def test_texts_that_share_nothing_are_judged_and_crash_nothing():
    rows = [
        {"text": chr(0x4E00 + 3 * n) + chr(0x8000 + 3 * n), "label": "ab"[n % 2]} for n in range(40)
    ]
    said = run(LikelyWrong(), rows)
    assert not said.crashes
    assert "test/likely-wrong.estimated-noise" in said.measures


def test_what_does_not_fit_into_memory_is_judged_alike(monkeypatch):
    rows, _ = made()
    once = run(LikelyWrong(report="all"), rows)
    monkeypatch.setattr("dslint_packs.labels.classifier.NGRAMS_IN_MEMORY", 3000)
    monkeypatch.setattr("dslint_packs.labels.label_arrays.TEXTS_AT_ONCE", 50)
    monkeypatch.setattr("dslint_packs.labels.stacking.IN_MEMORY", 100)
    again = run(LikelyWrong(report="all"), rows)
    assert (again.findings, again.measures) == (once.findings, once.measures)


def test_what_is_left_out_is_said_in_the_run(call, work, monkeypatch):
    """Caps are there for millions of records; here they are low."""
    rows, _ = made()
    work.jsonl("data.jsonl", *rows)
    for name, value in (
        ("classifier.REGRESSION_TEXTS", 100),
        ("classifier.CELLS", 300),
        ("stacking.MAX_CELLS", 300),
    ):
        monkeypatch.setattr(f"dslint_packs.labels.{name}", value)
    done = call(
        "check",
        "-o",
        "json",
        "-o",
        "text=report.txt",
        "--select",
        "labels/likely-wrong",
        "data.jsonl",
    )
    messages = [
        finding["message"]
        for finding in done.findings("labels/likely-wrong")
        if finding["path"] is None
    ]
    assert len(messages) == 3
    assert "logistic regression was trained on 100 of 239 texts, naive Bayes on all" in messages
    assert "only 100 of 239 texts were judged (limit for 3 labels)" in messages
    assert all(
        message.partition(",")[0] in (work.root / "report.txt").read_text() for message in messages
    )
    assert done.report["measures"]["labels/likely-wrong.unjudged"] == 139
    assert sum(finding["path"] is not None for finding in done.findings("labels/likely-wrong")) > 0


def test_memory_beyond_a_gigabyte_is_said_in_the_run(monkeypatch):
    rows, _ = made()
    assert not any("memory" in finding.message for finding in run(LikelyWrong(), rows).findings)
    monkeypatch.setattr("dslint_packs.labels.likely_wrong.MANY_TEXTS", 100)
    monkeypatch.setattr("dslint_packs.labels.likely_wrong.BYTES_PER_TEXT", 10**7)
    assert [
        finding.message for finding in run(LikelyWrong(), rows).findings if finding.at.row is None
    ] == ["239 texts took about 2.4 GB of memory"]
