"""Relevance to a reference, with the real vectorizer and the real encoder."""

from __future__ import annotations

import json
import random

import pytest

from dslint import testing
from dslint.model import Severity
from dslint.plugin import OptionFile, texts_in
from dslint_packs.relevance.off_topic import OffTopic

VERBS = [
    "transfer money to",
    "check the balance of",
    "close",
    "open",
    "freeze",
    "pay the bill of",
    "order a new card for",
    "show the statement of",
]
ACCOUNTS = [
    "my savings account",
    "my checking account",
    "the joint account",
    "my credit card",
    "the business account",
]
BANKING = [
    f"please {verb} {account} {when}"
    for verb in VERBS
    for account in ACCOUNTS
    for when in ("today", "now")
]
ELSEWHERE = [
    "which planets have rings and which have moons",
    "sing a song for my grandmother's birthday",
    "how long do hedgehogs sleep in winter?",
]
SAME = [
    "please close the joint account right now",
    "transfer money to my savings account tonight",
    "show me the balance of my credit card",
]


def reference(texts=BANKING):
    return (OptionFile("reference.txt", "\n".join(texts).encode()),)


def rows(rule, texts):
    return testing.run(rule, [{"text": text} for text in texts]).rows


@pytest.mark.parametrize("backend", ["tfidf", "semantic"])
def test_what_is_about_something_else_is_flagged(backend):
    assert rows(OffTopic(reference=reference(), backend=backend), [*ELSEWHERE, *SAME]) == [0, 1, 2]


def test_every_record_has_a_score_if_asked():
    found = testing.run(
        OffTopic(reference=reference(), report="all"),
        [{"text": text} for text in [*ELSEWHERE, *SAME]],
    ).findings
    scores = [finding.score for finding in found]
    assert len(scores) == 6
    assert {finding.severity for finding in found} == {Severity.INFO}
    assert min(scores[:3]) >= 0.99 > max(scores[3:])


def test_about_as_many_of_the_same_kind_are_flagged_as_the_threshold_says():
    chance = random.Random(1)
    words = [f"word{number}" for number in range(300)]
    texts = [" ".join(chance.choices(words, k=12)) for _ in range(900)]
    flagged = len(rows(OffTopic(reference=reference(texts[:400]), threshold=0.9), texts[400:]))
    assert 0.05 < flagged / 500 < 0.15


def test_the_same_for_any_batch_and_each_record_alone():
    rule = OffTopic(reference=reference(), report="all", threshold=0.5)
    records = [{"text": text} for text in [*ELSEWHERE, *SAME, *BANKING[::7]]]
    whole = testing.run(rule, records)
    assert testing.run(rule, records, testing.Run(batch=2, cuts=(3,), pickled=True)) == whole
    assert testing.run(rule, records, testing.Run(single=True)) == whole


def test_a_reference_that_is_too_small_is_refused(work, call, refused):
    work.chat()
    work.jsonl("few.jsonl", {"text": "one"}, {"text": "two"})
    refused(
        call("check", "data.jsonl", "--option", "relevance/off-topic.reference=few.jsonl"),
        "2 texts",
        "10",
    )
    refused(
        call("check", "data.jsonl", "--option", "relevance/off-topic.reference=none*.jsonl"),
        "none*.jsonl",
    )


def test_the_texts_of_a_reference_are_those_of_its_records():
    chat = {
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": "U"},
            {"role": "assistant", "content": "A"},
        ]
    }
    assert texts_in(OptionFile("x.jsonl", json.dumps(chat).encode() + b"\n\n")) == ["S\nU\nA"]
    assert texts_in(OptionFile("x.json", json.dumps([chat, chat]).encode()), ("target",)) == [
        "A",
        "A",
    ]
    assert texts_in(OptionFile("x.csv", 'text,label\n"a, b",1\né,2\n'.encode())) == ["a, b", "é"]
    assert texts_in(OptionFile("x.txt", b"a\n\nb\n")) == ["a", "b"]
    assert texts_in(OptionFile("", b'["a", "b"]')) == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "data"),
    [("x.jsonl", b'{"text": "a"}\n{"text\n'), ("x.txt", b"\xff"), ("x.csv", b'text\n"a')],
)
def test_a_reference_that_cannot_be_read_is_an_error(name, data):
    with pytest.raises(ValueError, match=r"^x\."):
        texts_in(OptionFile(name, data))


def test_a_description_alone_is_a_reference(call, work, refused):
    work.jsonl("data.jsonl", *({"text": text} for text in [*ELSEWHERE, *SAME]))
    config = '[rules]\nselect = ["relevance/off-topic"]\n[rules."relevance/off-topic"]\ndescription = {}\n'
    work.write("dslint.toml", config.format(json.dumps(". ".join(BANKING))))
    assert [
        finding["row"]
        for finding in call("check", "-o", "json", "data.jsonl").findings("relevance/off-topic")
    ] == [0, 1, 2]
    work.write("dslint.toml", config.format('"Accounts and cards."'))
    refused(call("check", "data.jsonl"), "1 texts", "more sentences")
