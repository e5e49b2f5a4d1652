"""Benchmark overlap: tasks are found wherever they stand, from files or from indices that tell nothing of them."""

import json
import random

import pytest

from dslint.plugin import OptionFile
from dslint.testing import harness
from dslint_packs.duplicates.benchmark_overlap import BenchmarkOverlap
from dslint_packs.duplicates.benchmark_tasks import tasks

pytest.importorskip("numpy")

WORDS = [
    "".join(random.Random(number).choices("abcdefghijklmnopqrstuvwxyz", k=3 + number % 7))
    for number in range(3000)
]


def sentence(chance, words):
    return " ".join(chance.choices(WORDS, k=words))


def benchmark(seed=1, size=50):
    chance = random.Random(seed)
    return [
        {"question": sentence(chance, 20), "answer": chance.choice("ABCD")} for _ in range(size)
    ]


def jsonl(values):
    return OptionFile(
        "bench/tasks.jsonl", "".join(json.dumps(value) + "\n" for value in values).encode()
    )


def test_a_record_that_holds_more_than_half_of_a_task_is_found_and_names_it():
    known = benchmark()
    words = known[7]["question"].split()
    chance = random.Random(2)
    records = [
        {"text": f"{sentence(chance, 30)} {' '.join(words).upper()}! {sentence(chance, 30)}"},
        {"text": f"{sentence(chance, 30)} {' '.join(words[:11])} {sentence(chance, 30)}"},
        {"text": f"{sentence(chance, 30)} {' '.join(words[:10])} {sentence(chance, 30)}"},
        {"text": sentence(chance, 60)},
    ]
    found = harness.run(BenchmarkOverlap(against=(jsonl(known),)), records)
    assert [(finding.at.row, finding.score) for finding in found.findings] == [(0, 1.0), (1, 0.55)]
    assert {
        (finding.related[0].path, finding.related[0].row, finding.related[0].line)
        for finding in found.findings
    } == {("tasks.jsonl", 7, 8)}
    assert found.measures == {"test/benchmark-overlap.tasks[tasks.jsonl]": 0.02}


def test_what_the_tasks_of_a_benchmark_share_tells_none_of_them():
    template = (
        "The following is a multiple choice question about something that you should know by now:"
    )
    known = [{"question": f"{template} {task['question']}"} for task in benchmark()]
    records = [
        {"text": template + " nothing"},
        {"text": known[3]["question"]},
        {"text": known[4]["question"].removeprefix(template)},
    ]
    found = harness.run(BenchmarkOverlap(against=(jsonl(known),)), records)
    assert [(finding.at.row, finding.related[0].row) for finding in found.findings] == [
        (1, 3),
        (2, 4),
    ]


def test_an_index_finds_what_its_file_finds_and_tells_nothing_of_it():
    known = benchmark()
    index = OptionFile("tasks.index", BenchmarkOverlap.index(jsonl(known)))
    records = [{"text": task["question"]} for task in known[::5]]
    clear = harness.run(BenchmarkOverlap(against=(jsonl(known),)), records)
    hashed = harness.run(BenchmarkOverlap(against=(index,)), records)
    assert len(clear.findings) == 10
    assert hashed == clear
    assert not any(
        word.encode() in index.data for word in known[0]["question"].split() if len(word) > 4
    )
    assert BenchmarkOverlap.index(jsonl(known)) != index.data


def test_an_index_of_other_ngrams_is_refused():
    index = OptionFile("tasks.index", BenchmarkOverlap.index(jsonl(benchmark()), (), 10))
    with pytest.raises(ValueError, match="10-grams"):
        BenchmarkOverlap(against=(index,))


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        (
            "a.jsonl",
            '{"question":"one","id":"x"}\n\n{"question":"two"}\n',
            [(0, 1, "one"), (1, 3, "two")],
        ),
        (
            "a.json",
            '{"version":"1","data":[{"prompt":"one"},{"prompt":"two"}]}',
            [(0, 0, "one"), (1, 0, "two")],
        ),
        ("a.json", '[{"messages":[{"role":"user","content":"one"}]}]', [(0, 0, "one")]),
        ("a.csv", 'id,Question\n1,"o\nne"\n2,two\n', [(0, 2, "o\nne"), (1, 4, "two")]),
        ("a.csv", "what is it,A,B\n", [(0, 1, "what is it\nA\nB")]),
        ("a.txt", "one\n\ntwo\n", [(0, 1, "one"), (2, 3, "two")]),
    ],
)
def test_tasks_are_read_from_the_usual_files(name, data, expected):
    assert [tuple(task) for task in tasks(OptionFile(name, data.encode()))] == expected


def test_named_fields_are_compared_and_no_others():
    file = OptionFile("a.jsonl", b'{"question":"one","meta":{"ctx":"two"}}')
    assert [task.text for task in tasks(file, ("meta.ctx",))] == ["two"]


def test_a_line_that_is_not_json_is_named():
    with pytest.raises(ValueError, match=r"a\.jsonl line 2 is not JSON"):
        list(tasks(OptionFile("a.jsonl", b'{"question":"one"}\n{"question":\n')))


def test_the_command_makes_an_index_that_check_takes(work):
    known = benchmark()
    work.jsonl("bench/tasks.jsonl", *known)
    work.jsonl(
        "train.jsonl",
        *({"text": task["question"]} for task in known[:3]),
        {"text": "something else altogether"},
    )
    made = work.run("index", "make", "bench/tasks.jsonl", "-o", "tasks.index")
    assert made.code == 0, made.err
    rules = [
        "--select",
        "duplicates/benchmark-overlap",
        "--option",
        "duplicates/benchmark-overlap.against=",
    ]
    hashed = work.check("train.jsonl", *rules[:-1], rules[-1] + "tasks.index")
    clear = work.check(
        "train.jsonl", "-j", "2", "--shard-size", "50", *rules[:-1], rules[-1] + "bench/*.jsonl"
    )
    assert hashed.code == clear.code == 1
    assert [finding["row"] for finding in hashed.findings("duplicates/benchmark-overlap")] == [
        0,
        1,
        2,
    ]
    assert hashed.report["findings"] == clear.report["findings"]


def test_a_file_that_is_no_benchmark_ends_in_a_message(work):
    work.chat("train.jsonl")
    work.write("bad.jsonl", '{"question": 1}\n{"question"\n')
    run = work.check("train.jsonl", "--option", "duplicates/benchmark-overlap.against=bad.jsonl")
    assert run.code == 2
    assert "bad.jsonl line 2 is not JSON" in run.err
    run = work.run("index", "make", "gone.jsonl", "-o", "x.index")
    assert run.code == 2
    assert "gone.jsonl" in run.err
