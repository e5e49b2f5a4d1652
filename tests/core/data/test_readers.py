"""JSON Lines: every record is found at its exact row and line, every bad one at its exact column."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from dslint.data.readers import files
from dslint.data.readers.diagnose import diagnose, duplicate_keys, too_deep
from dslint.data.readers.jsonl import JsonLines
from dslint.data.shapes import BUILT_IN
from dslint.errors import InputError
from dslint.model import Input, Shard

ANY = BUILT_IN[-1]
READER = JsonLines()


def item(path, size=0):
    return Input(index=0, path=str(path), dataset="d", format="jsonl", shape="any", bytes=size)


def read(path, *, max_record=1 << 26, max_depth=200, shards=None):
    """Return (row, line, value) of the records, and the defects."""
    records, defects = [], []
    for shard in shards or [Shard(input=item(path), location=str(path))]:
        for batch in READER.read(shard, ANY, max_record, max_depth):
            records += zip(batch.rows, batch.lines, batch.values, strict=True)
            defects += batch.defects
    return records, defects


def errors(defects):
    return [(d.row, d.line, d.column) for d in defects if d.rule == "dslint/parse-error"]


@pytest.fixture
def data(tmp_path):
    def write(content, name="x.jsonl"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def test_rows_count_records_and_lines_count_lines(data):
    records, defects = read(data(b'{"a":1}\n\n  \n{"a":2}\n{"a":\n{"a":3}'))
    assert records == [(0, 1, {"a": 1}), (1, 4, {"a": 2}), (3, 6, {"a": 3})]
    assert errors(defects) == [(2, 5, 6)]


def test_a_byte_order_mark_is_no_part_of_the_first_record(data):
    assert read(data(b'\xef\xbb\xbf{"a":1}\n{"a":2}\n')) == (
        [(0, 1, {"a": 1}), (1, 2, {"a": 2})],
        [],
    )
    assert errors(read(data(b"\xef\xbb\xbf{]\n"))[1]) == [(0, 1, 2)]


def test_a_byte_order_mark_inside_the_file_is_an_error(data):
    assert errors(read(data(b"1\n\xef\xbb\xbf2\n"))[1]) == [(1, 2, 1)]


def test_windows_line_ends(data):
    records, defects = read(data(b"1\r\n\r\n2\r\n[x]\r\n"))
    assert [record[:2] for record in records] == [(0, 1), (1, 3)]
    assert errors(defects) == [(2, 4, 2)]


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\\n", "\\u000a"])
def test_only_a_line_feed_ends_a_line(data, sign):
    records, defects = read(data(f'"a{sign}b"\n2\n'.encode()))
    assert [record[:2] for record in records] == [(0, 1), (1, 2)]
    assert not defects


@pytest.mark.parametrize("sign", [b"\x0c", b"\x0b", b"\x00", b"\xa0", b"\xc2\xa0"])
def test_other_white_space_than_that_of_json_is_no_blank_line(data, sign):
    records, defects = read(data(b"1\n" + sign + b"\n2\n"))
    assert [record[:2] for record in records] == [(0, 1), (2, 3)]
    assert errors(defects)[0][:2] == (1, 2)


@pytest.mark.parametrize(
    ("line", "column", "word"),
    [
        (b'{"a": NaN}', 7, "NaN"),
        (b'{"a": -Infinity}', 7, "-Infinity"),
        (b"[Infinity]", 2, "Infinity"),
        (b'{"NaN": "NaN \\" NaN", "b": NaN}', 28, "NaN"),
        (b'["-Infinity", Infinity]', 15, "Infinity"),
        (b'["\xc3\xa9", NaN]', 7, "NaN"),
        (b"1e999", 1, "out of range"),
        (b'{"a": 1e999}', 7, "out of range"),
        (b"9" * 5000, 1, "digits"),
        (b'["' + b"9" * 5000 + b'", 1e5, -' + b"9" * 5000 + b"]", 5011, "digits"),
        (b'"\xff"', 2, "UTF-8"),
        (b'"\xc3\xa9\xff"', 3, "byte offset 3"),
        (b'"ab\\ud800"', 4, "surrogate"),
        (b'"\\ude00\\ud83d"', 2, "surrogate"),
        (b'"\\\\ud800 \\ud800"', 10, "surrogate"),
        (b"{'a': 1}", 2, "property name"),
        (b'{"a": 1,}', 9, ""),
        (b'{"a": 1} {"a": 2}', 10, "extra data"),
        (b'"\x01"', 2, "control character"),
        (b'"a', 1, "unterminated"),
        (b"[" * 100_000, 1, "nested"),
        (b"[" * 100_000 + b"]" * 100_000, 1, "nested"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, 1, "nested"),
    ],
)
def test_what_is_no_json_is_refused_at_its_column(data, line, column, word):
    records, defects = read(data(b"1\n" + line + b"\n2\n"))
    assert [record[:2] for record in records] == [(0, 1), (2, 3)]
    assert errors(defects) == [(1, 2, column)]
    assert word.lower() in defects[0].message.lower()


def test_a_message_never_quotes_the_record(data):
    for line in (
        b'{"secret": "hunter2" x}',
        b"hunter2",
        b'"hunter2',
        b'{"hunter2": NaN}',
        b'{"hunter2": "\\ud800"}',
        b'{"hunter2": "\xff"}',
    ):
        for defect in read(data(line + b"\n"))[1]:
            assert "hunter2" not in defect.message


@pytest.mark.parametrize(
    "number",
    ["0", "-0", "1.5e300", "123456789012345678901234567890", "-9223372036854775809", "1e-400"],
)
def test_numbers_of_any_size_that_can_be_read_are_records(data, number):
    assert [value for _, _, value in read(data(number.encode() + b"\n"))[0]] == [json.loads(number)]


def test_nesting_up_to_the_limit_is_read(data):
    content = (
        b"[" * 200
        + b"]" * 200
        + b"\n"
        + b"[" * 201
        + b"]" * 201
        + b"\n"
        + b'{"a":' * 201
        + b"1"
        + b"}" * 201
        + b"\n"
    )
    records, defects = read(data(content))
    assert [row for row, _, _ in records] == [0]
    assert errors(defects) == [(1, 2, 1), (2, 3, 1)]


def test_brackets_in_texts_are_no_nesting():
    assert not too_deep(json.dumps(["[" * 50, '\\"[[[[[[', "{" * 50]).encode(), 5)
    assert too_deep(b"[[[[[[]]]]]]", 5)


@pytest.mark.parametrize("block", [7, 64, 1 << 20])
def test_an_overlong_record_is_a_defect_and_the_next_ones_are_read(data, monkeypatch, block):
    monkeypatch.setattr(files, "BLOCK", block)
    long = json.dumps("x" * 500).encode()
    path = data(b"1\n" + long + b"\n2\n" + long + b"\n" + long)
    records, defects = read(path, max_record=100)
    assert [record[:2] for record in records] == [(0, 1), (2, 3)]
    assert [defect[:2] for defect in errors(defects)] == [(1, 2), (3, 4), (4, 5)]
    assert read(path, max_record=502)[1] == []


@pytest.mark.parametrize("block", [7, 64, 1 << 20])
def test_a_file_can_be_entered_behind_an_overlong_record(data, monkeypatch, block):
    monkeypatch.setattr(files, "BLOCK", block)
    monkeypatch.setattr("dslint.data.readers.jsonl.BATCH", 2)
    path = data(
        b'0\n"' + b"x" * 300 + b'"\n' + b"".join(b"%d\n" % number for number in range(2, 20))
    )
    batches = list(READER.read(Shard(input=item(path), location=str(path)), ANY, 50, 200))
    for batch in batches:
        row, line, offset = batch.mark
        entered = Shard(
            input=item(path), location=str(path), start=offset, first_row=row, first_line=line
        )
        first = next(iter(READER.read(entered, ANY, 50, 200)))
        assert (list(first.rows), list(first.lines), first.values) == (
            list(batch.rows),
            list(batch.lines),
            batch.values,
        )


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b'{"a":1,"a":2}', "/a"),
        (b'{"a" :1,"b":0,"a" :2}', "/a"),
        (b'{"a"\t:1,"a"\t:2}', "/a"),
        (b'{"a":1,"\\u0061":2}', "/a"),
        (b'{"b":{"a":1,"a":2}}', ""),
        (b'[{"a":1,"a":1}]', ""),
        (b'{"a/b":1,"a/b":2}', "/a~1b"),
        (b'{"t":"say \\"x\\": y","t":"\\":\\":"}', "/t"),
        (b'{"":1,"":2}', "/"),
    ],
)
def test_a_key_that_stands_twice_is_said(data, line, field):
    records, defects = read(data(b'{"z":0}\n' + line + b'\n{"z":1}\n'))
    assert len(records) == 3
    assert [(d.rule, d.row, d.line, d.field) for d in defects] == [
        ("dslint/duplicate-key", 1, 2, field)
    ]


@pytest.mark.parametrize("text", ['":', '"":"":', '\\":', '{"a":1,"a":2}', '" :', '"\t:', '\\\\":'])
def test_a_text_that_looks_like_keys_is_no_duplicate(data, text):
    assert read(data(json.dumps({"a": text, "b": {"a": text}, text: 1}).encode() + b"\n"))[1] == []


def test_duplicate_keys_of_a_record_with_many_digits():
    assert duplicate_keys(b'{"a":123456789012345678901234567890,"b":1}') is None


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
BAD = st.sampled_from(
    [
        b"{",
        b"[1,]",
        b"NaN",
        b'"\xff"',
        b'"\\ud800"',
        b"{'a':1}",
        b"\x0c",
        b"1 2",
        b"nul",
        b'"' + b"x" * 200 + b'"',
    ]
)
BLANK = st.sampled_from([b"", b" ", b"\t ", b"\r", b"\r\r", b" \r"])
LINES = st.lists(
    st.one_of(
        st.tuples(
            st.just("good"),
            st.tuples(VALUES, st.booleans()).map(
                lambda pair: json.dumps(pair[0], ensure_ascii=pair[1]).encode()
            ),
        ),
        st.tuples(st.just("bad"), BAD),
        st.tuples(st.just("blank"), BLANK),
    ),
    max_size=25,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=LINES,
    end=st.sampled_from([b"\n", b"\r\n"]),
    last=st.booleans(),
    bom=st.booleans(),
    block=st.integers(1, 80),
    size=st.integers(1, 200),
    batch=st.integers(1, 5),
)
@example(
    lines=[("blank", b""), ("good", b"1"), ("good", b"2")],
    end=b"\n",
    last=True,
    bom=True,
    block=1,
    size=1,
    batch=1,
)
@example(
    lines=[("good", b"1"), ("blank", b"\r\r"), ("good", b"2")],
    end=b"\n",
    last=True,
    bom=False,
    block=1,
    size=1,
    batch=1,
)
@example(
    lines=[("good", b"1"), ("bad", b"\x0c"), ("good", b"2")],
    end=b"\n",
    last=True,
    bom=False,
    block=1,
    size=1,
    batch=1,
)
def test_what_is_written_is_read_back_however_the_file_is_cut(
    tmp_path, monkeypatch, lines, end, last, bom, block, size, batch
):
    limit = 150
    assume(
        not any(limit - 5 < len(text) < limit + 5 for _, text in lines)
    )  # a line end and a byte order mark may count, or not
    content = (
        (b"\xef\xbb\xbf" if bom else b"")
        + end.join(text for _, text in lines)
        + (end if last else b"")
    )
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    expected, bad, row = [], [], 0
    for number, (kind, text) in enumerate(lines, start=1):
        if kind == "good" and len(text) < limit:
            expected.append((row, number, json.loads(text)))
        elif kind != "blank":
            bad.append((row, number))
        row += kind != "blank"
    with monkeypatch.context() as patched:
        patched.setattr(files, "BLOCK", block)
        patched.setattr("dslint.data.readers.jsonl.BATCH", batch)
        shards = READER.split(item(path, len(content)), str(path), size)
        records, defects = read(path, shards=shards, max_record=limit)
    assert [(s.start, s.stop) for s in shards[1:]] == [
        (a.stop, b.stop) for a, b in pairwise(shards)
    ]
    assert json.dumps(records) == json.dumps(expected)
    assert [error[:2] for error in errors(defects)] == bad
    assert all(defect.rule == "dslint/parse-error" for defect in defects)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
@example(b'{"a": -NaN}')
@example(b'"\\u00"')
def test_any_bytes_are_a_record_or_a_defect_with_a_column(tmp_path_factory, line):
    line = line.replace(b"\n", b"")
    path = tmp_path_factory.mktemp("any") / "x.jsonl"
    path.write_bytes(
        b"1\n" + line
    )  # not the first line: there it could be taken for compressed data
    records, defects = read(path)
    blank = not line.strip(b" \t\r")
    assert len(records) + len(errors(defects)) == 1 + (not blank)
    for _, _, column in errors(defects):
        assert 1 <= column <= len(line) + 1


def test_the_diagnosis_agrees_with_the_position_of_pythons_own_parser():
    for text in ('{"a" 1}', '["é", x]', '{"a": tru}', "[1 2]"):
        with pytest.raises(json.JSONDecodeError) as raised:
            json.loads(text)
        assert diagnose(text.encode())[0] == raised.value.pos + 1


# Compressed files


def test_gzip_of_several_members_with_padding(data):
    content = (
        gzip.compress(b"1\n2")
        + gzip.compress(b"3\n")
        + gzip.compress(b"")
        + gzip.compress(b"4\n")
        + b"\0" * 512
    )
    assert read(data(content, "x.jsonl.gz"))[0] == [(0, 1, 1), (1, 2, 23), (2, 3, 4)]


def partly(path):
    """Return the rows that were read before the reader gave up, and why it did."""
    rows = []
    batches = READER.read(Shard(input=item(path), location=str(path)), ANY, 1 << 26, 200)
    with pytest.raises(InputError) as raised:
        rows.extend(row for batch in batches for row in batch.rows)
    return rows, raised.value.message


def lines_of(count):
    return b"".join(
        b'{"n": %d, "x": "%s"}\n' % (n, zlib.crc32(b"%d" % n).to_bytes(4, "big").hex().encode() * 3)
        for n in range(count)
    )


def test_truncated_gzip_is_read_as_far_as_it_goes(data):
    rows, message = partly(data(gzip.compress(lines_of(5000))[:-2000], "x.jsonl.gz"))
    assert len(rows) > 3000
    assert "truncated" in message
    assert "read up to line" in message


def test_gzip_that_ends_in_the_header_of_a_member(data):
    rows, message = partly(data(gzip.compress(b"1\n") + gzip.compress(b"2\n")[:5], "x.jsonl.gz"))
    assert rows == [0]
    assert "truncated" in message


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8b\x08 no more gzip",
        gzip.compress(b"1\n", mtime=0) + b"garbage",
        gzip.compress(b"1\n2\n", mtime=0)[:-8] + b"\1" * 8,
    ],
)
def test_damaged_gzip_is_said(data, content):
    assert "damaged" in partly(data(content, "x.jsonl.gz"))[1]


def zstd(content):
    pa = pytest.importorskip("pyarrow")
    return pa.Codec("zstd").compress(content, asbytes=True)


def test_zstd_of_several_frames(data):
    assert [value for _, _, value in read(data(zstd(b"1\n") + zstd(b"2\n"), "x.jsonl.zst"))[0]] == [
        1,
        2,
    ]


def test_truncated_zstd_is_read_as_far_as_it_goes(data):
    rows, message = partly(data(zstd(lines_of(50_000))[:-2000], "x.jsonl.zst"))
    assert len(rows) > 10_000
    assert "truncated" in message


def test_damaged_zstd_is_said(data):
    assert "damaged" in partly(data(b"\x28\xb5\x2f\xfd no more zstd", "x.jsonl.zst"))[1]


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_decompression_bomb_is_stopped(data, monkeypatch, pack):
    monkeypatch.setattr(files, "FREE_BYTES", 1 << 16)
    path = data(
        pack(b"1\n" + b" " * (1 << 24)), f"x.jsonl.{'gz' if pack is gzip.compress else 'zst'}"
    )
    assert "bomb" in partly(path)[1]


def test_a_large_file_of_an_ordinary_ratio_is_no_bomb(data, monkeypatch):
    monkeypatch.setattr(files, "FREE_BYTES", 1 << 10)
    assert len(read(data(gzip.compress(lines_of(2000)), "x.jsonl.gz"))[0]) == 2000


# What is not data


@pytest.mark.parametrize(
    ("content", "kind", "hint"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
            "data-pointer",
            "git lfs pull",
        ),
        (b"/annex/objects/SHA256E-s12--00.jsonl\n", "data-pointer", "git annex get"),
        ("[1]\n".encode("utf-16"), "unreadable-file", "iconv"),
        (b"\xfe\xff\0[\0]", "unreadable-file", "iconv"),
    ],
)
def test_pointers_and_other_encodings_are_refused_with_their_cure(data, content, kind, hint):
    with pytest.raises(InputError) as raised:
        files.examine(str(data(content)))
    assert raised.value.kind == kind
    assert hint in raised.value.hint


def test_data_kept_elsewhere_is_said(tmp_path):
    (tmp_path / "x.jsonl.dvc").write_text("outs: []\n")
    (tmp_path / "y.jsonl").symlink_to(".git/annex/objects/aa/bb/key")
    for name, hint in (("x.jsonl", "dvc pull"), ("y.jsonl", "git annex get")):
        with pytest.raises(InputError) as raised:
            files.examine(str(tmp_path / name))
        assert raised.value.kind == "data-pointer"
        assert hint in raised.value.hint


def test_missing_files_and_folders_are_said(tmp_path):
    for path, words in ((tmp_path / "no.jsonl", "no such file"), (tmp_path, "folder")):
        with pytest.raises(InputError, match=re.escape(words)):
            files.examine(str(path))


CHATS = b"".join(
    b'{"messages": [{"role": "user", "content": "say \\"a\\": %d"}, {"role": "assistant", "content": "\\\\"}]}\n'
    % n
    for n in range(100)
)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b'{"messages": [{"role": "user", "role": "x", "content": "b"}]}', ""),
        (b'{"messages": [], "messages": []}', "/messages"),
        (b'{"a\\\\": 1, "b": {"c": 2, "c": 3}}', ""),
    ],
)
def test_a_nested_key_that_stands_twice_is_said_among_many_sound_records(data, line, field):
    records, defects = read(data(CHATS + line + b"\n" + CHATS))
    assert len(records) == 201
    assert [(d.rule, d.row, d.field) for d in defects] == [("dslint/duplicate-key", 100, field)]


def test_records_that_are_nested_too_deeply_are_said_among_many_sound_ones(data):
    deep = b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}\n"
    records, defects = read(data(CHATS + deep + CHATS))
    assert (len(records), [(d.rule, d.row) for d in defects]) == (
        200,
        [("dslint/parse-error", 100)],
    )
