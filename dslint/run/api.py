"""A run as a function: `lint` for other programs, `run` for the command line.

Neither prints or exits.
"""

from __future__ import annotations

import datetime
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from dslint import config, registry
from dslint.data import readers, shapes
from dslint.data.datasets import open_inputs
from dslint.data.readers.source import FileSource
from dslint.gate import baseline
from dslint.git import changes
from dslint.masking.redact import texts_at
from dslint.model import Finding, Report
from dslint.run.dataset_run import DatasetRun, Watch
from dslint.run.job import Map
from dslint.run.plan import Environment, Plan
from dslint.run.report import Outcome, assemble, unmatched
from dslint.settings import Settings

__all__ = ["Environment", "Plan", "Watch", "configure", "environment", "lint", "matched", "run"]


def environment() -> Environment:
    """Return what is installed. Raises PluginError if a plugin is broken."""
    loaded = registry.load(registry.discover())
    registry.require_sound(loaded)
    return Environment(
        loaded,
        registry.catalogue(loaded),
        (*loaded.shapes, *shapes.BUILT_IN),
        (*loaded.readers, *readers.BUILT_IN),
    )


def configure(
    env: Environment, given: str | config.Raw | Mapping[str, Any] | None, profile: str | None = None
) -> Settings:
    """Return the settings of a configuration.

    `given` is a path, a configuration as read, its content as a dict, or None for the defaults.
    """
    if isinstance(given, str):
        given = config.read(given)
    raw = given if isinstance(given, config.Raw) else config.Raw(None, "", given or {}, os.getcwd())
    return config.parse(raw, env.known, env.loaded, env.shape_names, profile)


def lint(
    paths: Sequence[str] = (),
    config: str | Mapping[str, Any] | Settings | None = None,
    *,
    map: Map = map,  # noqa: A002 - shaped like the builtin
) -> Report:
    """Check datasets and return the report.

    `paths` are files, folders or globs; by default the configured files, else the working folder.
    `config` is the path of a configuration, its content as a dict, or settings. Raises DslintError
    if nothing can be checked, as with a wrong configuration or a broken plugin.
    """
    env = environment()
    settings = config if isinstance(config, Settings) else configure(env, config)
    return run(env, settings, paths, map=map)


def run(
    env: Environment,
    settings: Settings,
    paths: Sequence[str] = (),
    *,
    map: Map = map,  # noqa: A002 - shaped like the builtin
    watch: Watch | None = None,
) -> Report:
    """Check datasets in an environment, with settings, and return the report."""
    settings = baseline.loaded(settings, registry.renamed(env.known))
    plan = Plan(env, settings)
    plan.check()
    today = settings.today or datetime.datetime.now(tz=datetime.UTC).date()
    inputs = open_inputs(paths, settings, env.readers, env.shapes)
    outcome = Outcome(problems=inputs.problems)
    changed = frozenset[str]() if settings.revision is None else settings.revision.changed
    if settings.since is not None or settings.staged:
        outcome.changes = changes.compare(inputs.datasets, settings, env.readers)
        outcome.problems.extend(outcome.changes.problems)
        inputs.notes.extend(outcome.changes.notes)
        changed |= outcome.changes.altered
        settings = replace(
            settings, allow_empty=settings.allow_empty or bool(inputs.datasets), narrowed=True
        )
    if changed:
        from dslint.git.unchecked import unchecked

        tried = {problem.path for problem in inputs.problems if problem.path}
        checked = {opened.input.path for opened in inputs.files} | tried
        outcome.problems.extend(unchecked(changed, checked, paths, settings, env.readers))
    several = len(inputs.datasets) > 1
    for dataset in inputs.datasets:
        DatasetRun(plan, dataset, outcome, today, watch or Watch()).check(map, several=several)
    files = inputs.files
    if not settings.staged:
        outcome.problems.extend(
            unmatched(settings, outcome, [opened.input.path for opened in files], named=bool(paths))
        )
    report = assemble(env.known, settings, outcome, inputs, today)
    if not settings.excerpts:
        return report
    from dslint.run.excerpts import excerpts

    sensitive = {name for name, known in env.known.items() if known.rule.sensitive}
    return replace(report, excerpts=excerpts(report.findings, files, sensitive, settings))


def matched(
    env: Environment, settings: Settings, paths: Sequence[str], findings: Iterable[Finding]
) -> dict[str, str]:
    """Return the matched texts of findings that have a span, by fingerprint.

    Findings do not hold matched texts, so the records are read again.
    """
    inputs = open_inputs(paths, settings, env.readers, env.shapes)
    files = {opened.input.path: opened for opened in inputs.files}
    by_place: defaultdict[tuple[str | None, int | None], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.at.start is not None and finding.at.path in files:
            by_place[finding.at.path, finding.at.row].append(finding)
    source = FileSource(files, {}, settings.max_record_bytes, settings.max_depth)
    values = {}
    for record in source.records({finding.at for found in by_place.values() for finding in found}):
        for finding in by_place[record.path, record.row]:
            texts = list(texts_at(record.value, finding.at.field).values())
            if len(texts) == 1:  # a masked field name may stand for several
                values[finding.fingerprint] = texts[0][finding.at.start : finding.at.end]
    return values
