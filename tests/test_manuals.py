"""A rule's manual page says why, gives a cure, and its examples are what it says they are."""

import json
from pathlib import Path

import pytest

from dslint import api, lint
from dslint.rules import DatasetRule, examples, manual

OWN = {name: entry for name, entry in api.environment().known.items() if entry.distribution == "dslint-gate"}
EXAMPLES = [
    pytest.param(name, kind, records if issubclass(entry.rule, DatasetRule) else [record], id=f"{name} {kind} {number}")
    for name, entry in OWN.items()
    if not entry.missing and not entry.rule.needs_options and not entry.rule.needs_columns
    for kind, records in examples(entry.rule)
    for number, record in enumerate(records[:1] if issubclass(entry.rule, DatasetRule) else records)
]


@pytest.mark.parametrize("name", OWN)
def test_a_manual_page_says_why_and_gives_a_cure(name: str) -> None:
    text = manual(OWN[name].rule)
    assert text.partition("\n")[0].endswith(".")
    assert "\nWhy: " in text
    assert "\nCure: " in text


@pytest.mark.parametrize(("name", "kind", "records"), EXAMPLES)
def test_the_examples_of_a_manual_page(name: str, kind: str, records: list[object], tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    found = [finding for finding in lint([str(path)], {"rules": {"select": [name]}}).findings if finding.rule == name]
    assert bool(found) == (kind == "Flags")
