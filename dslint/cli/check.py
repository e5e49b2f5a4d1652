"""`dslint check`."""

# No postponed annotations: typer evaluates them at every start, and compiling strings takes 40 ms.
import os
from collections import Counter
from contextlib import ExitStack
from typing import Annotated, TypeVar

import typer

from dslint import reporters
from dslint.cli import output, review, stdin
from dslint.cli.environment import base_of, confined
from dslint.cli.options import (
    Color,
    Column,
    Config,
    Debug,
    Ignore,
    Isolated,
    Jobs,
    Select,
    Shape,
    Split,
)
from dslint.cli.progress import watching
from dslint.config import Raw, find, read
from dslint.config.build import severity_named
from dslint.config.flags import bytes_in, with_dataset, with_limits, with_options, with_selection
from dslint.errors import ConfigError, nearest
from dslint.git import changes
from dslint.model import Report, Scope, Severity
from dslint.reporters.text import shown
from dslint.reporters.wording import trouble
from dslint.run import api, executors
from dslint.run.job import Map
from dslint.run.reads import reads
from dslint.settings import Settings

T = TypeVar("T")

PROBLEMS = 20
"""Maximum number of problems printed to standard error; the report has all of them."""


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders or globs, or - for standard input. Default: the configured "
            "dataset, or else the working folder."
        ),
    ] = None,
    config: Config = None,
    isolated: Isolated = False,
    profile: Annotated[
        str | None,
        typer.Option(
            help="Profile of the configuration to use.", metavar="NAME", envvar="DSLINT_PROFILE"
        ),
    ] = None,
    select: Select = None,
    ignore: Ignore = None,
    extend_select: Annotated[
        list[str] | None,
        typer.Option(
            help="Additional rules or namespaces to run. Repeatable.",
            metavar="IDS",
            envvar="DSLINT_EXTEND_SELECT",
        ),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            help="Report to write: FORMAT (to standard output), FORMAT=PATH, or PATH with a "
            "suffix that names the format. Default: text. Repeatable.",
            metavar="REPORT",
            envvar="DSLINT_OUTPUT",
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            help="Lowest severity that fails the gate: error, warning, info or never. Default: "
            "the configured one, or else error.",
            metavar="SEVERITY",
            envvar="DSLINT_FAIL_ON",
        ),
    ] = None,
    exit_zero: Annotated[
        bool,
        typer.Option("--exit-zero", help="Exit with 0 instead of 1 if the gate fails."),
    ] = False,
    shape: Shape = None,
    column: Column = None,
    split: Split = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="Set an option of a rule, such as duplicates/near.threshold=0.9. Repeatable.",
            metavar="RULE.OPTION=VALUE",
        ),
    ] = None,
    maximum: Annotated[
        list[str] | None,
        typer.Option(
            "--max",
            help="Upper limit of a measure, such as duplicates/exact.rate=2%. Repeatable.",
            metavar="MEASURE=VALUE",
        ),
    ] = None,
    minimum: Annotated[
        list[str] | None,
        typer.Option(
            "--min", help="Lower limit of a measure. Repeatable.", metavar="MEASURE=VALUE"
        ),
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(
            help="Run only record rules, only dataset rules, or all.",
            metavar="record|dataset|all",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="File of accepted findings: see dslint baseline.",
            metavar="FILE",
            envvar="DSLINT_BASELINE",
        ),
    ] = None,
    changed_since: Annotated[
        str | None,
        typer.Option(help="Report and count only what is new since a Git revision.", metavar="REV"),
    ] = None,
    staged: Annotated[
        bool,
        typer.Option(
            "--staged",
            help="Check only what a commit would add: new records in the Git index, with record "
            "rules.",
        ),
    ] = False,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy-from",
            help="Read the configuration, baseline and option files from a Git revision.",
            metavar="REV",
        ),
    ] = None,
    force_exclude: Annotated[
        bool,
        typer.Option("--force-exclude", help="Skip named files that are in no configured dataset."),
    ] = False,
    jobs: Jobs = "auto",
    shard_size: Annotated[
        str | None,
        typer.Option(
            help="Approximate size of the pieces that a file is divided into for workers, such "
            "as 8MiB.",
            metavar="BYTES",
            envvar="DSLINT_SHARD_SIZE",
        ),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            help="Memory limit for rule state before it spills to disk, such as 128MiB.",
            metavar="BYTES",
            envvar="DSLINT_MEMORY",
        ),
    ] = None,
    max_show: Annotated[
        int,
        typer.Option(
            help="Maximum number of findings per rule in the text report.", metavar="N", min=0
        ),
    ] = 20,
    show_values: Annotated[
        bool,
        typer.Option(
            "--show-values",
            help="Show the matched text, unmasked, below each finding of the text report; not "
            "allowed if the variable CI is set.",
        ),
    ] = False,
    statistics: Annotated[
        bool,
        typer.Option("--statistics", help="Add the records judged and findings of each rule."),
    ] = False,
    timings: Annotated[
        bool, typer.Option("--timings", help="Add the time taken by each stage and rule.")
    ] = False,
    no_progress: Annotated[
        bool,
        typer.Option(
            "--no-progress",
            help="Do not show progress on a terminal.",
            envvar="DSLINT_NO_PROGRESS",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show only the summary.")] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Also show suppressed findings, skipped rules and passed limits.",
        ),
    ] = False,
    color: Color = "auto",
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Pass if there is nothing to check.")
    ] = False,
    stdin_filename: Annotated[
        str | None,
        typer.Option(
            help="File name to assume for standard input (PATH -), such as data.csv.",
            metavar="NAME",
        ),
    ] = None,
    debug: Debug = False,
) -> int:
    """Check datasets and fail if a limit is exceeded.

    Reports every finding and compares the totals of each rule with your limits. By default, one
    error fails the gate, and warnings do not.

    Exit codes: 0 passed; 1 failed: a limit is exceeded; 2 not everything could be checked, or
    wrong usage or configuration.
    """
    _one_of("--color", color, ["auto", "always", "never"])
    env = api.environment()
    wanted = output.parse(
        _split_lists(outputs),
        {**reporters.BUILT_IN, **env.loaded.reporters, "review": review.placeholder},
    )
    review.permit(wanted)
    if show_values:
        _check_show_values(wanted)
    if isolated and (config or policy):
        raise ConfigError(
            f"--isolated and --{'config' if config else 'policy-from'} cannot be combined",
            "remove one of them",
        )
    paths = list(paths or ())
    with ExitStack() as stack:
        source: str | Raw | None = None if isolated else config or (None if policy else find("."))
        folder, gate = os.getcwd(), None
        if policy is not None:
            from dslint.git.policy import policy_from

            gate = stack.enter_context(
                policy_from(policy, config, baseline, option or (), env.known)
            )
            source, folder, baseline = gate.raw, gate.folder, gate.baseline
        raw = read(source) if isinstance(source, str) else source
        settings = api.configure(env, raw, profile)
        own = _gate(raw, env) if changed_since or staged else ()
        settings = (
            replaced(settings, confined=confined(), gate=own)
            if gate is None
            else gate.over(settings)
        )
        settings = with_selection(
            settings, select or (), ignore or (), extend_select or (), env.known
        )
        settings = with_dataset(settings, shape, column or (), split or ())
        settings = with_options(settings, option or (), env.known, folder)
        settings = with_limits(settings, maximum or (), minimum or (), env.known)
        settings = _with_verdict_flags(settings, fail_on, scope, exit_zero=exit_zero)
        settings = replaced(
            settings,
            allow_empty=allow_empty or staged or force_exclude,
            timings=timings,
            force_exclude=force_exclude,
        )
        settings = replaced(
            settings,
            pre_commit=os.environ.get("PRE_COMMIT") == "1",
            narrowed=bool(paths or select or ignore or profile),
        )
        settings = replaced(settings, key=os.environ.get("DSLINT_KEY", "").encode()[:64])
        settings = replaced(
            settings,
            shard_size=settings.shard_size
            if shard_size is None
            else bytes_in("--shard-size", shard_size),
            memory=settings.memory if memory is None else bytes_in("--memory", memory),
        )
        settings = replaced(
            settings,
            baseline_file=baseline or settings.baseline_file,
            since=changed_since,
            excerpts=output.excerpts_for(wanted),
        )
        if staged:
            from dslint.system.scratch import scratch  # 5 ms at import

            settings = replaced(
                settings, since=changed_since or os.environ.get("PRE_COMMIT_FROM_REF")
            )
            suffixes = [suffix for reader in env.readers for suffix in reader.suffixes]
            settings, paths = changes.staged(
                settings, paths, suffixes, stack.enter_context(scratch())
            )
        if "-" in paths:
            settings = replaced(
                settings, stdin=stack.enter_context(stdin.copy_stdin(stdin_filename))
            )
        output.permit(
            [item.path for item in wanted], reads(paths, settings, env.readers, env.known)
        )
        watch = watching(wanted=not (no_progress or quiet), debug=debug)
        stack.callback(watch.close)
        report = api.run(env, settings, paths, map=executor(jobs), watch=watch)
        style = reporters.Style(
            color=output.use_color(color),
            max_show=max_show,
            quiet=quiet,
            verbose=verbose,
            statistics=statistics,
            timings=timings,
            base=base_of(settings.root),
        )
        if show_values:
            style = replaced(
                style, values=api.matched(env, settings, paths, shown(report, style, Counter()))
            )
        wanted = review.with_sheets(wanted, env, settings, paths, report)
        watch.close()
        output.write(report, wanted, style)
    _print_status(report, wanted)
    return int(report.exit_code)


