"""Files that mean ill: no shape takes more time than its length, and what expands too much is refused, in little memory."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
import time

import pyarrow as pa
import pytest

from dslint.data import readers, shapes
from dslint.data.readers import diagnose, sniff
from dslint.errors import InputError
from dslint.model import Input, Shard

ANY = shapes.named("any", shapes.BUILT_IN)
OPEN = b'[{"a":1},{"a":1},'
SHAPES = {
    "line ends": lambda n: b"\n" * n,
    "windows line ends": lambda n: b"\r\n" * (n // 2),
    "carriage returns": lambda n: b"\r" * n,
    "spaces": lambda n: b" " * n,
    "lines of a space": lambda n: b" \n" * (n // 2),
    "tabs": lambda n: b"\t" * n,
    "commas": lambda n: b"," * n,
    "semicolons": lambda n: (b";" * (n // 2) + b"\n") * 2,
    "quotes": lambda n: b'"' * n,
    "backslashes": lambda n: b"\\" * n,
    "colons": lambda n: b":" * n,
    "digits": lambda n: b"1" * n,
    "minus": lambda n: b"-" * n,
    "nulls": lambda n: b"null," * (n // 5),
    "zeros": lambda n: b"\0" * n,
    "line separators": lambda n: "\u2028".encode() * (n // 3),
    "byte order marks": lambda n: b"\xef\xbb\xbf" * (n // 3),
    "no UTF-8": lambda n: b"\xff" * n,
    "halves of UTF-16": lambda n: b'{"a":"' + b"\\ud800" * (n // 6) + b'"}',
    "brackets": lambda n: b"[" * n,
    "closed brackets": lambda n: b"[" * (n // 2) + b"]" * (n // 2),
    "braces": lambda n: b"{" * n,
    "nested objects": lambda n: b'{"a":' * (n // 6) + b"1" + b"}" * (n // 6),
    "key repeated": lambda n: b"{" + b'"a":1,' * (n // 6) + b'"a":1}',
    "many keys": lambda n: json.dumps({f"k{i}": 1 for i in range(n // 10)}).encode(),
    "one string": lambda n: b'{"a":"' + b"x" * n + b'"}',
    "an open string": lambda n: b'["' + b'\\"' * (n // 2),
    "array of commas": lambda n: b"[" + b"," * n,
    "array of bad values": lambda n: b"[" + b"NaN," * (n // 4),
    "array without commas": lambda n: b"[" + b'""' * (n // 2),
    "objects that are no JSON": lambda n: OPEN + b'{"a":x},' * (n // 8),
    "objects of open arrays": lambda n: OPEN + b'{"a":[x},' * (n // 9),
    "objects of open strings": lambda n: OPEN + b'{"a":"x,' * (n // 8),
    "objects that are never closed": lambda n: OPEN + b'{"a":[1,' * (n // 8),
    "braces in strings": lambda n: (
        OPEN + b'{"a":"' + b"}" * (n // 4) + b'"},' + b'{"a":"{"},' * (n // 14) + b"1]"
    ),
    "lines of bad JSON": lambda n: b'{"a":1}\n' + b"{\n" * (n // 2),
    "a header of one name": lambda n: b"a," * (n // 2) + b"\n1\n",
    "a header of taken names": lambda n: b",".join(
        [b"a_%d" % i for i in range(n // 12)] + [b"a"] * (n // 12)
    ),
    "rows of open quotes": lambda n: b"a,b\n" + b'a","""\n' * (n // 7),
    "rows of a quote": lambda n: b"a,b\n" + b'1,"\n' * (n // 4),
    "rows of blank lines": lambda n: b"a,b\n" + b"1,2\n\n\n\n" * (n // 7),
}


def read(path, name):
    """Read a file to its end, and return how many records and defects it has."""
    reader = {reader.name: reader for reader in readers.BUILT_IN}[name]
    size = os.path.getsize(path)
    item = Input(index=0, path="a", dataset="d", format=name, shape="any", bytes=size)
    sniff._format(sniff.head(str(path)), name)
    records = defects = 0
    try:
        for batch in reader.read(Shard(input=item, location=str(path)), ANY, 1 << 26, 200):
            records += len(batch.values)
            defects += len(batch.defects)
    except InputError:
        pass
    return records, defects


def seconds(path, name):
    begun = time.process_time()
    read(path, name)
    return time.process_time() - begun


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_as_the_length_does(tmp_path, shape):
    """Twice the length takes at most two and a half times as long; a suspicion is looked into again and again."""
    paths = []
    for size in (20_000, 40_000):
        paths.append(tmp_path / f"{size}")
        paths[-1].write_bytes(SHAPES[shape](size))
    for name in ("jsonl", "json", "csv", "tsv", "text"):
        taken = [seconds(path, name) for path in paths]
        for _ in range(8):
            if taken[1] < max(0.03, 2.5 * taken[0]):
                break
            taken = [min(one, seconds(path, name)) for one, path in zip(taken, paths, strict=True)]
        assert taken[1] < max(0.03, 2.5 * taken[0]), (name, taken)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ("array of commas", "json"),
        ("objects that are no JSON", "json"),
        ("objects of open strings", "json"),
        ("objects that are never closed", "json"),
        ("braces in strings", "json"),
        ("commas", "csv"),
        ("a header of taken names", "csv"),
        ("rows of open quotes", "csv"),
        ("rows of a quote", "csv"),
        ("lines of bad JSON", "jsonl"),
    ],
)
def test_a_million_bytes_take_as_long_as_four_quarters(tmp_path, shape, name):
    paths = [tmp_path / "quarter", tmp_path / "whole"]
    for path, size in zip(paths, (250_000, 1_000_000), strict=True):
        path.write_bytes(SHAPES[shape](size))
    taken = [seconds(path, name) for path in paths]
    for _ in range(3):
        if taken[1] < 7 * taken[0]:
            break
        taken = [min(one, seconds(path, name)) for one, path in zip(taken, paths, strict=True)]
    assert taken[1] < max(0.1, 7 * taken[0]), taken


