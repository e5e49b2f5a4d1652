"""Where reports go: the standard output, files, written whole or not at all, devices and pipes."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from dslint.cli import LEAD_AWAY
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
            raise ConfigError(
                f"--output {value}: expected FORMAT=PATH", f"write it as {name}=report.{name}"
            )
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
        raise ConfigError(
            "two reports for the standard output",
            "write one of them to a file: --output json=report.json",
        )
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


def permit(paths: Iterable[str | None], reads: Iterable[str] = ()) -> None:
    """Raise ConfigError for an output in the place of another one, or of a file that is read.

    None stands for the standard output. A device may take several. `reads` is gone through only
    where an output is there already.
    """
    named: dict[Hashable, str] = {}
    for place in sorted(paths, key=lambda path: path is not None):
        name = "the standard output" if place is None else place
        identity = _identity(1 if place is None else place)
        if identity in named:
            raise ConfigError(
                f"two outputs for one file: {named[identity]} and {name}",
                "give each a file of its own",
            )
        if not _device(1 if place is None else place):
            named[identity] = name
    there = {identity: name for identity, name in named.items() if os.path.isfile(name)}
    for read in reads if there else ():
        if name := there.get(_identity(read), ""):
            raise ConfigError(
                f"{name} would be written, but this run reads it",
                "write to another file: the data in it would be lost",
            )


def taken(path: str) -> bool:
    """Say whether a file is there that would be lost; devices and pipes lose nothing."""
    return os.path.isfile(path) or os.path.isdir(path)


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
            sys.stdout.reconfigure(
                encoding="utf-8"
            )  # what machines read is UTF-8, whatever the terminal takes
        for piece in output.reporter(report, style):
            say(piece)
        say("", flush=True)
    else:
        plain = Style(max_show=style.max_show, verbose=style.verbose, base=style.base)
        write_file(output.path, output.reporter(report, plain))


def say(text: str, *, flush: bool = False) -> None:
    """Write to the standard output.

    Raises ConfigError where it takes nothing, and BrokenPipeError where its reader has gone.
    """
    try:
        sys.stdout.write(text)
        if flush:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise ConfigError(f"the standard output cannot be written: {why}", LEAD_AWAY) from None


def write_file(path: str, pieces: Iterable[str | bytes]) -> None:
    """Write a file beside its place, and move it there, so that nobody ever sees half of it.

    Texts are written as UTF-8. Of a link it is the target that is replaced. What is no file, such
    as a device or a pipe, and what this process prints to, is written into. Raises ConfigError
    where it cannot be written.
    """
    try:
        stream = _stream(path)
        if stream is not None:
            with stream:
                stream.writelines(map(_encoded, pieces))
        else:
            _replace(os.path.realpath(path), pieces)
    except BrokenPipeError:
        raise ConfigError(f"{path}: its reader has gone", "keep the other end open") from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", "choose another place"
        ) from None


def _replace(path: str, pieces: Iterable[str | bytes]) -> None:
    import tempfile  # 5 ms at import, needed for report files only

    folder = os.path.dirname(path)
    temporary = None
    try:
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".dslint-", suffix=".tmp")
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(map(_encoded, pieces))
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
        temporary = None
    finally:
        if temporary is not None:
            os.unlink(temporary)


def _encoded(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.encode()


def _stream(path: str) -> io.BufferedWriter | None:
    """Return what is written into as it is; None where a file is to be put in place."""
    if not os.path.exists(path) or os.path.isdir(path):
        return None
    if not _device(path):
        for number in (1, 2):  # `/dev/stdout` and the like: what was printed before stays
            if _identity(path) == _identity(number):
                return os.fdopen(os.dup(number), "wb")
    return None if os.path.isfile(path) else open(path, "wb")


def _identity(place: str | int) -> Hashable:
    """Return what is equal for two names, or numbers of open files, of one file.

    A file that is not there yet goes by where it would be.
    """
    try:
        found = os.stat(place)
    except OSError:
        return os.path.realpath(place) if isinstance(place, str) else None
    return found.st_dev, found.st_ino


def _device(place: str | int) -> bool:
    try:
        return stat.S_ISCHR(os.stat(place).st_mode)
    except OSError:
        return False
