"""What is wrong with a file is told with its place, and everything else in it is still read."""

from __future__ import annotations

import bz2
import datetime
import decimal
import gzip
import json
import lzma
import math
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dslint.data import readers, shapes
from dslint.data.readers import tables
from dslint.data.readers.document import JsonDocument
from dslint.errors import InputError
from dslint.model import Input, Shard

ANY = shapes.named("any", shapes.BUILT_IN)


def read(path: Path, max_record: int = 1 << 20, max_depth: int = 200):
    """Return the rows, the defects, and the problem that ended reading."""
    reader, note = readers.reader_for(str(path), str(path), readers.BUILT_IN)
    item = Input(
        index=0,
        path=str(path),
        dataset="d",
        format=reader.name,
        shape="any",
        bytes=path.stat().st_size,
    )
    rows, defects = [], []
    try:
        for batch in reader.read(Shard(input=item, location=str(path)), ANY, max_record, max_depth):
            rows += zip(batch.rows, batch.lines, batch.values, strict=True)
            defects += [
                (defect.row, defect.line, defect.column, defect.message) for defect in batch.defects
            ]
    except InputError as error:
        return rows, defects, error, reader.name, note
    return rows, defects, None, reader.name, note


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


GOOD = '{"text": "a"}'


@pytest.mark.parametrize(
    ("text", "good", "place"),
    [
        ('[\n {"text": "a"},\n {"text": tru},\n {"text": "c"}\n]', [0, 2], (1, 3, 11)),
        ('[\n {"text": "a"},\n {"text": "é" "b"},\n {"text": "c"}\n]', [0, 2], (1, 3, 15)),
        ('[\n {"text": "a"},\n {"text": "b},\n {"text": "c"}\n]', [0, 2], (1, 3, 11)),
        ('[\n {"text": "a"},\n {"text": ["b"},\n {"text": "c"}\n]', [0, 2], (1, 3, 15)),
        ('[\n {"text": "a"},\n {"text": {"b": 1},\n {"text": "c"}\n]', [0, 2], (1, 4, 2)),
        ('[{"text": "a"}, {"text": ["b"}, {"text": "c"}]', [0, 2], (1, 1, 30)),
        ('[{"text": "a"} {"text": "b"}]', [0, 2], (1, 1, 16)),
        ('[{"text": "a"},, {"text": "b"}]', [0, 2], (1, 1, 16)),
        ('[{"text": "a"}, {"text": "b"},\n]', [0, 1], (2, 2, 1)),
        ('[{"text": "a"}, {"text": "b"}', [0, 1], (2, 1, 30)),
        ('[{"text": "a"}, {"text": "b"}] x', [0, 1], (2, 1, 32)),
        ('[{"text": "a"}, {"text": NaN}]', [0], (1, 1, 26)),
        ('[{"text": "a"}, {"text": "\\ud800"}]', [0], (1, 1, 27)),
        ('[{"text": "a"},\n  {"text": "b", "turns": [{"text": "c"}', [0], (1, 2, 40)),
    ],
)
def test_damaged_element(tmp_path, text, good, place):
    rows, defects, problem, _, _ = read(written(tmp_path, "a.json", text))
    assert problem is None
    assert [row for row, _, _ in rows] == good
    assert [defect[:3] for defect in defects] == [place]


def test_invalid_utf8_in_an_array(tmp_path):
    rows, defects, _, _, _ = read(
        written(tmp_path, "a.json", b'[{"text": "a"},\n{"text": "\xff"},\n{"text": "c"}]')
    )
    assert [row for row, _, _ in rows] == [0, 2]
    assert defects == [(1, 2, 11, "invalid UTF-8: byte 0xFF at byte offset 10 of the record")]


def test_elements_of_every_kind_and_size(tmp_path):
    values = [
        {},
        [],
        [[1]],
        "a, ]",
        1,
        -0.5,
        None,
        True,
        {"code": "if (a) { [ }"},
        {"code": "}" * 50},
        {"long": "x" * 3_000_000},
        {"last": 1},
    ]
    for indent in (None, 1):
        rows, defects, _, _, _ = read(
            written(tmp_path, "a.json", json.dumps(values, indent=indent)), max_record=1 << 22
        )
        assert [value for _, _, value in rows] == values
        assert not defects


