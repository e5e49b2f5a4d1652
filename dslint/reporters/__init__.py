"""Reports: pure functions from a Report to pieces of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dslint.errors import ConfigError, nearest
from dslint.model import Report
from dslint.reporters.json import json_lines, json_report
from dslint.reporters.markdown import markdown_report
from dslint.reporters.style import Style
from dslint.reporters.text import text_report

Reporter = Callable[[Report, Style], Iterator[str]]

BUILT_IN: Mapping[str, Reporter] = {"text": text_report, "json": json_report, "jsonl": json_lines, "markdown": markdown_report}
SUFFIXES = {".txt": "text", ".json": "json", ".jsonl": "jsonl", ".md": "markdown"}

__all__ = ["BUILT_IN", "SUFFIXES", "Reporter", "Style", "named"]


def named(name: str, known: Mapping[str, Reporter]) -> Reporter:
    """Return the reporter of that name; raises ConfigError with the nearest one."""
    if name not in known:
        raise ConfigError(f"unknown report format {name!r}", nearest(name, known) or f"formats: {', '.join(known)}")
    return known[name]
