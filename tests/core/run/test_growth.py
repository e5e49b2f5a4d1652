"""Nothing hangs: what a rule does with a long record is bounded by its length, and what it keeps of a dataset by what it has to say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslint import redact_record, testing
from dslint.data.record import Record
from dslint.engine import contract
from dslint.model import Severity
from dslint.nlp.code_spans import code_spans, outside, prose
from dslint.nlp.lexicon import Entry, Lexicon
from dslint.nlp.matcher import Matcher
from dslint.nlp.obfuscation import letters_of, spelt
from dslint.nlp.words import Addresses, nfkc
from dslint.rules import lexicon_rule
from dslint.rules.base import RecordRule
from dslint.storage.state import State
from dslint_packs.language.grammar import sentences
from dslint_packs.offensive.profanity import Profanity
from dslint_packs.pii.contact import EmailAddress
from dslint_packs.pii.presidio import Pattern, PatternRecognizer
from dslint_packs.structure.mixed_shapes import MixedShapes
from dslint_packs.structure.tool_call import ToolCall
from dslint_packs.text.invisible import InvisibleCharacters
from dslint_packs.text.repetition import Repetition

MARKS = "\u0301\u0323\u0344\uff9e\u3099\u05b0\u0483"


@given(st.text(st.sampled_from(f"a é{MARKS}"), max_size=200))
def test_the_normal_form_is_that_of_unicode(text):
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        (r"\[a\] b \(c\)", [(0, 5), (8, 13)]),
        (r"\[ \( a\) \[", [(3, 9)]),
        (r"\(\) a\)", [(0, 8)]),
        (r"\[" * 5 + "`a`", [(10, 13)]),
        ("$$a$$ $$", [(0, 5)]),
    ],
)
def test_formulas_that_are_never_closed_are_no_code(text, spans):
    assert code_spans(text) == spans


def test_code_is_blank_in_prose_and_its_lines_stay():
    assert prose("a `b`\n```\ncode\n``` c") == "a    \n   \n    \n    c"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3))), st.sets(st.integers(0, 30)))
def test_what_begins_in_a_hole_is_left_out(found, borders):
    spans = [(start, start + size) for start, size in found]
    edges = sorted(borders)
    holes = list(zip(edges[::2], edges[1::2], strict=False))
    assert outside(spans, holes) == [
        span for span in spans if not any(start <= span[0] < end for start, end in holes)
    ]


OLD_SPELT = re.compile(
    r"(?<![^\s\"“(\[{*_])[^\W\d_](?:[ ._*-]{1,2}[^\W\d_](?!\w)){2,}(?![^\s.,;:!?\"”)\]}*_])"
)


@given(st.text(st.sampled_from('abc .-_*x1"%é'), max_size=30))
def test_words_whose_letters_stand_apart(text):
    said = [
        [(found.start() + at, sign) for at, sign in enumerate(found[0]) if sign.isalpha()]
        for found in OLD_SPELT.finditer(text)
    ]
    found = [
        [(place, text[place]) for place in range(*span) if text[place].isalpha()]
        for span in spelt(text)
    ]
    assert found == said
    assert [letters_of(text, *span) for span in spelt(text)] == [
        "".join(sign for _, sign in word) for word in said
    ]


def in_address(text, start):
    """What an address is, said slowly."""
    before = re.split(r"[ \t\n]", text[:start])[-1]
    mail = re.compile(r"[\w.+-]+@[\w-]+\.\w").match(text, start - len(before), start + 64)
    return before.endswith("@") or "://" in before or before.startswith("www.") or mail is not None


@given(
    st.lists(
        st.sampled_from(["a", "b.c", "@", "://", "www.", " ", "\n", "d" * 70, "-"]), max_size=12
    ).map("".join)
)
def test_what_is_in_an_address(text):
    addresses = Addresses(text)
    for word in re.finditer(r"\w+", text):
        assert addresses.hold(word.start()) == in_address(text, word.start())


OLD_SENTENCE = re.compile(r"[^\s.!?][^.!?\n]*[.!?]+[\"'”’)]*(?=\s|\Z)")  # noqa: RUF001 - quotes


@given(
    st.lists(
        st.sampled_from(["one two three four", "3.14", ".", "?!", '"', " ", "\n", "a"]), max_size=12
    ).map("".join)
)
def test_sentences_are_those_that_end_in_a_full_stop(text):
    said = [found[0] for found in OLD_SENTENCE.finditer(text)]
    assert sentences(text) == [one for one in said if one.count(" ") >= 3 and prose(one) == one]


def test_a_text_without_punctuation_is_no_sentence():
    assert sentences("the same word " * 200 + "ends.") == []


@pytest.mark.parametrize("inside", ["shit fuck", "an f.u.c.k. and s-h-i-t"])
def test_swear_words_that_are_set_apart_are_all_found(inside):
    lexicon = Lexicon(name="x", language="en", entries=(Entry(term="fuck"), Entry(term="shit")))
    found = Matcher([lexicon], disguises=True).find(f"{'a b c d ' * 50}{inside}")
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a" + "\u202e" * 7 + "b", "(first of 7)"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f" + "\U000e0041" * 3, "(first of 3)"),
        (
            "中\u200b\u200b\u200b\u200b文",
            "(first of 2)",
        ),  # beside a letter of a script without spaces a zero-width space has a purpose
        ("\u202b\u202b\u0645", None),
    ],
)
def test_invisible_characters_in_a_row_are_counted_one_by_one(text, said):
    findings = testing.run(InvisibleCharacters(), [{"text": text}]).findings
    assert [finding.message for finding in findings if said and finding.message.endswith(said)] or (
        not findings and said is None
    )


def test_a_very_long_text_is_repetitive_by_its_beginning():
    looped = "Call now and save! " * 60_000
    assert testing.run(Repetition(), [{"text": looped + "x" * 9}]).findings
    words = " ".join(f"{number * 7919 % 99991:x}" for number in range(220_000))
    assert not testing.run(Repetition(), [{"text": words + looped}]).findings


def test_a_late_answer_does_not_read_the_record_anew_for_each_result(monkeypatch):
    read = []
    texts = Record.texts
    monkeypatch.setattr(Record, "texts", lambda self, *roles: read.append(1) or texts(self, *roles))
    results = [{"role": "tool", "content": "4"}] * 50
    said = testing.run(
        ToolCall(),
        [
            {
                "messages": [
                    {"role": "user", "content": "2+2?"},
                    {"role": "assistant", "content": "So:"},
                    *results,
                ]
            }
        ],
    )
    assert len(said.findings) == 50
    assert len(read) == 1


def test_what_presidio_gives_up_is_no_pass():
    class Slow:
        def finditer(self, *_, **__):
            raise TimeoutError

    recognizer = PatternRecognizer(supported_entity="X", patterns=[Pattern("slow", "a", 0.5)])
    recognizer.patterns[0].compiled_regex, recognizer.patterns[0].compiled_with_flags = (
        Slow(),
        recognizer.global_regex_flags,
    )
    with pytest.raises(TimeoutError):
        recognizer.analyze("a", ["X"])


CHAT = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
ALPACA = {"instruction": "Name a fruit.", "input": "", "output": "An apple."}


@pytest.mark.parametrize("rows", [[{"a": 1}] * 4000, [CHAT] * 4000], ids=["none", "one"])
def test_what_has_its_files_shape_leaves_a_row_a_batch_and_compacted_one(rows):
    rule = MixedShapes()
    kept = []
    observe, compact = rule.observe, rule.compact

    class Watched(MixedShapes):
        def observe(self, batch):
            columns = observe(batch)
            kept.append(len(columns["record"]))
            return columns

        def conclude(self, state, source):
            assert len(state) == 1
            return super().conclude(state, source)

        def compact(self, state):
            return compact(state) if isinstance(state, State) else None

    assert not testing.run(
        Watched(), rows, testing.Run(batch=100), shape="any" if "a" in rows[0] else None
    ).findings
    assert kept == [1] * 40


def test_compacting_loses_no_record_of_another_shape():
    rows = [CHAT] * 30 + [ALPACA] + [CHAT] * 30 + [{"a": 1}] * 9
    once = testing.run(MixedShapes(), rows, shape="any")
    assert once.rows == [30]
    for how in (
        testing.Run(batch=3),
        testing.Run(batch=3, compact=True, cuts=(10, 31, 50)),
        testing.Run(batch=7, arrow=True, backwards=True),
    ):
        assert testing.run(MixedShapes(), rows, how, shape="any") == once


def test_of_very_many_findings_on_a_record_the_last_stands_for_those_that_are_not_listed(
    monkeypatch,
):
    monkeypatch.setattr(contract, "MOST", 10)
    monkeypatch.setattr(lexicon_rule, "MOST", 10)
    mails = {"text": "ada@lovelace.dev, " * 35}
    for rule, records in (
        (Profanity(), [{"text": "fuck " * 35}] * 2),
        (EmailAddress(), [mails] * 2),
    ):
        found = testing.run(rule, records).findings
        assert [finding.more for finding in found] == ([0] * 9 + [25]) * 2
        assert all(one.at.start < other.at.start for one, other in pairwise(found[:10]))
        assert (
            found[9].message == f"{found[8].message}; 25 similar ones in this record are not listed"
        )
        assert testing.run(rule, records, testing.Run(single=True)).findings == found
    with pytest.raises(ValueError, match="more findings than are listed"):
        redact_record(mails, found[:10])


class GraveAtTheEnd(RecordRule):
    name = "grave"

    def check(self, record):
        for number in range(50):
            yield self.finding(
                record.at("/text", number, number + 1), "a sign", severity=Severity.INFO
            )
        yield self.finding(record.at("/text", 50, 51), "a grave one", severity=Severity.ERROR)


def test_the_gravest_of_very_many_findings_is_listed(monkeypatch):
    monkeypatch.setattr(contract, "MOST", 10)
    found = testing.run(GraveAtTheEnd(), [{"text": "x" * 60}]).findings
    assert [finding.severity for finding in found] == [Severity.INFO] * 10 + [Severity.ERROR]
    assert [finding.more for finding in found] == [0] * 9 + [40, 0]


def test_what_is_not_listed_counts(call, work):
    many = contract.MOST + 2000
    work.write("data.jsonl", json.dumps({"text": "Dear {{name}}, " * many}) + "\n")
    limit = f"structure/unfilled-template.count={many - 1}"
    said = call(
        "check",
        "--isolated",
        "--select",
        "structure/unfilled-template",
        "--max",
        limit,
        "-o",
        "json=out.json",
    )
    report = json.loads((work.root / "out.json").read_text())
    assert said.code == 1
    assert len(report["findings"]) == contract.MOST
    assert (
        report["measures"]["structure/unfilled-template.count"]
        == many
        == report["counts"]["warning"]
    )


RUN = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = os.wait4(child.pid, 0)[2]
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
"""Starts a command from a small process: what is started counts its parent's memory as its own."""