def test_limits_of_an_element(tmp_path):
    text = json.dumps([{"a": "x" * 300}, {"a": 1}, {"a": [[[[[[1]]]]]]}, {"a": 2}])
    rows, defects, _, _, _ = read(written(tmp_path, "a.json", text), max_record=100, max_depth=5)
    assert [value for _, _, value in rows] == [{"a": 1}, {"a": 2}]
    assert [message for *_, message in defects] == [
        "the record is longer than 100 bytes",
        "nested more than 5 levels deep",
    ]


def test_an_element_that_never_ends_costs_no_more_than_a_record_may(tmp_path):
    path = written(tmp_path, "a.json", '[{"a": "' + "x" * (8 << 20) + '"},\n{"a": 2}]')
    rows, defects, _, _, _ = read(path, max_record=1000)
    assert [message.partition(";")[0] for *_, message in defects] == [
        "the record is longer than 1,000 bytes"
    ]
    assert len(rows) <= 1


def test_a_large_array_takes_little_memory(tmp_path):
    element = json.dumps({"text": "word " * 100, "label": 1})
    path = written(tmp_path, "a.json", "[" + ", ".join([element] * 20_000) + "]")
    reader = JsonDocument()
    item = Input(
        index=0, path="a", dataset="d", format="json", shape="any", bytes=path.stat().st_size
    )
    tracemalloc.start()
    count = sum(
        len(batch)
        for batch in reader.read(Shard(input=item, location=str(path)), ANY, 1 << 26, 200)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert path.stat().st_size > 10_000_000
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("name", "content", "format_", "count"),
    [
        ("a.json", GOOD, "json", 1),
        ("a.json", '{\n "text":\n "a"\n}', "json", 1),
        ("a.json", f"{GOOD}\n{GOOD}\n", "jsonl", 2),
        ("a.json", f"{GOOD}\n\n{{broken\n{GOOD}", "jsonl", 2),
        ("a.json", f'{{"text": \n{GOOD}\n{GOOD}\n', "jsonl", 2),
        ("a.json", "7", "json", 1),
        ("a.jsonl", f"[{GOOD},\n{GOOD}]", "json", 2),
        ("a.jsonl", f"[{GOOD}, {GOOD}]", "json", 2),
        ("a.jsonl", f"[{GOOD}]\n[{GOOD}]\n", "jsonl", 2),
        ("a.jsonl", "[1, 2]", "jsonl", 1),
        ("a.data", f"[{GOOD}]", "json", 1),
        ("a.data", f"{GOOD}\n{GOOD}\n", "jsonl", 2),
        ("a.jsonl.gz", f"{GOOD}\n", "jsonl", 1),
        ("a.jsonl", gzip.compress(f"{GOOD}\n".encode(), mtime=0), "jsonl", 1),
    ],
)
def test_format_by_content(tmp_path, name, content, format_, count):
    rows, _, problem, found, note = read(written(tmp_path, name, content))
    assert (problem, found, len(rows)) == (None, format_, count)
    assert (note is not None) == (name.removesuffix(".gz") != f"a.{format_}")


