"""`dslint baseline`: accept findings as they are today."""

import os
import secrets
from collections import Counter
from typing import Annotated

import typer

from dslint.cli import output
from dslint.cli.check import executor, replaced
from dslint.cli.environment import confined
from dslint.cli.options import Column, Config, Ignore, Jobs, Select, Shape
from dslint.config import find
from dslint.config.build import share
from dslint.config.flags import with_dataset, with_selection
from dslint.errors import ConfigError, nearest
from dslint.gate import baseline
from dslint.model import Report
from dslint.names import Names
from dslint.registry import renamed
from dslint.run import api
from dslint.run.reads import reads
from dslint.settings import Baseline, Settings

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help="Files, folders or globs. Default: the configured dataset, or else the working folder."
    ),
]
File = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        help=f"Baseline file. Default: the configured one, or else {baseline.NAME}.",
        metavar="FILE",
        envvar="DSLINT_BASELINE",
    ),
]


def create(
    paths: Paths = None,
    file: File = None,
    ratchet: Annotated[
        str | None,
        typer.Option(
            help="Limit every rule to its current count or rate, instead of accepting each "
            "finding.",
            metavar="|".join(baseline.RATCHETS),
        ),
    ] = None,
    tolerance: Annotated[
        str,
        typer.Option(
            help="With --ratchet: how much a number may rise, as a share of it, such as 5%.",
            metavar="SHARE",
        ),
    ] = "0",
    config: Config = None,
    select: Select = None,
    ignore: Ignore = None,
    shape: Shape = None,
    column: Column = None,
    jobs: Jobs = "auto",
) -> int:
    """Write a baseline that accepts the current findings.

    A check with this baseline fails only on findings that are new or numbers that got worse.
    """
    if ratchet not in (None, *baseline.RATCHETS):
        raise ConfigError(
            f"--ratchet: {ratchet!r} is not one of {', '.join(baseline.RATCHETS)}",
            nearest(str(ratchet), baseline.RATCHETS),
        )
    env, settings, path = _settings(file, config, select, ignore, shape, column)
    if output.taken(path):
        raise ConfigError(
            f"{path} already exists",
            "to accept the current findings as well: dslint baseline update",
        )
    empty = Baseline(salt=secrets.token_hex(16))
    report = _report(env, settings, path, empty, paths, jobs)
    if ratchet is None:
        result = Baseline(salt=empty.salt, accepted=baseline.of_findings(report, {}))
    else:
        result = Baseline(
            salt=empty.salt, held=baseline.of_measures(report, ratchet, share(tolerance))
        )
    _write(path, result, report)
    if settings.baseline_file is None:
        typer.echo(
            f"dslint: to use it: dslint check --baseline {path}, or "
            f'baseline = "{os.path.basename(path)}" in the configuration',
            err=True,
        )
    return 0


def update(
    paths: Paths = None,
    file: File = None,
    config: Config = None,
    select: Select = None,
    ignore: Ignore = None,
    shape: Shape = None,
    column: Column = None,
    jobs: Jobs = "auto",
) -> int:
    """Add the current findings and numbers to the baseline.

    The reasons and expiry dates of existing entries stay.
    """
    env, settings, path = _settings(file, config, select, ignore, shape, column)
    old = _read(path, env)
    report = _report(env, settings, path, old, paths, jobs)
    _write(path, baseline.updated(old, report), report)
    return 0


def prune(
    paths: Paths = None,
    file: File = None,
    config: Config = None,
    select: Select = None,
    ignore: Ignore = None,
    shape: Shape = None,
    column: Column = None,
    jobs: Jobs = "auto",
) -> int:
    """Remove entries that are unused or expired, and tighten limits.

    Numbers that have improved since are limited to their current value.
    """
    env, settings, path = _settings(file, config, select, ignore, shape, column)
    old = _read(path, env)
    report = _report(env, settings, path, old, paths, jobs)
    _write(path, baseline.pruned(old, report), report)
    return 0


def show(file: File = None, config: Config = None) -> int:
    """Print what a baseline accepts.

    Lists the number of findings of each rule, with reason and expiry date, and the limits.
    """
    env, _, path = _settings(file, config, None, None, None, None)
    for line in _lines(_read(path, env)):
        typer.echo(line)
    return 0


def _settings(
    file: str | None,
    config: str | None,
    select: list[str] | None,
    ignore: list[str] | None,
    shape: str | None,
    column: list[str] | None,
) -> tuple[api.Environment, Settings, str]:
    """Return the environment, the settings of the run, and the path of the baseline."""
    env = api.environment()
    settings = api.configure(env, config or find("."))
    settings = with_dataset(
        with_selection(settings, select or (), ignore or (), (), env.known),
        shape,
        column or (),
        (),
    )
    path = file or settings.baseline_file or os.path.join(settings.root, baseline.NAME)
    return env, replaced(settings, confined=confined()), os.path.relpath(path)


def _read(path: str, env: api.Environment) -> Baseline:
    return baseline.read(path, Names(renamed(env.known)))


def _report(
    env: api.Environment,
    settings: Settings,
    path: str,
    old: Baseline,
    paths: list[str] | None,
    jobs: str,
) -> Report:
    """Run the check of the baseline.

    Raises ConfigError if it is incomplete: what was not checked cannot be accepted.
    """
    output.permit(
        [path], reads(paths or (), replaced(settings, baseline_file=None), env.readers, env.known)
    )
    plain = replaced(
        settings, baseline=old, key=bytes.fromhex(old.salt), narrowed=True, allow_empty=True
    )
    report = api.run(env, plain, paths or [], map=executor(jobs))
    for problem in report.problems:
        if problem.kind != "unmeasured":
            place = f"{problem.path}: " if problem.path else ""
            raise ConfigError(
                f"not everything could be checked: {place}{problem.message}; nothing was written",
                problem.hint or "see: dslint check",
            )
    return report


def _write(path: str, result: Baseline, report: Report) -> None:
    output.write_file(path, baseline.lines_of(result))
    for line in _lines(result):
        typer.echo(line)
    by_number = Counter(
        f.rule
        for f in report.findings
        if f.fingerprint in result.accepted and baseline.lacks_identity(f)
    )
    for rule, count in sorted(by_number.items()):
        typer.echo(
            f"dslint: {rule}: {count:,} accepted by number only, because fingerprints would let "
            "others guess these records; name an id column to accept them one by one",
            err=True,
        )
    typer.echo(f"dslint: wrote {path}", err=True)


def _lines(result: Baseline) -> list[str]:
    kinds = Counter((entry.rule, entry.expires, entry.reason) for entry in result.accepted.values())
    lines = []
    for (rule, expires, reason), count in sorted(kinds.items(), key=str):
        lines.append(
            f"{count:>7,}  {rule}"
            + (f", until {expires}" if expires else "")
            + (f": {reason}" if reason else "")
        )
    for name, entry in sorted(result.held.items()):
        lines.append(
            f"{entry.value:>7g}  {name}"
            + (f", tolerance {entry.tolerance:g}" if entry.tolerance else "")
        )
    return lines or ["nothing is accepted"]
