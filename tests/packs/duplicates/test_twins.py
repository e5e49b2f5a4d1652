"""Two texts that were made to have one XXH3 digest are two texts: none repeats the other, and none hides the other from a comparison."""

from __future__ import annotations

import pytest
from xxhash import xxh3_128_digest

from dslint.data.record import digest, digests, secure_digest, secure_digests

SIZE = 500


def raw_twin(letters, head=b'{"text":"', tail=b'"}'):
    """Return a JSON text of 500 bytes whose digest is that of its twin.

    XXH3 multiplies the halves of eight bytes after xor with its own constants. Where one half equals the constant the product is zero, whatever
    the other half is; that is added to a sum, to which a second place in the same lane gives what the first one takes.
    """
    text = bytearray(head + b"a" * (SIZE - len(head) - len(tail)) + tail)
    for place, letter, before, fixed, after in (
        (56, letters[0], b"aa\xc3", b"\x81\x3a\x26\x4c", b"aaaa"),
        (312, letters[1], b"aa\xc3", b"\xa9\xde\xac\xd8", b"\x81aaa"),
    ):
        text[place : place + 12] = letter + before + fixed + after
    return bytes(text)


RAW = [raw_twin((b"m", b"m")), raw_twin((b"n", b"l"))]
BROKEN = [raw_twin((b"m", b"m"), tail=b'"!'), raw_twin((b"n", b"l"), tail=b'"!')]


def test_the_twins_are_twins():
    """Else the tests below would show nothing."""
    for one, other in (RAW, BROKEN):
        assert one != other
        assert xxh3_128_digest(one) == xxh3_128_digest(other)


def test_sameness_is_that_of_values():
    values = [{"a": 1, "b": [2]}, {"b": [2], "a": 1}, {"a": 1}, "x", None, [{"y": 1, "x": 2}]]
    assert secure_digests(values) == list(map(secure_digest, values))
    assert digests(values) == list(map(digest, values))
    assert secure_digest(values[0]) == secure_digest(values[1])
    assert len(set(map(secure_digest, values))) == len(values) - 1
    assert {len(made) for made in map(secure_digest, values)} == {16}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_twins_do_not_repeat_each_other(work, call, jobs):
    for name, text in zip(("a", "b"), RAW, strict=True):
        work.write(f"{name}.jsonl", text + b"\n")
    result = call("check", "-o", "json", "a.jsonl", "b.jsonl", "--select", "duplicates", "-j", jobs)
    assert result.findings("duplicates/exact") == []
    work.write("a.jsonl", RAW[0] + b"\n" + RAW[0] + b"\n")
    result = call("check", "-o", "json", "a.jsonl", "b.jsonl", "--select", "duplicates", "-j", jobs)
    assert [finding["row"] for finding in result.findings("duplicates/exact")] == [1]


def test_a_twin_is_no_leak_and_no_conflict(work, call):
    for name, text, label in (("train", RAW[0], b"x"), ("test", RAW[1], b"y")):
        work.write(f"{name}.jsonl", text[:-1] + b',"label":"' + label + b'"}\n')
    options = ("--select", "duplicates", "--column", "label=label")
    result = call("check", "-o", "json", "train.jsonl", "test.jsonl", *options)
    assert result.findings("duplicates/conflicting-answer") == []
    assert not [one for one in result.findings("duplicates/leakage") if one["score"] in (None, 1)]


@pytest.mark.parametrize("pair", [RAW, BROKEN])
def test_a_twin_in_the_place_of_a_record_is_new(work, call, git, pair):
    work.write("a.jsonl", pair[0] + b"\n")
    git("commit")
    work.write("a.jsonl", pair[1] + b"\n")
    git("commit")
    result = call("check", "a.jsonl", "--changed-since", "HEAD~1")
    assert "1 new record in 1 file" in result.out + result.err
