"""A file is read whole, or the run says that it is not: nothing behind an end, under a name twice, or of an odd kind is lost in silence."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dslint.data import readers, shapes

ROW = '{"text": "row %d of the data, which is read"}\n'
TABLE = pa.table({"text": [f"row {n}" for n in range(100)], "n": list(range(100))})
ONLY = ("--select", "structure/invalid-record")


def zstd(raw):
    return pa.compress(raw, "zstd", asbytes=True)


def gz(raw):
    return gzip.compress(raw, mtime=0)


PACKERS = {"gz": gz, "zst": zstd, "bz2": bz2.compress, "xz": lzma.compress}


def stream(table=TABLE, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=30)
    return sink.getvalue().to_pybytes()


def file(table=TABLE, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=30)
    return sink.getvalue().to_pybytes()


def parquet(table=TABLE, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def values(path):
    """Return the records of a file."""
    reader, _ = readers.reader_for(path.name, str(path), readers.BUILT_IN)
    anything = shapes.named("any", shapes.BUILT_IN)
    return readers.sample(reader, str(path), anything, 100, 1 << 26, 200)


@pytest.fixture
def read(work, call):
    """Write a file and check it: the code, the number of records, and all that is said."""

    def checked(name, content):
        work.write(name, content)
        result = call("check", "-o", "json", name, *ONLY)
        return result.code, result.report["counts"]["records"], result.out + result.err

    return checked


@pytest.mark.parametrize("options", [{}, {"compression": "zstd"}, {"compression": "lz4"}])
def test_arrow_streams_one_behind_the_other_are_all_read(read, options):
    other = pa.table({"text": ["another column"], "label": ["x"]})
    content = stream(**options) + stream() + stream(other)
    assert read("a.arrow", content)[:2] == (0, 201)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.arrow", stream() + file(), "followed by"),
        ("a.arrow", file() + stream(), "damaged"),
        ("a.arrow", file() + file(), "several Arrow files"),
        ("a.arrow", stream() + b"something else", "damaged"),
        ("a.arrow", file() + b"\n", "damaged"),
        ("a.parquet", parquet() + parquet(), "several Parquet files"),
        (
            "a.parquet",
            parquet() + parquet(TABLE.slice(0, 7), row_group_size=3),
            "several Parquet files",
        ),
        ("a.parquet", parquet() + b"\n", "damaged"),
    ],
)
def test_a_table_with_something_behind_it_is_a_problem(read, name, content, said):
    code, _, text = read(name, content)
    assert code == 2
    assert said in text


@pytest.mark.parametrize(
    "content",
    [
        parquet(
            pa.table({"text": ["PAR1PAR1", "PAR1PAR1"]}),
            use_dictionary=False,
            compression="none",
            write_page_index=True,
        ),
        parquet(row_group_size=10, write_page_index=True),
        file(compression="zstd"),
        file(TABLE.slice(0, 0)),
        parquet(TABLE.slice(0, 0)),
        file(pa.table({"label": pa.array(["a", "b", "a"]).dictionary_encode()}), compression="lz4"),
    ],
)
def test_sound_tables_are_none(read, content):
    name = "a.parquet" if content.startswith(b"PAR1") else "a.arrow"
    assert "damaged" not in read(name, content)[2]
    assert "several" not in read(name, content)[2]


def names_twice():
    struct = pa.StructArray.from_arrays(
        [pa.array(["one", "three"]), pa.array(["two", "four"])], names=["a", "a"]
    )
    listed = pa.ListArray.from_arrays([0, 1, 2], struct)
    return pa.table({"s": struct, "l": listed})


def keys_twice():
    maps = pa.array(
        [[("k", "one"), ("k", "two")], [("k", "three")], None], pa.map_(pa.string(), pa.string())
    )
    return pa.table({"m": maps})


@pytest.mark.parametrize("made", [parquet, file])
@pytest.mark.parametrize(
    ("table", "rows", "kept"), [(names_twice(), {0}, 2), (keys_twice(), {0}, 1)]
)
def test_what_is_twice_in_a_struct_or_a_map_is_said_and_kept(work, call, made, table, rows, kept):
    name = f"a.{'parquet' if made is parquet else 'arrow'}"
    work.write(name, made(table))
    result = call("check", "-o", "json", name)
    said = result.findings("dslint/duplicate-key")
    assert {finding["row"] for finding in said} == rows
    assert len(said) == kept
    first = json.dumps(values(work.root / name)[0])
    assert "one" in first
    assert "two" in first


@pytest.mark.parametrize("codec", PACKERS)
def test_parts_that_were_compressed_one_by_one_are_all_read(read, codec):
    pack = PACKERS[codec]
    content = b"".join(
        pack((ROW * 500 % tuple(range(at, at + 500))).encode()) for at in (0, 500, 1000)
    )
    assert read(f"a.jsonl.{codec}", content)[:2] == (0, 1500)


@pytest.mark.parametrize("codec", PACKERS)
@pytest.mark.parametrize("more", [b"something behind the end", b'{"text": "plain"}\n'])
def test_bytes_behind_compressed_data_are_a_problem(read, codec, more):
    code, records, text = read(f"a.jsonl.{codec}", PACKERS[codec]((ROW % 1).encode()) + more)
    assert code == 2
    assert records <= 1, text
    assert "damaged" in text or "ends early" in text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '[{"text": "a"}][{"text": "b"}]'),
        ("a.json", '[{"text": "a"}]\n[{"text": "b"}]'),
        ("a.json", '[{"text": "a"}] {"text": "b"}'),
        ("a.json", '{"text": "a"} {"text": "b"}'),
        ("a.jsonl", '{"text": "a"}{"text": "b"}\n'),
        ("a.jsonl", '{"text": "a"}\r{"text": "b"}\r'),
        ("a.jsonl", '{"text": "a"}\n\ufeff{"text": "b"}\n'),
        ("a.jsonl", '{"text": "a"}\n\0{"text": "b"}\n'),
        ("a.csv", "a,b\r1,2\r3,4\r"),
        ("a.csv", "a,b\n1,2\n\ufeffa,b\n3,4\n"),
        ("a.csv", "a,b\n1,2\n3,\0\n4,5\n"),
        ("a.txt", b"a\n\xffb\nc\n"),
    ],
)
def test_what_is_odd_in_a_text_is_said_or_read(read, name, content):
    """Either nothing is amiss, and each record is there; or there is a finding of it."""
    code, records, text = read(name, content)
    if name == "a.csv" and "\ufeff" in content:
        assert records == 3  # a header in the middle is a row
    else:
        assert code in (1, 2) or records == 2, text


@pytest.mark.parametrize("more", ["", "x\n"])
def test_lines_of_a_text_stay_texts_though_they_look_like_json(work, more):
    """Whatever stands beside them."""
    path = work.write("a.txt", '{"a": 1}\n{"a": 2}\n' + more)
    assert values(path)[:2] == ['{"a": 1}', '{"a": 2}']


@pytest.mark.parametrize("sign", [";", "|", "\t", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_first_line_with_which_excel_names_the_separator_is_obeyed(work, call, sign, end):
    work.write("a.csv", f"sep={sign}{end}text{sign}label{end}hello{sign}x{end}")
    assert values(work.root / "a.csv") == [{"text": "hello", "label": "x"}]
    assert call("check", "a.csv", *ONLY).code == 0


def test_rows_of_a_table_that_take_no_room_are_a_bomb(work, call, monkeypatch):
    monkeypatch.setattr("dslint.data.readers.files.FREE_ROWS", 1000)
    table = pa.table({"a": pa.nulls(100_000)})
    with pa.ipc.new_file(str(work.root / "a.arrow"), table.schema) as writer:
        writer.write_table(table)
    result = call("check", "a.arrow", *ONLY)
    assert result.code == 2
    assert "bomb" in result.err + result.out


@pytest.mark.parametrize("made", [file, stream])
@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_compressed_buffers_are_measured_before_they_are_unpacked(
    work, call, monkeypatch, made, codec
):
    monkeypatch.setattr("dslint.data.readers.tables.FREE_BYTES", 1 << 20)
    monkeypatch.setattr("dslint.data.readers.tables.MAX_RATIO", 10)
    decoded = []
    monkeypatch.setattr(
        "dslint.data.readers.tables._Rows.take", lambda _, part: decoded.append(part) or iter(())
    )
    work.write("a.arrow", made(pa.table({"text": [" " * 5_000_000]}), compression=codec))
    result = call("check", "a.arrow", *ONLY)
    assert result.code == 2
    assert "bomb" in result.err + result.out
    assert not decoded


def test_a_length_that_lies_is_refused_before_memory_is_taken(work, call):
    content = stream(pa.table({"text": [" " * 5_000_000]}), compression="zstd")
    lie = content.replace((5_000_000).to_bytes(8, "little"), (1 << 50).to_bytes(8, "little"))
    assert lie != content
    work.write("a.arrow", lie)
    result = call("check", "a.arrow", *ONLY)
    assert result.code == 2
    assert "bomb" in result.err + result.out


@pytest.mark.parametrize("made", [parquet, file])
def test_limits_of_a_record_hold_in_tables(work, call, made):
    name = f"a.{'parquet' if made is parquet else 'arrow'}"
    work.write("dslint.toml", "max-record-bytes = 1000\n")
    work.write(name, made(pa.table({"text": ["a", "b" * 2000, "c"]})))
    result = call("check", "-o", "json", name)
    assert [finding["row"] for finding in result.findings("dslint/parse-error")] == [1]
    kind = pa.string()
    for _ in range(12):
        kind = pa.list_(kind)
    work.write("dslint.toml", "max-depth = 8\n")
    work.write(name, made(pa.table({"text": pa.nulls(2, kind)})))
    result = call("check", name)
    assert result.code == 2
    assert "nested more than 8 levels" in result.out + result.err
