"""By what records, findings and datasets are known: ids, fingerprints, names."""

import json

import pytest

from dslint.helpers.pointers import without

pytestmark = pytest.mark.slow

CHAT = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
NAMED = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "I am {{name}}"}]


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("id", {"meta": {"id": 1, "ids": [1, 2]}, "a.b": 3, "text": "x"}),
        ("/id", {"meta": {"id": 1, "ids": [1, 2]}, "a.b": 3, "text": "x"}),
        ("meta.id", {"id": 7, "meta": {"ids": [1, 2]}, "a.b": 3, "text": "x"}),
        ("/meta/ids/0", {"id": 7, "meta": {"id": 1, "ids": [2]}, "a.b": 3, "text": "x"}),
        ("a.b", {"id": 7, "meta": {"id": 1, "ids": [1, 2]}, "text": "x"}),
        ("nowhere.at.all", {"id": 7, "meta": {"id": 1, "ids": [1, 2]}, "a.b": 3, "text": "x"}),
        ("text.id", {"id": 7, "meta": {"id": 1, "ids": [1, 2]}, "a.b": 3, "text": "x"}),
    ],
)
def test_a_record_without_a_column(path, rest):
    value = {"id": 7, "meta": {"id": 1, "ids": [1, 2]}, "a.b": 3, "text": "x"}
    before = json.dumps(value)
    assert without(value, path) == rest
    assert json.dumps(value) == before


@pytest.mark.parametrize("column", ["id", "/id", "meta.id", "/meta/id"])
def test_the_id_column_is_no_part_of_a_repeat(work, column):
    nested = "meta" in column
    rows = [
        {"messages": CHAT, "meta": {"id": n}} if nested else {"messages": CHAT, "id": n}
        for n in range(2)
    ]
    work.jsonl("data.jsonl", *rows)
    found = work.check(
        "--select", "duplicates/exact", "--column", f"id={column}", "data.jsonl"
    ).findings("duplicates/exact")
    assert len(found) == 1


def test_a_suppression_by_column_and_fingerprint_is_for_that_finding_only(work):
    twice = [*NAMED[:1], {"role": "assistant", "content": "I am {{name}}, made by {{author}}"}]
    work.jsonl("data.jsonl", {"id": "a", "messages": twice}, {"id": "b", "messages": NAMED})
    rule = "structure/unfilled-template"
    first, second, other = work.check("--column", "id=id", "data.jsonl").findings(rule)
    for ids, fingerprint, suppressed in (
        (["a"], first["fingerprint"], [True, False, False]),
        (["a", "b"], second["fingerprint"], [False, True, False]),
        (["a"], other["fingerprint"], [False, False, False]),
        (["a"], "0" * 32, [False, False, False]),
    ):
        work.write(
            "dslint.toml",
            f'[dataset]\nfiles = "data.jsonl"\ncolumns = {{ id = "id" }}\n[[suppress]]\nrule = "{rule}"\nreason = "r"\n'
            f'where = {{ id = {json.dumps(ids)} }}\nfingerprint = "{fingerprint}"\n',
        )
        done = work.check()
        assert [finding["suppressed"] is not None for finding in done.findings(rule)] == suppressed
        assert bool(done.findings("dslint/unused-suppression")) == (not any(suppressed))


def test_a_dataset_finding_is_suppressed_by_column_and_fingerprint(work):
    work.jsonl("data.jsonl", *({"id": n, "messages": CHAT} for n in "abc"))
    found = work.check("--column", "id=id", "data.jsonl").findings("duplicates/exact")
    assert [finding["id"] for finding in found] == ["b", "c"]
    work.write(
        "dslint.toml",
        '[dataset]\nfiles = "data.jsonl"\ncolumns = { id = "id" }\n[[suppress]]\nrule = "duplicates"\nreason = "r"\n'
        f'where = {{ id = ["b", "c"] }}\nfingerprint = "{found[1]["fingerprint"]}"\n',
    )
    assert [finding["suppressed"] for finding in work.check().findings("duplicates/exact")] == [
        None,
        "r",
    ]