def test_an_array_in_which_all_is_damaged_is_told_as_far_as_it_can_be(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(SHAPES["objects of open strings"](400_000) + b'\n{"a":"y"}, {"a":"z"}]')
    reader = {reader.name: reader for reader in readers.BUILT_IN}["json"]
    item = Input(index=0, path="a", dataset="d", format="json", shape="any")
    defects = [
        defect
        for batch in reader.read(Shard(input=item, location=str(path)), ANY, 1 << 26, 200)
        for defect in batch.defects
    ]
    assert any(
        "cannot be read" in defect.message or "can be read" in defect.message for defect in defects
    )


def test_open_quotes_in_every_row_lose_no_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(SHAPES["rows of open quotes"](400_000) + b"7,8\n")
    lines = path.read_bytes().count(b"\n")
    assert sum(read(path, "csv")) == lines - 1


def zstd(raw):
    return pa.compress(raw, "zstd", asbytes=True)


def gz(raw):
    return gzip.compress(raw, mtime=0)


PACKERS = {"gz": gz, "zst": zstd, "bz2": bz2.compress, "xz": lzma.compress}
BOMBS = {
    "blank.jsonl": (b'{"text": "a"}\n', b"\n", 6 << 20),
    "records.jsonl": (b"", b"{}\n", 6 << 20),
    "values.json": (b"[", b"1,", 6 << 20),
    "rows.csv": (b"a,b\n", b"1,2\n", 6 << 20),
    "rows.tsv": (b"a\tb\n", b"1\t2\n", 6 << 20),
    "lines.txt": (b"", b"a\n", 6 << 20),
}


@pytest.mark.parametrize("codec", PACKERS)
@pytest.mark.parametrize("name", BOMBS)
def test_a_compressed_bomb_is_a_problem_that_says_what_to_do(work, call, monkeypatch, name, codec):
    monkeypatch.setattr("dslint.data.readers.files.FREE_BYTES", 1 << 21)
    monkeypatch.setattr("dslint.data.readers.files.FREE_ROWS", 1000)
    monkeypatch.setattr("dslint.data.readers.files.MAX_RATIO", 100)
    head, unit, size = BOMBS[name]
    work.write(f"{name}.{codec}", PACKERS[codec](head + unit * (size // len(unit))))
    result = call("check", f"{name}.{codec}", "--select", "structure/invalid-record")
    assert result.code == 2
    assert "bomb" in result.err + result.out
    assert "decompress it" in result.err + result.out
    assert f"could not check {name}.{codec}: " in result.err + result.out


def test_what_honest_data_compresses_to_is_no_bomb(work, call, monkeypatch):
    """A log of few patterns: forty times its compressed size, and nearly a record for each byte."""
    monkeypatch.setattr("dslint.data.readers.files.FREE_BYTES", 1000)
    monkeypatch.setattr("dslint.data.readers.files.FREE_ROWS", 1)
    rows = "".join(
        f'{{"text": "2026-01-02 request {n} served by node {n % 7}"}}\n' for n in range(20_000)
    )
    packed = lzma.compress(rows.encode())
    assert len(rows) > 20 * len(packed)
    work.write("log.jsonl.xz", packed)
    assert call("check", "log.jsonl.xz", "--select", "structure/invalid-record").code == 0


@pytest.mark.parametrize("inner", ["1,", "[],", '{"a":1},'])
def test_a_record_of_very_many_values_is_refused_before_it_takes_memory(
    tmp_path, monkeypatch, inner
):
    monkeypatch.setattr(diagnose, "MAX_VALUES", 1000)
    monkeypatch.setattr("dslint.data.readers.jsonl.MAX_VALUES", 1000)
    monkeypatch.setattr("dslint.data.readers.elements.MAX_VALUES", 1000)
    text = ('{"a": [' + inner * 2000).rstrip(",") + "]}"
    good = json.dumps({"a": ", [ {" * 1000})
    for name, content in (
        ("a.jsonl", f"{good}\n{text}\n{good}\n"),
        ("a.json", f"[{good}, {text}, {good}]"),
    ):
        path = tmp_path / name
        path.write_text(content)
        assert read(path, name.rpartition(".")[2]) == (2, 1)


MEASURE = """
import re, sys
from dslint.cli import main
code = 0
try:
    sys.argv = ["dslint", "check", sys.argv[1]]
    main()
except SystemExit as end:
    code = end.code
status = open("/proc/self/status").read()
print("PEAK", int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) // 1024, code)
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is measured on Linux")
@pytest.mark.parametrize(
    ("name", "head", "unit"),
    [
        ("a.json", b"", b"["),
        ("a.json", b"[", b"[1,"),
        ("a.jsonl", b'{"a":[', b"[],"),
        ("a.csv", b'a,b\n1,"', b"\n"),
        ("a.csv", b"a,b\n", b","),
    ],
)
def test_a_record_without_an_end_takes_little_memory(work, name, head, unit):
    """Of 40 million bytes: the same took from half a gigabyte to more than one."""
    work.write(name, head + unit * (40_000_000 // len(unit)))
    command = [sys.executable, "-c", MEASURE, name]
    done = subprocess.run(command, cwd=work.root, capture_output=True, text=True, check=False)
    peak, code = map(int, done.stdout.rpartition("PEAK")[2].split())
    assert code in (1, 2), done.stderr
    assert peak < 400, peak