def _gate(raw: Raw | None, env: api.Environment) -> tuple[str, ...]:
    """Return the files that define the gate, relative to the folder of the configuration.

    They include the configuration itself.
    """
    from dslint.git.policy import gate_files  # 2 ms at import

    return (
        ()
        if raw is None
        else (os.path.relpath(raw.path or "", raw.root), *gate_files(raw.document, env.known))
    )


def _print_status(report: Report, wanted: list[output.Output]) -> None:
    """Print to standard error what the report on standard output leaves out."""
    printed = next((item.name for item in wanted if item.path is None), None)
    if printed in (None, "jsonl"):  # JSON lines have only findings
        for problem in report.problems[:PROBLEMS]:
            typer.echo(f"dslint: {trouble(problem)}", err=True)
        if len(report.problems) > PROBLEMS:
            typer.echo(
                f"dslint: and {len(report.problems) - PROBLEMS:,} more problems",
                err=True,
            )
    if printed is None:
        files = ", ".join(item.path for item in wanted if item.path)
        typer.echo(f"dslint: {report.verdict.upper()}; reports: {files}", err=True)


def _check_show_values(wanted: list[output.Output]) -> None:
    """Raise ConfigError if `--show-values` would put matched text where it is stored."""
    if confined():
        raise ConfigError(
            "--show-values prints data, and others can see the output of a CI run",
            "run it on your own machine",
        )
    if not any(item.path is None and item.name == "text" for item in wanted):
        raise ConfigError(
            "--show-values: only the text report on standard output shows values",
            "remove it, or add -o text",
        )


