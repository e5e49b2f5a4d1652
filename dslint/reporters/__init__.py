"""Reporters: pure functions that turn a Report into pieces of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from dslint.errors import ConfigError, nearest
from dslint.model import Report
from dslint.reporters.style import Style

Reporter = Callable[[Report, Style], Iterator[str]]


def _deferred(module: str, name: str) -> Reporter:
    """Return a reporter whose module is imported on first use."""

    def report_in(report: Report, style: Style) -> Iterator[str]:
        reporter: Reporter = getattr(import_module(f"dslint.reporters.{module}"), name)
        return reporter(report, style)

    return report_in


BUILT_IN: Mapping[str, Reporter] = {
    "text": _deferred("text", "text_report"),
    "json": _deferred("json", "json_report"),
    "jsonl": _deferred("json", "json_lines"),
    "markdown": _deferred("markdown", "markdown_report"),
    "html": _deferred("html", "html_report"),
    "sarif": _deferred("sarif", "sarif_report"),
    "github": _deferred("annotations", "github_report"),
    "azure": _deferred("annotations", "azure_report"),
    "gitlab": _deferred("review", "gitlab_report"),
    "rdjson": _deferred("review", "rdjson_report"),
    "junit": _deferred("junit", "junit_report"),
}
SUFFIXES = {
    ".txt": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".html": "html",
    ".sarif": "sarif",
    ".xml": "junit",
    ".rdjson": "rdjson",
}

__all__ = ["BUILT_IN", "SUFFIXES", "Reporter", "Style", "named"]


def named(name: str, known: Mapping[str, Reporter]) -> Reporter:
    """Return the reporter with this name. Raises ConfigError with the nearest known name."""
    if name not in known:
        raise ConfigError(
            f"unknown report format {name!r}",
            nearest(name, known) or f"formats: {', '.join(known)}",
        )
    return known[name]
