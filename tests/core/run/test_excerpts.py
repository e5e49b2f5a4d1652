"""Findings in their records: the right stretch is marked, and what nobody may see is masked, wherever the window is cut."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslint.masking.redact import masks, redact
from dslint.model import Finding, Location
from dslint.reporters.sampling import active, gravest, shares, smallest_of_each
from dslint.run import api
from dslint.run import excerpts as made
from dslint.run.excerpts import AROUND, LONGEST, excerpt

VALUES = [
    "ada.lovelace@example.org",
    "4111 1111 1111 1111",
    "ghp_" + "a1B2" * 9,
    "-----BEGIN RSA PRIVATE KEY-----" + "MIIEpAIBAAKCAQEA" * 190,
]


def about(field="", start=None, end=None):
    return Finding(
        at=Location("d.jsonl", 0, 1, None, field, start, end),
        message="m",
        rule="a/b",
        fingerprint="f",
    )


def shown(passages):
    return "".join(piece.text for passage in passages for piece in passage.pieces)


def marked(passages):
    return [
        (passage.field, piece.text)
        for passage in passages
        for piece in passage.pieces
        if piece.kind == "marked"
    ]


def test_the_span_is_marked_between_its_neighbours():
    texts = {"/a": "one", "/b": "two", "/c": "x three y", "/d": "four", "/e": "five", "/f": "six"}
    passages = excerpt(texts, about("/c", 2, 7), {})
    assert [passage.field for passage in passages] == ["/a", "/b", "/c", "/d", "/e"]
    assert marked(passages) == [("/c", "three")]
    assert "".join(piece.text for piece in passages[2].pieces) == "x three y"


def test_a_field_without_a_span_is_marked_as_a_whole():
    texts = {"/m/0/role": "user", "/m/0/content": "hi", "/m/1/role": "bot", "/m/1/content": "ho"}
    assert marked(excerpt(texts, about("/m/1"), {})) == [
        ("/m/1/role", "bot"),
        ("/m/1/content", "ho"),
    ]


def test_a_long_text_is_cut_aloud_around_its_span():
    text = "a" * 5000 + "HERE" + "b" * 5000
    (passage,) = excerpt({"": text}, about("", 5000, 5004), {})
    assert [piece.kind for piece in passage.pieces] == ["gap", "plain", "marked", "plain", "gap"]
    assert passage.pieces[1].text == "a" * AROUND
    (whole,) = excerpt({"/t": text}, about("/t"), {})
    assert [(piece.kind, len(piece.text)) for piece in whole.pieces] == [
        ("marked", LONGEST),
        ("gap", 0),
    ]


@pytest.mark.parametrize("value", VALUES, ids=["mail", "card", "token", "key"])
@pytest.mark.parametrize("cut", [0, 3, 8, 15])
def test_a_value_that_the_window_cuts_is_masked_all_the_same(value, cut):
    text = "x " * 700 + value + " " + "y" * 50
    start = text.index(value) + len(value) + AROUND - cut - 320
    for position in (text.index(value) - AROUND + cut, max(start, 0), text.index(value) + cut):
        passages = excerpt({"/t": text}, about("/t", position, position + 2), {})
        pieces = re.findall(r"[^\s\[\]]{6,}", shown(passages))
        assert not any(piece in value for piece in pieces), pieces


def test_what_sensitive_rules_found_is_masked_in_every_excerpt_of_the_record():
    texts = {"/q": "I am Ada Lovelace of Ockham.", "/a": "Hello"}
    passages = excerpt(texts, about("/a"), {"/q": [(5, 17)]})
    assert "Ada" not in shown(passages)
    assert "I am [masked] of Ockham." in shown(passages)
    assert marked(excerpt(texts, about("/q", 5, 17), {"/q": [(5, 17)]})) == [("/q", "[masked]")]
    assert shown(excerpt(texts, about("/a"), {"/q": [None]})) == "[masked]Hello"


def test_a_record_is_not_shown_where_something_sensitive_has_no_place_in_it():
    assert excerpt({"/a": "Ada"}, about("/a"), {"": [None]}) == ()
    assert excerpt({"/a": "Ada"}, about("/a"), {"/[personal data]": [(0, 3)]}) == ()


def test_names_of_fields_are_masked():
    (passage,) = excerpt({"/ada@example.org": "x"}, about(), {})
    assert passage.field == "/[personal data]"


SNIPPET = st.sampled_from(
    [*VALUES[:3], "password: hunter2", " ", "text", "é", "\n", "-", "[x]", "1"]
)


@given(st.lists(SNIPPET, max_size=8).map("".join))
def test_masks_cover_what_the_redactor_masks(text):
    found = masks(text)
    assert bool(found) == (redact(text) != text)
    rest = text
    for start, end, mask in reversed(found):
        rest = rest[:start] + mask + rest[end:]
    assert redact(rest) == rest


PLUGIN = """
from dataclasses import dataclass
from dslint.plugin import RecordRule, hookimpl

