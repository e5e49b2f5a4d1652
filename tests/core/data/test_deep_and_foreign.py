"""What is nested too deeply, in another encoding, or elsewhere on a network is named, with the cure; nothing is fetched."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

DEEP = 100_000
RULE = '[rules."structure/json-schema"]\nschema = "schema.json"\n'


@pytest.fixture
def server():
    """A server on this machine, and the requests that it got."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    serving = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}", asked
    serving.shutdown()
    serving.server_close()


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "HOST/meta.json"},
        {"$defs": {"a": {"$id": "https://example.org/a", "$schema": "HOST/meta.json"}}},
        {"$ref": "HOST/other.json"},
        {"$id": "HOST/x.json", "properties": {"text": {"$ref": "other.json"}}},
        {"properties": {"default": {"$ref": "HOST/other.json"}}},
        {"properties": {"text": {"$dynamicRef": "HOST/other.json#x"}}},
        {"patternProperties": {"enum": {"$ref": "HOST/other.json"}}},
    ],
)
def test_a_schema_that_points_to_a_network_is_refused_and_nothing_is_asked(
    work, call, server, schema
):
    host, asked = server
    work.write("schema.json", json.dumps(schema).replace("HOST", host))
    work.write("dslint.toml", RULE)
    work.jsonl("a.jsonl", {"text": "a"})
    result = call("check", "a.jsonl")
    assert result.code == 2
    assert asked == []
    assert "nothing is fetched" in result.err or "points outside" in result.err
    assert "internal error" not in result.err


@pytest.mark.parametrize(
    "schema",
    [
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "properties": {"text": {"type": "string"}},
        },
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "required": ["label"]},
        {
            "$id": "HOST/x.json",
            "$ref": "#/$defs/a",
            "$defs": {"a": {"required": ["label"], "multipleOf": 0.5}},
        },
        {
            "properties": {"$ref": {"const": "HOST/other.json"}, "$schema": {"type": "string"}},
            "required": ["label"],
        },
    ],
)
def test_a_schema_that_stands_alone_is_used_and_nothing_is_asked(work, call, server, schema):
    host, asked = server
    work.write("schema.json", json.dumps(schema).replace("HOST", host))
    work.write("dslint.toml", RULE)
    work.jsonl("a.jsonl", {"text": 1})
    result = call("check", "-o", "json", "a.jsonl")
    assert len(result.findings("structure/json-schema")) == 1
    assert asked == []


def test_a_recursive_schema_on_a_deep_record_is_a_finding(work, call):
    schema = {"properties": {"a": {"$ref": "#"}, "b": {"type": "integer"}}, "multipleOf": 0.5}
    work.jsonl("schema.json", schema)
    work.write("dslint.toml", RULE)
    work.write("a.jsonl", '{"a":' * 180 + '{"b": "x"}' + "}" * 180 + "\n")
    result = call("check", "-o", "json", "a.jsonl")
    assert result.code == 1
    assert len(result.findings("structure/json-schema")) == 1


@pytest.mark.parametrize("depth", [300, 900, DEEP])
def test_a_schema_that_is_nested_deeply_is_an_error(work, call, depth):
    work.write("schema.json", '{"not":' * depth + "{}" + "}" * depth)
    work.write("dslint.toml", RULE)
    work.jsonl("a.jsonl", {"text": "a"})
    result = call("check", "a.jsonl")
    assert result.code == 2
    assert "schema.json" in result.err
    assert "internal error" not in result.err


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * DEEP + "]" * DEEP,
        "a = " + "[" * 400 + "]" * 400,
        "a = " + "{a=" * 5000 + "1" + "}" * 5000,
        "[a" + ".a" * 5000 + "]\nb = 1",
        "a" + ".a" * 900 + " = 1",
    ],
)
@pytest.mark.parametrize("name", ["dslint.toml", "pyproject.toml"])
def test_a_configuration_that_is_nested_deeply_is_an_error(work, call, text, name):
    work.write(name, f"{text}\n" + ("[tool.dslint]\n" if name == "pyproject.toml" else ""))
    work.jsonl("a.jsonl", {"text": "a"})
    result = call("check", "a.jsonl")
    assert result.code == 2
    assert "nested too deeply" in result.err
    assert "internal error" not in result.err


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize("depth", [201, 990, DEEP])
def test_data_that_is_nested_deeply_is_a_finding(work, call, name, depth):
    work.write(name, '{"a":' * depth + "1" + "}" * depth + "\n")
    result = call("check", "-o", "json", name)
    assert result.code == 1
    assert len(result.findings("dslint/parse-error")) == 1
    assert "nested" in result.findings("dslint/parse-error")[0]["message"]


@pytest.mark.parametrize(
    "text",
    ['{"text": "a word"}\n' * 3, '{"text": "слово и 語"}\n' * 3, '{"text": "語語語語語語"}\n'],
)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("encoding", "mark", "what", "cure"),
    [
        ("utf-16-le", "\ufeff", "is UTF-16;", "iconv -f UTF-16 "),
        ("utf-16-be", "\ufeff", "is UTF-16;", "iconv -f UTF-16 "),
        ("utf-16-le", "", "is UTF-16;", "iconv -f UTF-16LE "),
        ("utf-16-be", "", "is UTF-16;", "iconv -f UTF-16BE "),
        ("utf-32-le", "\ufeff", "is UTF-32;", "iconv -f UTF-32 "),
        ("utf-32-be", "\ufeff", "is UTF-32;", "iconv -f UTF-32 "),
        ("utf-32-le", "", "is UTF-32;", "iconv -f UTF-32LE "),
        ("utf-32-be", "", "is UTF-32;", "iconv -f UTF-32BE "),
    ],
)
def test_wide_encodings_are_named_with_their_cure(
    work, call, text, packed, encoding, mark, what, cure
):
    raw = (mark + text).encode(encoding)
    work.write("a.jsonl", gzip.compress(raw, mtime=0) if packed else raw)
    result = call("check", "a.jsonl")
    assert result.code == 2
    assert what in result.out + result.err
    assert cure in result.out + result.err


@pytest.mark.parametrize(
    "raw", [b'{"text": "a\0b\0"}\n', b"\0", b"[]", '{"text": "é\ufeff"}'.encode()]
)
def test_other_content_is_not_taken_for_a_wide_encoding(work, call, raw):
    work.write("a.jsonl", raw)
    result = call("check", "a.jsonl")
    assert "UTF-16" not in result.out + result.err
    assert "UTF-32" not in result.out + result.err


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.txt", "a.json"])
def test_latin_1_is_named_with_its_cure(work, call, name):
    lines = {
        "a.jsonl": '{"text": "Müller"}\n',
        "a.csv": "text,b\nMüller,1\n",
        "a.json": '[{"text": "Müller"}]',
    }
    work.write(name, lines.get(name, "Müller\n").encode("latin-1"))
    result = call("check", "-o", "json", name)
    message = result.findings("dslint/parse-error")[0]["message"]
    assert "byte 0xFC" in message
    assert "iconv -f WINDOWS-1252 -t UTF-8" in message
