"""Nothing of the data leaves a run: every artefact is searched for every value that was put in.

Values of each kind, personal and secret, stand in texts, object keys, ids, labels, splits, values that break a JSON Schema, malformed lines, cells and
headers of CSV; reports of every registered format, logs, tracebacks, temporary files and configurations are searched for them.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from random import Random

import pytest
from made_secrets import KINDS

from dslint import reporters
from dslint.run import api
from dslint.storage import findings, spool

pytestmark = pytest.mark.slow

FOLDERS = ("data", "chat", "broken", "table", "list")
# None of them is an example of a manual page, for some reports hold these pages.
PERSONAL = {
    "e-mail address": "ada.lovelace@mail-canary.org",
    "phone number": "+44 20 7946 0958",
    "phone number, US": "(312) 555-4823",
    "card number": "4111 1111 1111 1111",
    "IBAN": "DE44500105175407324931",
    "IP address": "203.0.113.195",
    "US social security number": "217-55-8301",
}
SECRETS = {kind: make(Random(kind)) for kind, (_, make) in KINDS.items()}
VALUES = PERSONAL | SECRETS


PUBLIC = ("internal", "shop", "windows", "BEGIN ", "END ")
"""Words of connection strings and of keys that may be seen."""


def needles(value: str) -> set[str]:
    """Return what must not be seen of a value: itself, and each part of it that is drawn at random."""
    parts = re.findall(r"[^\s\"';=:,@&?\\]{10,}", value)
    drawn = {
        part
        for part in parts
        if any(map(str.isdigit, part))
        and any(map(str.isalpha, part))
        and not any(word in part for word in PUBLIC)
    }
    return {value, *drawn}


NEEDLES = {kind: needles(value) for kind, value in VALUES.items()}
SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"maxLength": 3, "enum": ["a"], "pattern": "^a$"},
        "id": {"type": "integer"},
        "label": {"const": 1},
    },
    "additionalProperties": False,
    "propertyNames": {"maxLength": 5},
}
CRASHING = """
    from dataclasses import dataclass
    from dslint.plugin import DatasetRule, RecordRule, hookimpl

    @dataclass(frozen=True)
    class Crash(RecordRule):
        '''Crashes. Why: to see what is told of it. Cure: none.'''
        name = "record"
        sees = "all"
        def check(self, record):
            raise ValueError(str(record.value))

    @dataclass(frozen=True)
    class Conclude(DatasetRule):
        '''Crashes. Why: to see what is told of it. Cure: none.'''
        name = "dataset"
        sees = "all"
        state = {"text": "string"}
        def observe(self, batch):
            return {"text": [str(value) for value in batch.values]}
        def conclude(self, state, source):
            raise KeyError([row.text for row in state.rows()])

    @hookimpl
    def dslint_rules():
        return [Crash, Conclude]

    @hookimpl
    def dslint_reporters():
        def told(report, style):
            raise RuntimeError("a report of " + repr(CANARY))
        return {"crashing": told}