@dataclass(frozen=True)
class Name(RecordRule):
    '''Finds Zephyra.

    Why: a test.
    '''
    name = "person"
    sensitive = True

    def check(self, record):
        for part in record.texts(("all",)):
            start = part.text.find("Zephyra")
            if start >= 0:
                yield self.finding(part.at(start, start + 7), "a name")

@hookimpl
def dslint_rules():
    return [Name]
"""


@pytest.fixture
def leaky(work):
    work.plugin("names", PLUGIN)
    work.jsonl(
        "data.jsonl",
        {
            "messages": [
                {"role": "user", "content": "I am Zephyra. Mail bob@example.org"},
                {"role": "assistant", "content": "Dear {{name}}, " + "x" * 40},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "Eve"},
                {"role": "assistant", "content": "Dear {{name}}"},
            ]
        },
    )
    return work


def data_of(text):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1]
    )


def test_the_html_report_shows_records_and_hides_values(leaky, call):
    text = call("check", "-o", "html", "--select", "structure,names").out
    assert "Zephyra" not in text.replace("Finds Zephyra.", "")
    assert "bob@example.org" not in text
    data = data_of(text)
    assert len(data["excerpts"]) == len(data["findings"]) == 3
    pieces = [
        piece for passages in data["excerpts"].values() for _, parts in passages for piece in parts
    ]
    assert ["marked", "{{name}}"] in pieces
    assert ["marked", "[masked]"] in pieces
    assert ["masked", "[personal data]"] in pieces


def test_other_reports_do_not_read_the_records_again(leaky, call, monkeypatch):
    asked = []
    monkeypatch.setattr(made, "excerpts", lambda *args: asked.append(args) or {})
    call("check", "-o", "json")
    assert not asked
    call("check", "-o", "html")
    assert len(asked) == 1


def test_a_file_that_changed_meanwhile_is_not_shown(leaky, monkeypatch):
    env = api.environment()
    settings = api.configure(
        env,
        {
            "dataset": {"files": [str(leaky.root / "data.jsonl")]},
            "rules": {"select": ["structure"]},
        },
    )
    assemble = api.assemble

    def slow(*args):
        report = assemble(*args)
        (leaky.root / "data.jsonl").write_text('{"messages": []}\n')
        return report

    monkeypatch.setattr(api, "assemble", slow)
    report = api.run(env, api.replace(settings, excerpts=10))
    assert len(report.findings) == 2
    assert report.excerpts == {}


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 50)), st.integers(0, 100))
def test_shares_are_fair(counts, limit):
    shared = shares(counts, limit)
    assert sum(shared.values()) == min(limit, sum(counts.values()))
    cut = [shared[name] for name in counts if shared[name] < counts[name]]
    assert all(abs(one - max(cut)) <= 1 for one in cut)
    assert all(shared[name] <= counts[name] for name in counts)


def test_samples_keep_the_order_and_the_bound(reports):
    found = [reports.finding(row, rule) for row in range(30) for rule in ("a/x", "a/y")] + [
        reports.finding(1, "a/z")
    ]
    some = list(gravest(found, active(found), {"a/x": 5, "a/y": 5, "a/z": 1}))
    assert len(some) == 11
    assert [found.index(finding) for finding in some] == sorted(
        found.index(finding) for finding in some
    )
    kept = smallest_of_each(found, {"a/x": 5, "a/y": 5, "a/z": 1})
    assert {rule: len(chosen) for rule, chosen in kept.items()} == {"a/x": 5, "a/y": 5, "a/z": 1}
    every = sorted(finding.fingerprint for finding in found if finding.rule == "a/x")
    assert [finding.fingerprint for finding in kept["a/x"]] == every[:5]
