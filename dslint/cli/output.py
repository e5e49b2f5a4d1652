"""Where reports go: the standard output, or files that are written whole or not at all."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from dslint.errors import ConfigError, PluginError
from dslint.model import Report
from dslint.reporters import BUILT_IN, SUFFIXES, Reporter, Style, named
from dslint.reporters.text import text_report

EXCERPTS = 2000
"""The most findings that the HTML report shows in their records."""


class Output(Struct, frozen=True):
    """One report: its format and reporter, and the file it goes to; None for the standard output."""

    name: str
    reporter: Reporter
    path: str | None


def parse(values: Iterable[str], known: Mapping[str, Reporter]) -> list[Output]:
    """Read `FORMAT`, `FORMAT=PATH` or `PATH` (format by suffix); raises ConfigError for what is none of these."""
    outputs: list[Output] = []
    for value in values or ["text"]:
        name, sign, path = value.partition("=")
        if sign and not path:
            raise ConfigError(f"--output {value}: expected FORMAT=PATH", f"write it as {name}=report.{name}")
        if sign:
            outputs.append(Output(name, named(name, known), path))
        elif value in known or not Path(value).suffix:
            outputs.append(Output(value, named(value, known), None))
        elif Path(value).suffix in SUFFIXES:
            name = SUFFIXES[Path(value).suffix]
            outputs.append(Output(name, named(name, known), value))
        else:
            raise ConfigError(
                f"--output {value}: no report format for {Path(value).suffix}",
                f"write it as FORMAT={value}; formats: {', '.join(known)}",
            )
    if sum(output.path is None for output in outputs) > 1:
        raise ConfigError("two reports for the standard output", "write one of them to a file: --output json=report.json")
    return outputs


def excerpts_for(outputs: Iterable[Output]) -> int:
    """Return how many findings are shown in their records; none, which spares a second reading, if no report shows any."""
    return EXCERPTS if any(output.reporter is BUILT_IN["html"] for output in outputs) else 0


def use_color(choice: str) -> bool:
    """Decide on colours: the flag, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then whether the output is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return sys.stdout.isatty()


def write(report: Report, outputs: Iterable[Output], style: Style) -> None:
    """Write all reports. Raises PluginError if one of them failed, after the others are written."""
    failed: PluginError | None = None
    for output in outputs:
        try:
            _write(report, output, style)
        except PluginError as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _write(report: Report, output: Output, style: Style) -> None:
    if output.path is None:
        if output.reporter is not text_report and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # what machines read is UTF-8, whatever the terminal takes
        for piece in output.reporter(report, style):
            sys.stdout.write(piece)
        sys.stdout.flush()
    else:
        plain = Style(max_show=style.max_show, verbose=style.verbose, base=style.base)
        write_file(output.path, output.reporter(report, plain))


def write_file(path: str, pieces: Iterable[str]) -> None:
    """Write a file beside its place and move it there, so that nobody ever sees half of it."""
    import tempfile  # 5 ms at import, needed for report files only

    folder = os.path.dirname(os.path.abspath(path))
    temporary = None
    try:
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".dslint-", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(pieces)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", "choose another place") from None
    finally:
        if temporary is not None:
            os.unlink(temporary)