"""


def leaked(text: str) -> dict[str, list[str]]:
    """Return the kinds of values that a text shows, with what it shows of them."""
    found = {
        kind: [needle for needle in wanted if needle in text] for kind, wanted in NEEDLES.items()
    }
    return {kind: shown for kind, shown in found.items() if shown}


def fill(work) -> None:
    """Write data files in which each value stands in every place."""
    rows = []
    for value in VALUES.values():
        rows += [
            {"id": f"a{len(rows)}", "text": f"here it is: {value} as said", "label": "a"},
            {"id": value, "text": "{{name}} and more", "label": value},
            {
                "id": f"b{len(rows)}",
                value: value,
                "text": "{{name}}",
                "split": value,
                "label": {value: value},
            },
            {
                "id": f"c{len(rows)}",
                "messages": [
                    {"role": value, "content": value},
                    {"role": "assistant", value: [value]},
                ],
            },
            value,
            [value, {value: None}],
        ]
    work.jsonl("data/mixed.jsonl", *rows, *rows[::2])
    chats = [
        {
            "messages": [
                {"role": "user", "content": f"hi {value}"},
                {"role": value, "content": value},
            ],
            "tools": [{"name": value}],
            "source": value,
        }
        for value in VALUES.values()
    ]
    calls = [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": value, "function": {"name": value, "arguments": f"{{{value}"}}],
        }
        for value in VALUES.values()
    ]
    work.jsonl(
        "chat/train.jsonl",
        *chats,
        *chats,
        *({"messages": [{"role": "user", "content": "x"}, call]} for call in calls),
    )
    work.jsonl("chat/test.jsonl", *chats)
    broken = "".join(
        f'{{"text": "{value}", {value}\n{{"text": "a", "text": "a", "{value}": 1, "{value}": 2}}\n'
        for value in VALUES.values()
        if "\n" not in value
    )
    work.write(
        "broken/broken.jsonl",
        broken
        + '{"text": "'
        + PERSONAL["e-mail address"]
        + "\x00\udc80".encode("utf-8", "surrogatepass").decode("latin-1")
        + "\n",
    )
    cells = [
        value.replace('"', "'").replace("\n", " ").replace(",", ";") for value in VALUES.values()
    ]
    header = ",".join(["text", "label", *cells, cells[0]])
    lines = (
        [",".join([cell, cell, *cells, cells[0]]) for cell in cells]
        + [",".join(cells[:3])]
        + [f'"{cell}' for cell in cells[:2]]
    )
    work.write("table/table.csv", "\n".join([header, *lines]) + "\n")
    work.write(
        "list/list.json", json.dumps([{value: value, "text": value} for value in VALUES.values()])
    )
    work.write("record.schema.json", json.dumps(SCHEMA))
    work.write(
        "dslint.toml",
        '[dataset]\nslices = ["label", "split", "source"]\ncolumns = { id = "id", label = "label", split = "split", source = "source" }\n',
    )


@pytest.fixture
def leaky(work, tmp_path):
    fill(work)
    (tmp_path / "tmp").mkdir()
    work.env |= {"TMPDIR": str(tmp_path / "tmp"), "TERM": "dumb"}
    return work


SCHEMA_OPTION = ("--option", "structure/json-schema.schema=record.schema.json")


def artefacts(work, result, folder: Path) -> str:
    """Return all that a run has left: what it printed, and every file that it wrote."""
    given = set(FOLDERS)
    written = [
        path
        for path in work.root.rglob("*")
        if path.is_file() and path.relative_to(work.root).parts[0] not in given
    ]
    kept = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(
        [
            result.out,
            result.err,
            *(
                path.read_text(errors="replace")
                for path in [*written, *kept]
                if path.name != "dslint.toml"
            ),
        ]
    )


def formats() -> list[str]:
    return sorted({*reporters.BUILT_IN, *api.environment().loaded.reporters})


PACKS = {
    "every rule": ("--select", "all"),
    "no pack": ("--select", "structure,duplicates,structure/json-schema"),
    "the default": (),
}


@pytest.mark.parametrize("packs", PACKS)
def test_no_report_shows_a_value(packs, leaky, tmp_path):
    wanted = [word for name in formats() for word in ("-o", f"{name}=reports/{name}")]
    available = [
        name
        for name, known in api.environment().known.items()
        if not known.missing and (not known.rule.needs_options or name == "structure/json-schema")
    ]
    select = ("--select", ",".join(available)) if packs == "every rule" else PACKS[packs]
    options = SCHEMA_OPTION if packs != "the default" else ()
    result = leaky.run(
        "check",
        *FOLDERS,
        *wanted,
        *select,
        *options,
        "-v",
        "--debug",
        "--statistics",
        "--max-show",
        "1000000",
        "--jobs",
        "2",
    )
    assert result.code in (1, 2), result
    assert {path.name for path in (leaky.root / "reports").iterdir()} == set(formats())
    assert leaked(artefacts(leaky, result, tmp_path / "tmp")) == {}
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("name", formats())
def test_no_report_on_the_standard_output_shows_a_value(name, leaky, tmp_path):
    result = leaky.run("check", "list", "-o", name, "-v", "--max-show", "1000000")
    assert result.code in (1, 2), result
    assert leaked(artefacts(leaky, result, tmp_path / "tmp")) == {}


def test_a_crash_does_not_tell_what_it_was_about(leaky, tmp_path):
    leaky.plugin("crashing", CRASHING)
    result = leaky.run("check", "data", "--select", "crashing", "--debug", "-v", "-o", "json")
    assert result.code == 2
    assert "ValueError in check" in result.out
    assert "KeyError in conclude" in result.out
    assert leaked(artefacts(leaky, result, tmp_path / "tmp")) == {}


def test_a_traceback_does_not_tell_what_it_was_about(leaky, tmp_path):
    leaky.plugin(
        "crashing", CRASHING.replace("repr(CANARY)", "str(VALUES)") + f"\n    VALUES = {VALUES!r}\n"
    )
    for debug in ([], ["--debug"]):
        result = leaky.run("check", "data", "-o", "crashing", *debug)
        assert result.code == 2
        assert ("Traceback" in result.err) == bool(debug)
        assert "RuntimeError" in result.err
        assert leaked(artefacts(leaky, result, tmp_path / "tmp")) == {}


def test_a_configuration_holds_no_value(leaky):
    (leaky.root / "dslint.toml").unlink()
    for folder in ("data", "chat", "table", "list"):
        result = leaky.run("init", folder, "--force")
        assert leaked(result.out + result.err) == {}
        if result.code == 0:
            assert leaked((leaky.root / "dslint.toml").read_text()) == {}


def test_a_limit_on_a_slice_shows_no_value(leaky, tmp_path):
    result = leaky.run(
        "check",
        "data",
        "-o",
        "text",
        "-v",
        "--max",
        "structure/unfilled-template.rate[label=a]=0.01",
    )
    assert leaked(artefacts(leaky, result, tmp_path / "tmp")) == {}


def test_the_standard_input_is_kept_for_the_run_only(leaky, tmp_path):
    process = subprocess.run(
        **leaky.command("check", "-", "-o", "json", "--isolated"),
        input=(leaky.root / "data/mixed.jsonl").read_bytes(),
        capture_output=True,
        check=False,
    )
    assert leaked(process.stdout.decode() + process.stderr.decode()) == {}
    assert not list((tmp_path / "tmp").iterdir())


def test_findings_that_go_to_disk_hold_no_value(leaky, monkeypatch):
    written = []
    add = spool.Spool.add

    def noted(self, frame):
        written.append(bytes(frame))
        add(self, frame)

    monkeypatch.setattr(spool.Spool, "add", noted)
    monkeypatch.setattr(findings, "KEPT", 50)
    monkeypatch.chdir(leaky.root)
    env = api.environment()
    api.run(env, api.configure(env, "dslint.toml"), FOLDERS)
    frames = [
        bytes(
            findings._codec().decompress(
                frame[8:], int.from_bytes(frame[:8], "little"), asbytes=True
            )
        )
        for frame in written
    ]
    assert b"secrets/api-key" in b"".join(frames)
    assert leaked(b"\n".join(frames).decode(errors="replace")) == {}


def test_the_search_would_find_a_value():
    assert all(leaked(f"x {value} y").get(kind) for kind, value in VALUES.items())
    assert all(leaked(f"x {needle} y") for wanted in NEEDLES.values() for needle in wanted)
