"""The command line: the only place that prints, reads the environment, and exits."""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Any

from dslint.installed import settle_path

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit. 1 is only ever returned with a verdict; what nobody expected is 2."""
    settle_path()  # before anything else is imported
    # Most of what is made stays until the end: to look for garbage in it as often as usual would take a tenth of a short run.
    gc.set_threshold(100_000, 20, 20)
    # A BLAS that starts a thread per core costs 0.1 s at import, and dslint brings its own processes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = "--debug" in sys.argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run()
    except _EndedError as ended:
        print(f"ended by {ended}", file=sys.stderr)  # noqa: T201 - this is the command line
        code = 128 + ended.number
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201 - this is the command line
        code = 130
    except (BrokenPipeError, SystemExit) as error:
        # The reader of the report has gone (`dslint check | head`), which typer turns into exit code 1: nothing is left to be said to it.
        # Any other exit is a plugin's, and no verdict either.
        code = 2
        if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        else:
            print("dslint: error: the run was ended by a plugin, before its verdict", file=sys.stderr)  # noqa: T201 - this is the command line
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends in exit code 2 and a message
        if debug:
            from dslint.engine import traced

            print(traced(error), file=sys.stderr)  # noqa: T201 - this is the command line
        code = _explain(error)
    gc.freeze()  # the last collection, at exit, would take as long again, for memory that goes to the system anyway
    sys.exit(code)


def _run() -> int:
    if sys.argv[1:] in (["--version"], ["-V"]):
        from dslint import __version__

        print(f"dslint {__version__}")  # noqa: T201 - this is the command line
        return 0
    from dslint.cli.app import application

    _end_in_order()
    result: Any = application(sys.argv[1:])(standalone_mode=False)
    return result if isinstance(result, int) else 0


class _EndedError(BaseException):
    """The system wants this process to end; no handler of errors on the way takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        import signal

        return signal.Signals(self.number).name


def _end_in_order() -> None:
    """Have SIGTERM and SIGHUP end the run as an exception does: temporary files go, and workers end."""
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
    elif hasattr(error, "format_message") and hasattr(error, "exit_code"):  # what typer raises for a wrong command line
        context = getattr(error, "ctx", None)
        lines = [
            f"dslint: error: {error.format_message()}",
            f"  see: {context.command_path} --help" if context else "  see: dslint --help",
        ]
    elif kind in ("Abort", "Exit"):
        return int(getattr(error, "exit_code", 130))
    else:
        from dslint.engine import describe

        lines = [
            f"dslint: internal error: {describe(error)}",
            "  run again with --debug for the traceback, and report it",
        ]
    from dslint.reporters.style import visible

    said = [visible(line) for text in filter(None, lines) for line in text.split("\n")]
    print("\n".join(said), file=sys.stderr)  # noqa: T201 - this is the command line
    return 2
