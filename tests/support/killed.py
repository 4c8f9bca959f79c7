"""A process that reaches a moment of a run and waits there to be ended."""

import os
import signal
import sys
from pathlib import Path

from tdd.distilled_set import run_log

MOMENTS = {
    "while it reads": ("tdd.runs.distill", "open_corpus"),
    "before the first step": ("tdd.runs.distill", "Log"),
    "in a checkpoint": ("tdd.system.tensor_files", "save_file"),
    "in the test at the end": ("tdd.runs.distill", "evaluate_on"),
    "in the last write": ("tdd.distilled_set.set", "write_json"),
}


def child(arguments: list[str], output: str, moment: str | int) -> None:
    """Run ``tdd ARGUMENTS``; at `moment`, or after that outer step, say so in a file and wait for a signal."""
    said = open(output, "w", buffering=1)  # noqa: SIM115 (open for the whole process)
    os.dup2(said.fileno(), 1)
    os.dup2(said.fileno(), 2)
    sys.stdout = sys.stderr = said
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)  # so that a signal that comes before the wait ends it too

    def wait() -> None:
        Path(output + ".waits").touch()
        os.read(read, 1)

    if isinstance(moment, int):
        add = run_log.Log.add

        def add_and_wait(log: run_log.Log, values: dict) -> None:
            add(log, values)
            if values["step"] == moment:
                wait()

        run_log.Log.add = add_and_wait
    else:
        module, name = MOMENTS[moment]
        original = getattr(sys.modules[module], name)

        def wait_first(*given: object, **named: object) -> object:
            if moment == "in a checkpoint":  # half of a file lies there
                Path(given[1]).write_bytes(b"half")
            wait()
            return original(*given, **named)

        setattr(sys.modules[module], name, wait_first)
    sys.argv = ["tdd", *arguments]
    from tdd.cli.main import main

    main()