def replaced(settings: T, **changes: object) -> T:
    """Return settings, or a style, with some fields changed."""
    from msgspec.structs import replace

    changed: T = replace(settings, **changes)  # type: ignore[type-var]
    return changed


def executor(jobs: str) -> Map:
    """Return the executor for a value of `--jobs`."""
    if jobs != "auto" and not (jobs.isdecimal() and int(jobs) > 0):
        raise ConfigError(
            f"--jobs: {jobs!r} is neither a positive number nor auto", "write it as --jobs 2"
        )
    return executors.for_jobs(jobs)


def _with_verdict_flags(
    settings: Settings, fail_on: str | None, scope: str | None, *, exit_zero: bool
) -> Settings:
    changes: dict[str, object] = {"exit_zero": exit_zero}
    if fail_on is not None:
        _one_of("--fail-on", fail_on, [*reversed(Severity.names()), "never"])
        changes["fail_on"] = severity_named(fail_on)
    if scope is not None:
        _one_of("--scope", scope, ["record", "dataset", "all"])
        changes["scope"] = Scope(scope)
    return replaced(settings, **changes)


def _one_of(flag: str, value: str, known: list[str]) -> None:
    if value not in known:
        raise ConfigError(
            f"{flag}: {value!r} is not one of {', '.join(known)}", nearest(value, known)
        )


def _split_lists(values: list[str] | None) -> list[str]:
    return [value for value in values or [] if value]
