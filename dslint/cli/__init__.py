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
"""What the command is installed as."""
LEAD_AWAY = "lead it to another place; check writes its reports to files, too: -o FORMAT=PATH"
"""What to do where the standard output takes nothing."""


def main() -> None:
    """Run the command line and exit. 1 is only ever returned with a verdict; what nobody expected is 2."""
    settle_path()  # before anything else is imported
    # Most of what is made stays until the end: to look for garbage in it as often as usual would take a tenth of a short run.
    gc.set_threshold(100_000, 20, 20)
    # A BLAS that starts a thread per core costs 0.1 s at import, and dslint brings its own processes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = "--debug" in sys.argv
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run()
        sys.stdout.flush()
    except _EndedError as ended:
        _complain(f"ended by {ended}")
        code = 128 + ended.number
    except KeyboardInterrupt:
        _complain("interrupted")
        code = 130
    except (BrokenPipeError, SystemExit) as error:
        # The reader of the report has gone (`dslint check | head`), which typer turns into exit code 1: nothing is left to be said to it.
        # Any other exit is a plugin's, and no verdict either.
        code = 2
        if not isinstance(error, BrokenPipeError) and not isinstance(
            error.__context__, BrokenPipeError
        ):
            _complain("dslint: error: the run was ended by a plugin, before its verdict")
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends in exit code 2 and a message
        if debug:
            from dslint.engine import traced

            _complain(traced(error))
        code = _explain(error)
    for stream in (sys.stdout, sys.stderr):
        if _fault(stream) is not None:  # dropped, or Python would end with a code of its own
            code = 2 if code in (0, 1) else code
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    gc.freeze()  # the last collection, at exit, would take as long again, for memory that goes to the system anyway
    sys.exit(code)


def _run() -> int:
    if sys.argv[1:] in (["--version"], ["-V"]):
        from dslint import __version__

        print(f"dslint {__version__}")  # noqa: T201 - this is the command line
        return 0
    from dslint.cli.app import application

    _end_in_order()
    name = os.path.basename(sys.argv[0]).partition(".")[0]
    name = name if name in NAMES else NAMES[0]
    variable = f"_{name}_COMPLETE".replace("-", "_").upper()
    completes = variable in os.environ and not sys.argv[1:]
    if not completes:
        os.environ.pop(variable, None)  # it would end any run with code 0
    try:
        result: Any = application(sys.argv[1:])(prog_name=name, standalone_mode=False)
    except SystemExit as ended:
        if completes or sys.argv[1:] in (["--install-completion"], ["--show-completion"]):
            return int(ended.code or 0) and (1 if completes else 2)
        raise
    return result if isinstance(result, int) else 0


def _open_closed() -> None:
    """Put something in the place of closed standard streams, lest a file takes their number.

    To say nothing is what a closed standard error asks for; to write to a closed standard output
    is an error.
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
                stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115 - it stays open
                setattr(sys, name, stream)


def _fault(stream: Any) -> OSError | None:
    """Return what keeps a stream from taking what was written to it."""
    try:
        stream.flush()
    except OSError as error:
        return error
    return None


def _complain(text: str) -> None:
    """Print to the standard error, if it takes anything."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the command line


class _EndedError(BaseException):
    """The system wants this process to end; no handler of errors on the way takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        import signal

        return signal.Signals(self.number).name


def _end_in_order() -> None:
    """Have SIGTERM and SIGHUP end the run in order: temporary files go, and workers end."""
    import signal
    import threading

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # tidying up is not to be broken off
        raise _EndedError(number)

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
    elif hasattr(error, "format_message") and hasattr(
        error, "exit_code"
    ):  # what typer raises for a wrong command line
        context = getattr(error, "ctx", None)
        lines = [
            f"dslint: error: {error.format_message()}",
            f"  see: {context.command_path} --help" if context else "  see: dslint --help",
        ]
    elif kind in ("Abort", "Exit"):
        return int(getattr(error, "exit_code", 130))
    elif isinstance(error, OSError) and (unsaid := _fault(sys.stdout)) is not None:
        why = "it is closed" if unsaid.errno == errno.EBADF else unsaid.strerror
        lines = [f"dslint: error: the standard output cannot be written: {why}", f"  {LEAD_AWAY}"]
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        place = f"{error.filename}: " if error.filename else ""
        lines = [
            f"dslint: error: {place}{error.strerror}",
            "  make room where the output goes, or for temporary files: TMPDIR names their folder",
        ]
    else:
        from dslint.engine import describe

        lines = [
            f"dslint: internal error: {describe(error)}",
            "  run again with --debug for the traceback, and report it",
        ]
    from dslint.reporters.style import visible

    said = [visible(line) for text in filter(None, lines) for line in text.split("\n")]
    _complain("\n".join(said))
    return 2