def test_no_reader_names_what_is_readable(tmp_path):
    with pytest.raises(InputError) as caught:
        read(written(tmp_path, "a.docx", "hello"))
    assert ".parquet" in caught.value.hint


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_compressed_files(tmp_path, suffix, pack):
    raw = b"".join(b'{"text": "%d"}\n' % number for number in range(50_000))
    half = len(raw) // 2
    whole = pack(raw[:half]) + pack(raw[half:])
    assert len(read(written(tmp_path, f"a.jsonl.{suffix}", whole))[0]) == 50_000
    rows, _, problem, _, _ = read(written(tmp_path, f"b.jsonl.{suffix}", pack(raw)[:-20]))
    assert "ends early" in problem.message
    assert len(rows) > 20_000 or suffix == "bz2"
    broken = bytearray(pack(raw))
    broken[len(broken) // 2] ^= 0xFF
    broken[len(broken) // 2 + 1] ^= 0xFF
    assert "damaged" in read(written(tmp_path, f"c.jsonl.{suffix}", bytes(broken)))[2].message


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_decompression_bomb(tmp_path, monkeypatch, suffix, pack):
    monkeypatch.setattr("dslint.data.readers.files.FREE_BYTES", 1 << 20)
    rows, _, problem, _, _ = read(
        written(tmp_path, f"a.jsonl.{suffix}", pack(b'{"a": 1}\n' + b" " * (20 << 20)))
    )
    assert "bomb" in problem.message
    assert len(rows) == 1


def test_utf16_without_a_mark_is_a_problem_with_its_cure(tmp_path):
    path = written(tmp_path, "a.csv", "a,b\n1,2\n".encode("utf-16-le"))
    with pytest.raises(InputError, match="UTF-16"):
        readers.files.examine(str(path))


def test_damaged_rows_of_csv(tmp_path):
    raw = b'a,b\n1,"x\ny"\n2,"open\n3,4\n5,6,7\n8,"q" r\n9,\xff\n10,\0\n\n"11\n12,13\n'
    rows, defects, problem, _, _ = read(written(tmp_path, "a.csv", raw))
    assert problem is None
    assert rows == [
        (0, 2, {"a": "1", "b": "x\ny"}),
        (2, 5, {"a": "3", "b": "4"}),
        (8, 12, {"a": "12", "b": "13"}),
    ]
    assert [(row, line, message) for row, line, _, message in defects] == [
        (1, 4, "text after the closing quotation mark of a field"),
        (3, 6, "expected 2 fields, got 3"),
        (4, 7, "text after the closing quotation mark of a field"),
        (5, 8, "invalid UTF-8: byte 0xFF"),
        (6, 9, "a NUL byte"),
        (7, 11, "the quotation mark that opens a field here is not closed"),
    ]


def test_names_of_columns(tmp_path):
    rows, defects, _, _, _ = read(written(tmp_path, "a.csv", "\ufeff,t,t,t_2\n1,2,3,4\n"))
    assert rows == [(0, 2, {"": "1", "t": "2", "t_3": "3", "t_2": "4"})]
    assert [message for *_, message in defects] == [
        "column 1 has no name",
        "column 3 has the name of an earlier column; it is read under another name",
    ]


@pytest.mark.parametrize(
    ("content", "want"),
    [
        ("a;b\n1;2,5\n", {"a": "1", "b": "2,5"}),
        ("a\tb\n1\t2\n", {"a": "1", "b": "2"}),
        ("a;b,c\n1;2,5\n", {"a;b": "1;2", "c": "5"}),
        ("a\nx;y\n", {"a": "x;y"}),
    ],
)
def test_delimiter_only_if_clear(tmp_path, content, want):
    assert [value for _, _, value in read(written(tmp_path, "a.csv", content))[0]] == [want]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.json", "a.jsonl", "a.txt"])
@pytest.mark.parametrize("content", ["", "\ufeff", "\n\n"])
def test_empty_files_have_no_records(tmp_path, name, content):
    assert read(written(tmp_path, name, content))[:3] == ([], [], None)


def test_long_rows_of_csv(tmp_path):
    raw = 'a,b\n1,"' + "x\n" * 1000 + '"\n2,' + "y" * (2 << 20) + "\n3,4\n"
    rows, defects, _, _, _ = read(written(tmp_path, "a.csv", raw), max_record=5000)
    assert rows[-1] == (rows[-1][0], 1004, {"a": "3", "b": "4"})
    assert [message for *_, message in defects] == ["the record is longer than 5,000 bytes"]


def test_values_of_tables(tmp_path):
    when = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "image": pa.array([b"\xff" * 10, None], pa.binary()),
            "share": pa.array([math.nan, 0.5]),
            "half": pa.array([0.5, None], pa.float16()),
            "day": pa.array([datetime.date(2026, 1, 2), None]),
            "when": pa.array([when, None], pa.timestamp("ns", "UTC")),
            "price": pa.array([decimal.Decimal("1.50"), None]),
            "count": pa.array([decimal.Decimal(12), None], pa.decimal128(5, 0)),
            "label": pa.array(["x", None]).dictionary_encode(),
            "large": pa.array(["x", None], pa.large_string()),
            "map": pa.array([[("k", b"v")], None], pa.map_(pa.string(), pa.binary())),
            "nested": pa.array([[{"at": datetime.date(2026, 1, 2), "raw": b""}], None]),
            "fixed": pa.array([[1, 2], None], pa.list_(pa.int8(), 2)),
            "nothing": pa.nulls(2),
        }
    )
    pq.write_table(table.drop_columns(["half"]), tmp_path / "a.parquet")
    with pa.ipc.new_file(str(tmp_path / "a.arrow"), table.schema) as writer:
        writer.write_table(table)
    for name in ("a.parquet", "a.arrow"):
        rows, defects, problem, _, _ = read(tmp_path / name)
        assert (defects, problem) == ([], None)
        first, second = (value for _, _, value in rows)
        assert set(second.values()) == {None, 0.5}
        assert first["image"]["bytes"] == 10
        assert len(first["image"]["digest"]) == 32
        assert first["map"]["k"]["bytes"] == 1
        assert first["nested"][0]["at"] == "2026-01-02"
        assert first["when"].startswith("2026-01-02 03:04:05")
        assert {
            key: first[key]
            for key in ("share", "day", "price", "count", "label", "large", "fixed", "nothing")
        } == {
            "share": None,
            "day": "2026-01-02",
            "price": "1.50",
            "count": 12,
            "label": "x",
            "large": "x",
            "fixed": [1, 2],
            "nothing": None,
        }
        json.dumps(first)


