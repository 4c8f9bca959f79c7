"""A run that is stopped or killed at any moment goes on to the same bytes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import STEPS, distil_command, files_below, tdd
from killed import MOMENTS, child
from whole_runs import RANDOM, assert_same_run, lines_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def processes():
    """Processes forked from one that has imported everything, so that each starts at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tdd.runs.distill", "tdd.cli.main", "datasets", "accelerate"])
    return context


def end(processes, arguments: list[str], moment: str | int, number: signal.Signals, tmp_path: Path) -> tuple[int, str]:
    """Run a command in a process of its own and end it by signal `number` at `moment`; its exit code and words."""
    output = tmp_path / f"said {moment} {number}"
    process = processes.Process(target=child, args=(arguments, str(output), moment))
    process.start()
    waits = Path(f"{output}.waits")
    while not waits.exists():
        assert process.is_alive(), output.read_text()
        time.sleep(0.005)
    os.kill(process.pid, number)
    process.join(240)
    return process.exitcode, output.read_text()


@pytest.mark.parametrize("moment", [1, 6, *list(MOMENTS)[1:]])
def test_a_killed_run_goes_on_to_the_same_bytes(processes, given, uninterrupted, tmp_path, moment):
    output = tmp_path / "run"
    code, _ = end(processes, distil_command(*given, output, **RANDOM), moment, signal.SIGKILL, tmp_path)
    assert code == -signal.SIGKILL
    done = tdd("distill", "--resume", output)
    assert done.code == 0, done.err
    for left in output.rglob(".*.*"):  # a file that was being written when the process died
        assert left.name.startswith((".last.safetensors.", ".results.json.", ".distilled.safetensors."))
        left.unlink()
    assert_same_run(output, uninterrupted)


def test_a_run_killed_before_it_began_can_be_started_again(processes, given, tmp_path):
    arguments = distil_command(*given, tmp_path / "run", outer_steps=1)
    end(processes, arguments, "while it reads", signal.SIGKILL, tmp_path)
    assert files_below(tmp_path / "run") == [".lock"]
    done = tdd(*arguments)
    assert done.code == 0, done.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stopped_before_it_began_leaves_nothing(processes, given, tmp_path, number):
    output = tmp_path / "run"
    code, said = end(processes, distil_command(*given, output), "while it reads", number, tmp_path)
    assert (code, said) == (130, "tdd: interrupted\n")
    assert not output.exists()


@pytest.mark.parametrize(
    ("number", "moment"),
    [(signal.SIGINT, 2), (signal.SIGTERM, 7), (signal.SIGINT, "in the test at the end")],
)
def test_a_stopped_run_says_how_to_go_on_and_does(processes, given, uninterrupted, tmp_path, number, moment):
    output = tmp_path / "run"
    code, said = end(processes, distil_command(*given, output, **RANDOM), moment, number, tmp_path)
    assert code == 130
    assert "Traceback" not in said
    what = f"stopped after {moment} of {STEPS} outer steps" if isinstance(moment, int) else "interrupted"
    assert said.splitlines()[-1] == f"tdd: {what}; go on with: tdd distill --resume {output}"
    verb = tdd("evaluate", output)
    assert verb.code == (0 if moment == 7 else 2)  # what was best so far can be tested; nothing is before a validation
    done = tdd("distill", "--resume", output)
    assert done.code == 0, done.err
    assert_same_run(output, uninterrupted)


def test_ctrl_c_on_the_real_command(given, tmp_path):
    output = tmp_path / "run"
    command = [sys.executable, "-m", "tdd", *distil_command(*given, output, outer_steps=100000)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while len(lines_of(output) if (output / "log.jsonl").exists() else []) < 3:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=240)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    steps = len(lines_of(output))
    assert err.splitlines()[-1] == (
        f"tdd: stopped after {steps} of 100000 outer steps; go on with: tdd distill --resume {output}"
    )
