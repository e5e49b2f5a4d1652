"""Whatever a format can hold is read back with the right rows, lines and values, from whole files, tiny shards, and places entered again."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dslint.data import readers, shapes
from dslint.data.readers.source import DataFile, FileSource, stamp
from dslint.errors import InputError
from dslint.model import Input, Location, Shard

pytestmark = pytest.mark.slow

ANY = shapes.named("any", shapes.BUILT_IN)
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
records = st.lists(st.dictionaries(words, values, min_size=1, max_size=4), min_size=1, max_size=12)


def opened(path: Path) -> tuple[readers.Reader, Input]:
    reader, _ = readers.reader_for(str(path), str(path), readers.BUILT_IN)
    return reader, Input(
        index=0,
        path=str(path),
        dataset="d",
        format=reader.name,
        shape="any",
        bytes=path.stat().st_size,
    )


def read(path: Path, size: int | None = None):
    reader, item = opened(path)
    shards = (
        reader.split(item, str(path), size) if size else [Shard(input=item, location=str(path))]
    )
    batches = [batch for shard in shards for batch in reader.read(shard, ANY, 1 << 20, 200)]
    rows = [
        row for batch in batches for row in zip(batch.rows, batch.lines, batch.values, strict=True)
    ]
    return rows, [defect for batch in batches for defect in batch.defects], batches


def assert_entered_again(path: Path) -> None:
    """Every record is found by its place alone."""
    rows, _, batches = read(path)
    reader, item = opened(path)
    marks = {0: [batch.mark for batch in batches if batch.mark is not None]}
    source = FileSource(
        {item.path: DataFile(item, str(path), reader, ANY, stamp(str(path)))}, marks, 1 << 20, 200
    )
    for row, line, value in rows:
        (record,) = source.records([Location(item.path, row)])
        assert (record.row, record.line, record.value) == (row, line, value)


@pytest.fixture(params=[2, 1000])
def batch_size(request, monkeypatch):
    for module in ("jsonl", "document", "delimited", "tables"):
        monkeypatch.setattr(f"dslint.data.readers.{module}.BATCH", request.param)


@SETTINGS
@given(
    data=records,
    indent=st.sampled_from([None, 1, 2]),
    tail=st.sampled_from(["", "\n", " \n\n"]),
    bom=st.booleans(),
)
def test_json_array(tmp_path, batch_size, data, indent, tail, bom):
    path = tmp_path / "data.json"
    text = json.dumps(data, indent=indent, ensure_ascii=False)
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + (text + tail).encode())
    rows, defects, _ = read(path)
    assert not defects
    assert [value for _, _, value in rows] == data
    assert [row for row, _, _ in rows] == list(range(len(data)))
    lines, position = [], 1
    for value in data:
        position += 1 if indent else 0
        lines.append(position)
        position += json.dumps(value, indent=indent).count("\n")
    assert [line for _, line, _ in rows] == lines
    assert_entered_again(path)


@SETTINGS
@given(
    data=records,
    size=st.integers(1, 60),
    blank=st.sampled_from(["", "\n", " \r\n"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_json_lines(tmp_path, batch_size, data, size, blank, end):
    path = tmp_path / "data.jsonl"
    path.write_bytes(
        (
            blank + (end + blank).join(json.dumps(value, ensure_ascii=False) for value in data)
        ).encode()
    )
    step = 2 if blank else 1
    want = [(row, step * (row + 1), value) for row, value in enumerate(data)]
    assert read(path)[0] == want == read(path, size)[0]
    assert_entered_again(path)


@SETTINGS
@given(data=st.lists(words, min_size=1, max_size=10), size=st.integers(1, 40))
def test_text(tmp_path, batch_size, data, size):
    path = tmp_path / "data.txt"
    path.write_bytes("\n".join(data).encode())
    lines = [line.removesuffix("\r") for line in "\n".join(data).split("\n")]
    lines[0] = lines[0].removeprefix("\ufeff")
    want = [(number, line) for number, line in enumerate(lines, start=1) if line.strip(" \t\r")]
    assert [(line, value) for _, line, value in read(path)[0]] == want
    assert read(path)[0] == read(path, size)[0]
    assert_entered_again(path)


fields = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=8
) | st.sampled_from(['"', "\n", "\r\n", ",", "a\nb", "", 'x "y"'])


@SETTINGS
@given(
    data=st.lists(st.tuples(fields, fields), min_size=1, max_size=10),
    end=st.sampled_from(["\n", "\r\n"]),
    kind=st.sampled_from(["csv", "tsv"]),
)
def test_delimited(tmp_path, batch_size, data, end, kind):
    path = tmp_path / f"data.{kind}"
    out = io.StringIO(newline="")
    writer = csv.writer(
        out, lineterminator=end, delimiter="," if kind == "csv" else "\t", quoting=csv.QUOTE_ALL
    )
    writer.writerow(["one", "two"])
    starts = []
    for row in data:
        starts.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    path.write_bytes(out.getvalue().encode())
    rows, defects, _ = read(path, 8)
    assert not defects
    assert rows == [
        (number, line, {"one": one, "two": two})
        for number, (line, (one, two)) in enumerate(zip(starts, data, strict=True))
    ]
    assert_entered_again(path)


columns = st.fixed_dictionaries(
    {
        "text": st.none() | words,
        "number": st.none() | st.integers(-(2**63), 2**63 - 1),
        "share": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "turns": st.none()
        | st.lists(
            st.fixed_dictionaries({"role": words, "content": st.none() | words}), max_size=3
        ),
        "meta": st.none()
        | st.fixed_dictionaries({"tags": st.lists(words, max_size=3), "ok": st.booleans()}),
    }
)
SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "number": pa.int64(),
        "share": pa.float64(),
        "turns": pa.list_(pa.struct({"role": pa.string(), "content": pa.string()})),
        "meta": pa.struct({"tags": pa.large_list(pa.string()), "ok": pa.bool_()}),
    }
)


@SETTINGS
@given(
    data=st.lists(columns, min_size=1, max_size=12),
    size=st.integers(1, 5),
    kind=st.sampled_from(["parquet", "arrow", "stream"]),
)
def test_tables(tmp_path, batch_size, data, size, kind):
    path = tmp_path / ("data.parquet" if kind == "parquet" else "data.arrow")
    table = pa.Table.from_pylist(data, schema=SCHEMA)
    if kind == "parquet":
        pq.write_table(table, path, row_group_size=size)
    else:
        make = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
        with make(str(path), SCHEMA) as writer:
            writer.write_table(table, max_chunksize=size)
    want = [(row, None, value) for row, value in enumerate(data)]
    assert read(path)[0] == want == read(path, 1)[0]
    assert_entered_again(path)


@SETTINGS
@given(
    garbage=st.binary(max_size=200),
    name=st.sampled_from(
        [
            "a.json",
            "a.jsonl",
            "a.csv",
            "a.txt",
            "a.parquet",
            "a.arrow",
            "a.json.gz",
            "a.csv.xz",
            "a.jsonl.bz2",
        ]
    ),
)
def test_garbage_never_crashes(tmp_path, garbage, name):
    path = tmp_path / name
    path.write_bytes(garbage)
    with suppress(InputError):
        read(path)


@SETTINGS
@given(
    data=records,
    cut=st.integers(0, 400),
    noise=st.sampled_from([b"", b"}", b'"', b"\xff", b"[", b",", b"\n"]),
    indent=st.sampled_from([None, 2]),
)
def test_damaged_arrays_are_reported(tmp_path, data, cut, noise, indent):
    raw = json.dumps(data, indent=indent).encode()
    cut %= len(raw)
    damaged = raw[:cut] + noise + (raw[cut + 1 :] if noise else b"")
    path = tmp_path / "data.json"
    path.write_bytes(damaged)
    try:
        sound = type(json.loads(damaged)) is list
    except ValueError:
        sound = False
    rows, defects, _ = read(path)
    if not sound and damaged.strip():
        assert defects or not rows or damaged.lstrip()[:1] != b"["
