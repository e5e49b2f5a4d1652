"""No report holds a personal value or a secret, wherever in the data it stands, whichever rules run."""

from __future__ import annotations

import json
import re

import pytest

from dslint.reporters import BUILT_IN

VALUES = {
    "mail": "ada.lovelace@example.org",
    "card": "4111 1111 1111 1111",
    "iban": "DE89370400440532013000",
    "ssn": "078-05-1120",
    "phone": "+44 20 7946 0958",
    "token": "ghp_" + "a1B2" * 9,
    "key": "AKIAIOSFODNN7EXAMPLE",
}
SCHEMA = {"properties": {"score": {"type": "integer"}}, "additionalProperties": False, "required": ["absent"]}


@pytest.fixture
def leaky(work):
    """A dataset with values in texts, keys, ids, labels, roles, and where a schema and a reader complain."""
    rows = []
    for name, value in VALUES.items():
        turns = [{"role": "user", "content": f"I am {value}."}, {"role": "assistant", "content": f"Dear {{{{name}}}}, {value}"}]
        rows.append({"id": value, "label": value, "messages": turns, value: value, "score": value})
        rows.append({"id": value, "label": f"{name} {value}", "messages": [{"role": value, "content": value}]})
    lines = [json.dumps(row) for row in [*rows, *rows]]
    lines += [f'{{"{value}": 1, "{value}": 2}}\n{{"{value}": {value}' for value in VALUES.values()]
    work.write("data/train.jsonl", "\n".join(lines) + "\n")
    work.jsonl("data/test.jsonl", *rows[:4])
    work.write("schema.json", json.dumps(SCHEMA))
    work.write(
        "dslint.toml",
        '[dataset]\nfiles = ["data/*.jsonl"]\nshape = "chat"\nslices = ["label"]\ncolumns = { id = "id", label = "label" }\n'
        '[rules."structure/json-schema"]\nschema = "schema.json"\n',
    )
    return work


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("select", [[], ["--select", "structure,duplicates"]], ids=["all rules", "structure and duplicates"])
def test_no_value_is_in_a_report(leaky, call, name, select):
    result = call("check", "-v", "--max-show", "1000", "-o", name, *select)
    assert result.code == 1, result
    out = re.sub('^"tool": .*', "", result.out, flags=re.MULTILINE)  # manual pages have values of their own
    if name == "html":
        out = re.sub(r'^\{"rules": .*', "", out.partition('id="data">')[0] + out.partition('id="data">')[2], flags=re.MULTILINE)
        assert '"marked"' in out
    for value in VALUES.values():
        assert value not in out, value
        assert value.replace(" ", "") not in out.replace(" ", ""), value
