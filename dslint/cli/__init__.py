"""The command line: the only place that prints, reads the environment, and exits."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from contextlib import suppress
from typing import Any

from dslint.system.installed import settle_path

__all__ = ["main"]

NAMES = ("dslint", "dslint-gate")
"""Names under which the command is installed."""
REDIRECT_HINT = "redirect it elsewhere, or let check write its reports to files: -o FORMAT=PATH"
"""The hint where standard output cannot be written to."""


def main() -> None:
    """Run the command line and exit.

    Exit code 1 is returned only with a verdict; any unexpected error is 2.
    """
    settle_path()  # before anything else is imported
    # Most objects live to the end: collecting at the usual rate takes a tenth of a short run.
    gc.set_threshold(100_000, 20, 20)
    # A BLAS that starts a thread per core costs 0.1 s at import; dslint has its own processes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = "--debug" in sys.argv
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run()
        sys.stdout.flush()
    except _SignalError as signal:
        _print_error(f"terminated by {signal}")
        code = 128 + signal.number
    except KeyboardInterrupt:
        _print_error("interrupted")
        code = 130
    except (BrokenPipeError, SystemExit) as error:
        # The reader of the report has closed the pipe (`dslint check | head`), which typer turns
        # into exit code 1: print nothing. Any other exit is a plugin's, and no verdict either.
        code = 2
        if not isinstance(error, BrokenPipeError) and not isinstance(
            error.__context__, BrokenPipeError
        ):
            _print_error("dslint: error: a plugin ended the run before the verdict")
    except Exception as error:  # noqa: BLE001 - any error ends in exit code 2 and a message
        if debug:
            from dslint.engine import traced

            _print_error(traced(error))
        code = _explain(error)
    for stream in (sys.stdout, sys.stderr):
        if _flush_error(stream) is not None:
            code = 2 if code in (0, 1) else code
            # Discard the rest, or Python would exit with a code of its own.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    gc.freeze()  # skip the last collection: the system reclaims the memory anyway
    sys.exit(code)


def _run() -> int:
    if sys.argv[1:] in (["--version"], ["-V"]):
        from dslint import __version__

        print(f"dslint {__version__}")  # noqa: T201 - this is the command line
        return 0
    from dslint.cli.app import application

    _handle_signals()
    name = os.path.basename(sys.argv[0]).partition(".")[0]
    name = name if name in NAMES else NAMES[0]
    variable = f"_{name}_COMPLETE".replace("-", "_").upper()
    completes = variable in os.environ and not sys.argv[1:]
    if not completes:
        os.environ.pop(variable, None)  # it would make any run exit with 0
    try:
        result: Any = application(sys.argv[1:])(prog_name=name, standalone_mode=False)
    except SystemExit as ended:
        if completes or sys.argv[1:] in (["--install-completion"], ["--show-completion"]):
            return int(ended.code or 0) and (1 if completes else 2)
        raise
    return result if isinstance(result, int) else 0


def _open_closed() -> None:
    """Replace closed standard streams, so that no opened file gets their number.

    Messages to a closed standard error are dropped; writing to a closed standard output is an
    error.
    """
    for number, (name, mode) in enumerate(
        (("stdin", os.O_WRONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY))
    ):
        if getattr(sys, name) is None:
            with suppress(OSError):
                null = os.open(os.devnull, mode)
                if null != number:
                    os.dup2(null, number)
                    os.close(null)
                # It stays open.
                stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115
                setattr(sys, name, stream)


def _flush_error(stream: Any) -> OSError | None:
    """Flush a stream, and return the error if that fails."""
    try:
        stream.flush()
    except OSError as error:
        return error
    return None


def _print_error(text: str) -> None:
    """Print to standard error, if it can be written to."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the command line


class _SignalError(BaseException):
    """A signal to terminate; a BaseException, so that no error handler catches it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        import signal

        return signal.Signals(self.number).name


def _handle_signals() -> None:
    """Make SIGTERM and SIGHUP remove temporary files and stop workers before the run ends."""
    import signal
    import threading

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # the cleanup must not be interrupted
        raise _SignalError(number)

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, end)


def _explain(error: Exception) -> int:
    from dslint.errors import DslintError

    kind = type(error).__name__
    if isinstance(error, DslintError):
        lines = [f"dslint: error: {error.message}", f"  {error.hint}" if error.hint else ""]
    elif kind == "NoArgsIsHelpError":
        lines = [error.format_message()]  # type: ignore[attr-defined]
    elif hasattr(error, "format_message") and hasattr(error, "exit_code"):
        # typer raises this for a wrong command line
        context = getattr(error, "ctx", None)
        lines = [
            f"dslint: error: {error.format_message()}",
            f"  see: {context.command_path} --help" if context else "  see: dslint --help",
        ]
    elif kind in ("Abort", "Exit"):
        return int(getattr(error, "exit_code", 130))
    elif isinstance(error, OSError) and (failure := _flush_error(sys.stdout)) is not None:
        why = "it is closed" if failure.errno == errno.EBADF else failure.strerror
        lines = [f"dslint: error: cannot write to standard output: {why}", f"  {REDIRECT_HINT}"]
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        place = f"{error.filename}: " if error.filename else ""
        lines = [
            f"dslint: error: {place}{error.strerror}",
            "  free space for the output, or for temporary files (TMPDIR sets their folder)",
        ]
    else:
        from dslint.engine import describe

        lines = [
            f"dslint: internal error: {describe(error)}",
            "  run again with --debug to see the traceback, and report it",
        ]
    from dslint.reporters.style import visible

    safe = [visible(line) for text in filter(None, lines) for line in text.split("\n")]
    _print_error("\n".join(safe))
    return 2