def taken(folder, lines, *flags):
    """CPU seconds and megabytes of a run over some lines."""
    (folder / "data.jsonl").write_text("".join(lines))
    dslint = [sys.executable, "-m", "dslint", "check", "data.jsonl", "--isolated", "-j", "1"]
    command = [sys.executable, "-c", RUN, *dslint, "--no-progress", "-o", "json=out.json", *flags]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert json.loads((folder / "out.json").read_text())["problems"] == []
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


NO_SHAPE = ['{"a": 1}\n', '{"b": 2.5}\n']
MIXED = [json.dumps(CHAT) + "\n", json.dumps(ALPACA) + "\n"]
NUMBERS = "".join(f"{number * 7919 % 99991:x} " for number in range(12_000))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="what a child takes is not told here")
@pytest.mark.parametrize(
    ("data", "size"),
    [
        (NO_SHAPE, 10_000),
        (MIXED, 1_500),
        (lambda times: [json.dumps({"text": NUMBERS[: 16_000 * times]}) + "\n"], 1),
    ],
    ids=["rows of no known shape", "mixed shapes", "one long text"],
)
def test_four_times_the_data_takes_six_times_the_time_at_most(data, size, tmp_path):
    """And a text twenty megabytes more. Rows fill what is there for them first: see below."""
    lines = data if callable(data) else lambda times: data * (size * times)
    less, low = taken(tmp_path, lines(1))
    more, high = taken(tmp_path, lines(4))
    assert high <= low + 20 or not callable(data)
    assert more <= 6 * less or min(more, taken(tmp_path, lines(4))[0]) <= 6 * less


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="what a child takes is not told here")
def test_four_times_the_rows_take_twenty_megabytes_more_at_most(tmp_path):
    """From where on state is in Arrow and on disk; without a bound it grows with the rows."""

    def rows(count):
        return [f'{{"{"ab"[number % 2]}": {number}}}\n' for number in range(count)]

    _, low = taken(tmp_path, rows(200_000), "--memory", "4MB")
    _, high = taken(tmp_path, rows(800_000), "--memory", "4MB")
    assert high <= low + 20
