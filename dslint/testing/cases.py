"""Test cases as data: a YAML file says which records a rule flags, and where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dslint.errors import ConfigError
from dslint.rules.base import Rule
from dslint.testing.harness import run, with_options

_KEYS = {"name", "records", "flags", "finds", "options", "shape", "columns", "splits"}


class Case(Struct, frozen=True):
    """One case: records, and what a rule finds in them.

    `flags` lists the rows that have a finding; `finds` lists findings by any of row, field, start,
    end, role, message, severity, confidence.
    """

    name: str
    rule: str
    records: tuple[Any, ...]
    flags: tuple[int, ...] | None = None
    finds: tuple[Mapping[str, Any], ...] | None = None
    options: Mapping[str, Any] = {}
    shape: str | None = None
    columns: Mapping[str, str] = {}
    splits: tuple[str | None, ...] | None = None

    def check(self, rule: type[Rule]) -> None:
        """Run the case; raises AssertionError if the rule says something else."""
        said = run(
            with_options(rule, self.options),
            self.records,
            shape=self.shape,
            columns=self.columns,
            splits=self.splits,
        )
        assert not said.crashes, f"{self.name}: {said.crashes}"
        if self.flags is not None:
            assert said.rows == list(self.flags), (
                f"{self.name}: flags rows {said.rows}, not {list(self.flags)}"
            )
        if self.finds is not None:
            assert len(said.findings) == len(self.finds), (
                f"{self.name}: {len(said.findings)} findings, not {len(self.finds)}: "
                f"{said.findings}"
            )
            for finding, wanted in zip(said.findings, self.finds, strict=True):
                for key, value in wanted.items():
                    got = (
                        getattr(finding, key, None)
                        if key in ("message", "severity", "confidence", "score")
                        else getattr(finding.at, key)
                    )
                    assert value == (str(got) if key in ("severity", "confidence") else got), (
                        f"{self.name}: {key} is {got!r}, not {value!r}"
                    )


def load_cases(path: str | Path) -> list[Case]:
    """Return the cases of a YAML file: `rule: ID` and `cases: [...]`.

    Raises ConfigError for an unknown key.
    """
    import yaml

    document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    cases = []
    for number, entry in enumerate(document["cases"]):
        unknown = set(entry) - _KEYS
        if unknown or not {"flags", "finds"} & set(entry):
            wrong = f"unknown key {min(unknown)!r}" if unknown else "needs flags or finds"
            raise ConfigError(f"{path}: case {number}: {wrong}")
        lists: dict[str, Any] = {
            key: tuple(entry[key])
            for key in ("records", "flags", "finds", "splits")
            if key in entry
        }
        others = {key: entry[key] for key in ("options", "shape", "columns") if key in entry}
        cases.append(
            Case(name=entry.get("name", f"case {number}"), rule=document["rule"], **lists, **others)
        )
    return cases
