"""Sources that are not trusted."""

from __future__ import annotations

import pytest

from dslint import testing
from dslint_packs.source.untrusted import Untrusted


def flagged(text, **options):
    return [
        (finding.at.start, finding.at.end)
        for finding in testing.run(Untrusted(**options), [{"text": text}]).findings
    ]


@pytest.mark.parametrize(
    ("address", "denied"),
    [
        ("https://bad.example/x", True),
        ("http://www.BAD.example", True),
        ("https://user:word@bad.example:8080/x?y#z", True),
        ("ftp://a.b.bad.example.", True),
        ("https://notbad.example/", False),
        ("https://bad.example.org/", False),
        ("https://good.org/?to=https://bad.example", True),
        ("https://good.org/bad.example", False),
        ("https://x.blog.org", True),
        ("https://blog.org", False),
        ("bad.example", False),
    ],
)
def test_domains_mean_their_subdomains_and_nothing_else(address, denied):
    assert bool(flagged(f"é see ({address}), please", deny=("bad.example", "*.blog.org"))) is denied


def test_the_span_is_the_host():
    assert flagged("é https://bad.example/x https://good.org", deny=("bad.example",)) == [(10, 21)]


def test_what_is_not_allowed_is_flagged():
    assert flagged("https://docs.python.org https://x.org", allow=("python.org",)) == [(32, 37)]


def test_a_source_column_may_be_an_address_or_a_name(work, call):
    sources = ["https://bad.example/1", "gpt-4o", "gutenberg", None]
    work.jsonl(
        "data.jsonl",
        *({"text": f"text {number}", "source": source} for number, source in enumerate(sources)),
    )
    flags = [
        "--select",
        "source/untrusted",
        "--column",
        "source=source",
        "--fail-on",
        "warning",
        "-o",
        "json",
    ]
    result = call(
        "check", "data.jsonl", *flags, "--option", "source/untrusted.deny=bad.example,gpt-*"
    )
    assert (result.code, [finding["row"] for finding in result.findings("source/untrusted")]) == (
        1,
        [0, 1],
    )
    assert "bad.example" not in result.out.partition('"findings"')[2]


def test_without_lists_there_is_nothing_to_do(work, call, refused):
    work.chat()
    refused(
        call("check", "data.jsonl", "--select", "source/untrusted"),
        "'allow' or 'deny'",
        "--option source/untrusted.allow=VALUE",
    )
    assert [
        rule["reason"]
        for rule in call("check", "data.jsonl", "-o", "json").report["rules"]
        if rule["id"] == "source/untrusted"
    ] == ["needs the option 'allow' or 'deny'"]