def test_text_of_a_table_that_is_no_utf8(tmp_path):
    bad = pa.array([b"a", b"\xff", b"c"]).view(pa.string())
    pq.write_table(pa.table({"text": bad}), tmp_path / "a.parquet")
    rows, defects, _, _, _ = read(tmp_path / "a.parquet")
    assert [(row, value) for row, _, value in rows] == [(0, {"text": "a"}), (2, {"text": "c"})]
    assert defects == [(1, None, None, "invalid UTF-8: byte 0xFF")]


@pytest.mark.parametrize("kind", ["parquet", "arrow", "stream"])
def test_damaged_tables_are_problems(tmp_path, kind):
    table = pa.table({"text": ["some words " * 20, "b"] * 500, "n": list(range(1000))})
    path = tmp_path / ("a.parquet" if kind == "parquet" else "a.arrow")
    if kind == "parquet":
        pq.write_table(table, path, row_group_size=100, use_dictionary=False)
    else:
        with (pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream)(
            str(path), table.schema
        ) as writer:
            writer.write_table(table, max_chunksize=100)
    raw = path.read_bytes()
    for cut in range(0, len(raw), len(raw) // 15):
        path.write_bytes(raw[:cut])
        read(path)
        path.write_bytes(raw[:cut] + bytes([raw[cut] ^ 0xFF]) + raw[cut + 1 :])
        rows, _, problem, _, _ = read(path)
        assert problem is not None or rows or cut == 0
    path.write_bytes(raw[: len(raw) // 2])
    assert read(path)[2].kind == "unreadable-file"


def test_bombs_in_tables(tmp_path, monkeypatch):
    pq.write_table(pa.table({"a": pa.nulls(200_000, pa.int8())}), tmp_path / "rows.parquet")
    pq.write_table(pa.table({"a": ["x" * 100_000] * 2_000}), tmp_path / "same.parquet")
    pq.write_table(
        pa.table({"a": [" " * 5_000_000]}), tmp_path / "page.parquet", compression="zstd"
    )
    monkeypatch.setattr(tables, "FREE_CELLS", 1000)
    monkeypatch.setattr(tables, "FREE_BYTES", 1 << 20)
    monkeypatch.setattr(tables, "MAX_RATIO", 10)
    for name in ("rows", "same", "page"):
        assert "bomb" in read(tmp_path / f"{name}.parquet")[2].message
