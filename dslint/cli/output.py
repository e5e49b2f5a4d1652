"""Writing reports: to standard output, to files (completely or not at all), devices and pipes."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from dslint.cli import REDIRECT_HINT
from dslint.errors import ConfigError, PluginError
from dslint.model import Report
from dslint.reporters import BUILT_IN, SUFFIXES, Reporter, Style, named
from dslint.reporters.text import text_report

EXCERPTS = 2000
"""Maximum number of findings that the HTML report shows with their records."""


class Output(Struct, frozen=True):
    """A report: its format, its reporter, and its file, or None for standard output."""

    name: str
    reporter: Reporter
    path: str | None


def parse(values: Iterable[str], known: Mapping[str, Reporter]) -> list[Output]:
    """Parse `FORMAT`, `FORMAT=PATH` or `PATH` (format by suffix).

    Raises ConfigError for anything else.
    """
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
            "only one report can go to standard output",
            "write the others to files: --output json=report.json",
        )
    return outputs


def excerpts_for(outputs: Iterable[Output]) -> int:
    """Return how many findings to show with their records.

    0, which saves reading the data again, if no report shows records.
    """
    return EXCERPTS if any(output.reporter is BUILT_IN["html"] for output in outputs) else 0


def use_color(choice: str) -> bool:
    """Return whether to use colours.

    The flag decides, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then whether the output
    is a terminal.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return sys.stdout.isatty()


def permit(paths: Iterable[str | None], reads: Iterable[str] = ()) -> None:
    """Raise ConfigError if an output would overwrite another output or a file that is read.

    None is standard output. Several outputs may go to one device. `reads` is only iterated if
    one of the outputs already exists.
    """
    named: dict[Hashable, str] = {}
    for place in sorted(paths, key=lambda path: path is not None):
        name = "standard output" if place is None else place
        identity = _identity(1 if place is None else place)
        if identity in named:
            raise ConfigError(
                f"two outputs for one file: {named[identity]} and {name}",
                "give each a file of its own",
            )
        if not _device(1 if place is None else place):
            named[identity] = name
    existing = {identity: name for identity, name in named.items() if os.path.isfile(name)}
    for read in reads if existing else ():
        if name := existing.get(_identity(read), ""):
            raise ConfigError(
                f"{name} would be overwritten, but this run reads it",
                "write to another file",
            )


def taken(path: str) -> bool:
    """Return whether writing would replace an existing file; not so for devices and pipes."""
    return os.path.isfile(path) or os.path.isdir(path)


def write(report: Report, outputs: Iterable[Output], style: Style) -> None:
    """Write all reports. Raises PluginError if a reporter failed, after writing the others."""
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
            # Reports for machines are UTF-8, whatever the encoding of the terminal.
            sys.stdout.reconfigure(encoding="utf-8")
        for piece in output.reporter(report, style):
            print_text(piece)
        print_text("", flush=True)
    else:
        plain = Style(max_show=style.max_show, verbose=style.verbose, base=style.base)
        write_file(output.path, output.reporter(report, plain))


def print_text(text: str, *, flush: bool = False) -> None:
    """Write to standard output.

    Raises ConfigError if that fails, and BrokenPipeError if its reader has closed the pipe.
    """
    try:
        sys.stdout.write(text)
        if flush:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise ConfigError(f"cannot write to standard output: {why}", REDIRECT_HINT) from None


def write_file(path: str, pieces: Iterable[str | bytes]) -> None:
    """Write a temporary file and move it into place, so that nobody sees an incomplete file.

    Text is written as UTF-8. For a link, the target is replaced. Devices, pipes and the file
    that standard output or error goes to are written to directly. Raises ConfigError if it
    cannot be written.
    """
    try:
        stream = _stream(path)
        if stream is not None:
            with stream:
                stream.writelines(map(_encoded, pieces))
        else:
            _replace(os.path.realpath(path), pieces)
    except BrokenPipeError:
        raise ConfigError(
            f"{path}: the reader closed the pipe", "keep the other end open"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", "choose another path"
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
    """Return the stream of a path that is written to directly, or None for a regular file."""
    if not os.path.exists(path) or os.path.isdir(path):
        return None
    if not _device(path):
        for number in (1, 2):  # such as `/dev/stdout`: keep what was printed before
            if _identity(path) == _identity(number):
                return os.fdopen(os.dup(number), "wb")
    return None if os.path.isfile(path) else open(path, "wb")


def _identity(place: str | int) -> Hashable:
    """Return a key that is equal for all names and descriptors of one file.

    The key of a file that does not exist is its path.
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