def test_unnamed_datasets_of_one_folder_have_names_of_their_own(work):
    asked = [{"role": "user", "content": "Do you also ship to Norway?"}, CHAT[1]]
    for name in "abc":
        work.jsonl(f"data/{name}_train.jsonl", {"messages": asked})
        work.jsonl(f"data/{name}_test.jsonl", *([{"messages": asked}] * (2 if name == "b" else 1)))
    work.write(
        "dslint.toml",
        '[[dataset]]\nfiles = "data/a_*"\n[[dataset]]\nfiles = "data/b_*"\n[[dataset]]\nname = "data 2"\nfiles = "data/c_*"\n',
    )
    report = work.check().report
    names = {"a": "data", "b": "data 3", "c": "data 2"}
    assert {item["path"]: item["dataset"] for item in report["inputs"]} == {
        f"data/{name}_{split}.jsonl": dataset
        for name, dataset in names.items()
        for split in ("train", "test")
    }
    overlaps = {name: value for name, value in report["measures"].items() if ".overlap" in name}
    assert overlaps == {
        f"duplicates/leakage.overlap[train>test][dataset={name}]": count
        for name, count in (("data", 1), ("data 2", 1), ("data 3", 2))
    }


@pytest.mark.parametrize(
    ("name", "bad", "other"),
    [
        ("data.jsonl", b'{"a": \n', b'{"b": \n'),
        ("data.txt", b"a\xff\n", b"b\xff\n"),
        ("data.csv", b"x,y\n", b"v,w\n"),
        ("data.jsonl", b'{"text":"x","text":"a"}\n', b'{"text":"x","text":"b"}\n'),
    ],
)
def test_the_fingerprint_of_a_record_that_cannot_be_read_is_its_own(work, name, bad, other):
    header = b"text\n" if name.endswith(".csv") else b""
    good = b'{"text": "z"}\n' if name.endswith(".jsonl") else b"z\n"

    def fingerprints(*lines):
        work.write(name, header + b"".join(lines))
        return [
            finding["fingerprint"]
            for finding in work.check(name).report["findings"]
            if finding["rule"].startswith("dslint/")
        ]

    one, two = fingerprints(bad, other)
    assert one != two
    assert fingerprints(other, good, bad) == [two, one]
    assert fingerprints(good, other) == [two]
    assert len(set(fingerprints(bad, bad))) == 2


def test_selectors_that_name_no_rule_are_refused(work, call, refused):
    work.chat()
    for flags in (
        ["--select", ","],
        ["--select="],
        ["--extend-select", " , "],
        ["--ignore", ","],
        ["--select", "structure", "--select", ","],
    ):
        refused(call("check", *flags, "data.jsonl"), "names no rule", "omit it")


def fingerprints(result, *, but=()):
    return sorted(
        finding["fingerprint"]
        for finding in result.report["findings"]
        if finding["rule"].partition("/")[0] not in but
    )


TWINS = [
    ("217-55-8301", "217-55-8302"),
    ("(312) 555-4823", "(312) 555-4824"),
    ("+44 20 7946 0958", "+44 20 7946 0959"),
    ("02079460958", "02079460959"),
    ("4111 1111 1111 1111", "5500 0055 5555 5559"),
    ("ada.lovelace@mail-canary.org", "grace@mail-canary.org"),
    ("203.0.113.195", "203.0.113.196"),
    ("ghp_" + "aB3" * 12, "ghp_" + "aC3" * 12),
]
"""Pairs of values of one form: whoever can tell them apart by a fingerprint can guess them."""


