"""Entry point: runs the command line; every error is one line and an exit code, 2 for wrong usage, 1 for a failure."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from tdd.cli.app import app
from tdd.errors import Interrupted, TddError, line_of

# Exit code of a command ended by Ctrl-C: 128 + SIGINT, as shells have it.
INTERRUPTED = Interrupted.exit_code


def main() -> None:
    """Run the command line and leave with its exit code."""
    debug = "--debug" in sys.argv
    # Large tensors on large pages, where the system leaves that to programs: an outer step makes many and keeps few,
    # and small pages take long to map. Torch reads this at its first tensor.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started this
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    asked_to_stop: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        asked_to_stop.append(number)
        signal.default_int_handler(number, frame)

    # A terminate signal ends every command as Ctrl-C does.
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it may be ignored, as in the background
        signal.signal(signal.SIGINT, stop)
    try:
        arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
        code = app(arguments, prog_name="tdd", standalone_mode=False) or 0
        if code == INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
    except TddError as error:
        code = _fail(str(error), error.exit_code, debug)
    except (KeyboardInterrupt, typer.Abort):
        code = _fail("interrupted", INTERRUPTED, debug)
    except Exception as error:
        # A library that is interrupted amid its import may make another error of it.
        code = _fail("interrupted", INTERRUPTED, debug) if asked_to_stop else _fail_of_library(error, debug)
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End this process; one of several without the destructors of torch's threads, which now and then abort it."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _fail_of_library(error: Exception, debug: bool) -> int:
    # The exceptions of click, which typer carries a copy of or imports, by its version.
    format_message = getattr(error, "format_message", None)
    if format_message is not None:
        context = getattr(error, "ctx", None)
        message = format_message().replace("Value error, ", "").rstrip(".")
        return _fail(f"{message}; see {context.command_path if context else 'tdd'} --help", 2, debug)
    return _fail(line_of(error), 1, debug)


def _fail(message: str, code: int, debug: bool) -> int:
    from tdd.system.formatting import printable

    if debug:
        import traceback

        traceback.print_exc()
    # Several processes that stop as they were asked to say so once.
    if code or os.environ.get("RANK", "0") == "0":
        print(f"tdd: {printable(' '.join(message.split()))}", file=sys.stderr)
    return code