def holding(value):
    """Return lines of records that hold a value in every place, and findings of every kind."""

    def template(number):
        asked = {"role": "user", "content": f"call {value} for {'reason ' * number}"}
        return [asked, {"role": "assistant", "content": f"I am {{{{name}}}} {'and ' * number}"}]

    records = [
        {"messages": template(0)},
        {"messages": template(1), value: [value, {"deep": value}]},
        {"messages": template(2), "id": value},
        value,
        {"messages": [{"role": value, "content": ""}]},
        {"messages": template(0)},
    ]
    twice = json.dumps({"messages": template(3), "a": 1}).replace('"a": 1', '"a": 1, "a": 2')
    return "\n".join([*map(json.dumps, records), twice, f'{{"text": "{value}", ', f"{value}\n"])


@pytest.mark.parametrize("column", [(), ("--column", "id=id")], ids=["content", "id"])
@pytest.mark.parametrize("twins", TWINS, ids=lambda twins: twins[0])
def test_a_value_cannot_be_guessed_from_a_fingerprint(twins, column, work, call):
    said = []
    for value in twins:
        work.write("data.jsonl", holding(value))
        result = call(
            "check",
            "-o",
            "json",
            "--select",
            "structure,duplicates/exact,text",
            *column,
            "data.jsonl",
        )
        assert {finding["rule"].partition("/")[0] for finding in result.report["findings"]} == {
            "structure",
            "duplicates",
            "dslint",
        }
        named_by_number = (
            column and value.isdigit()
        )  # what the owners call an id, and has no form, is one
        found = [
            finding
            for finding in result.report["findings"]
            if not (named_by_number and finding["id"] == value)
        ]
        said.append(sorted(finding["fingerprint"] for finding in found))
    assert said[0] == said[1]


def test_the_fingerprint_of_a_record_with_a_value_does_not_depend_on_how_it_was_checked(work):
    work.write("data.jsonl", holding("217-55-8301"))
    alone = work.check("--select", "structure,duplicates,text", "data.jsonl")
    cut = work.check(
        "--extend-select", "pii,secrets", "--jobs", "2", "--shard-size", "200B", "data.jsonl"
    )
    mine = {finding["fingerprint"] for finding in alone.report["findings"]}
    assert mine
    assert mine <= {finding["fingerprint"] for finding in cut.report["findings"]}


def test_with_a_key_that_is_a_secret_the_record_itself_is_named(work):
    said = []
    for value in TWINS[0]:
        work.write("data.jsonl", holding(value))
        said.append(
            fingerprints(
                work.check(
                    "--select", "structure,duplicates", "data.jsonl", env={"DSLINT_KEY": "a secret"}
                ),
                but=("dslint",),
            )
        )
    assert len(set(said[0]) - set(said[1])) > 5


def test_the_baseline_of_findings_on_many_records_survives_a_shuffle(work):
    labels = (
        ["Billing"] * 12 + ["billing"] * 3 + ["billing "] * 2 + ["refunds"] * 4 + ["delivery"] * 40
    )
    groups = [f"She is a nurse, number {n}." for n in range(60)]
    rows = [
        {
            "text": f"text number {n} of many, {'he is here' if n % 9 else 'she is here'}",
            "label": label,
        }
        for n, label in enumerate(labels)
    ]
    rows += [{"text": text, "label": "delivery"} for text in groups]
    select = ("--select", "labels,bias,structure,duplicates", "--ignore", "labels/likely-wrong")
    work.jsonl("data.jsonl", *rows)
    before = work.check(*select, "data.jsonl")
    assert {finding["rule"] for finding in before.report["findings"]} >= {
        "labels/rare-label",
        "labels/inconsistent-name",
    }
    work.jsonl("data.jsonl", *sorted(rows, key=lambda row: row["text"][::-1]))
    assert fingerprints(work.check(*select, "data.jsonl")) == fingerprints(before)
    (work.root / "data.jsonl").unlink()
    work.jsonl("data/2.jsonl", *rows[:20])
    work.jsonl("data/1.jsonl", *rows[20:])
    assert fingerprints(work.check(*select, "data")) == fingerprints(before)
