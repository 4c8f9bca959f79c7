"""Whatever a user types, help, results or one line of error come back, and without waiting for what is not needed."""

import contextlib
import errno
import os
import signal
import subprocess
import sys

import pytest
from command import tdd

from tdd.cli.options import print_once
from tdd.data.known import KNOWN


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["distil"], "No such command 'distil'"),
        (["distill", "--bogus"], "No such option: --bogus"),
        (["distill"], "name a data set, e.g. tdd distill imdb --n 20"),
        (["distill", "x", "y"], "unexpected extra argument"),
        (["distill", "x", "--n", "many"], "Invalid value for '--n'"),
        (["distill", "x", "--init", "warm"], "'warm' is not one of 'fixed', 'random'"),
        (["distill", "x", "--set"], "Option '--set' requires an argument"),
        (["evaluate"], "Missing argument 'RUN... | FILE...'"),
        (["evaluate", "x", "--networks", "0"], "Invalid value for '--networks'"),
        (["decode", "x", "--format", "xml"], "'xml' is not one of 'table', 'json', 'text'"),
        (["evaluate", ""], "RUN: an empty text names no file or folder"),
        (["compare", "x", ""], "RUNS: an empty text names no file or folder"),
        (["distill", "x", "--output="], "--output: an empty text names no file or folder"),
        (["distill", "--resume", ""], "--resume: an empty text names no file or folder"),
    ],
)
def test_a_command_that_makes_no_sense_is_one_line(arguments, message):
    done = tdd(*arguments)
    assert message in done.one_line()
    assert done.err.count("\n") == 1
    assert done.code == 2


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["-h"], ["distill", "--help"], ["evaluate", "-h"], ["decode", "-h"]]
)
def test_help_is_printed(arguments):
    done = tdd(*arguments)
    assert (done.code, done.err) == (0, "")
    assert "Usage: tdd" in done.out


def test_the_version_is_printed():
    assert tdd("--version").out == "tdd 0.2.0\n"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_anywhere_on_the_line_shows_the_traceback(place):
    arguments = ["distill", "nowhere"]
    arguments.insert(place, "--debug")
    done = tdd(*arguments, "--output", "/dev/null/x")
    assert "Traceback (most recent call last)" in done.err
    assert done.err.splitlines()[-1].startswith("tdd: ")
    assert done.code == 1


def test_a_failure_nobody_thought_of_is_one_line_too(run, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("first\nsecond \x1b[31m")

    monkeypatch.setattr("tdd.embeddings.load.load_embedding", fails)
    done = tdd("decode", run)
    assert done.one_line() == "unexpected RuntimeError: first second \\x1b[31m; add --debug to see where"
    assert done.code == 1


def test_a_file_that_one_may_not_read_is_named(run, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", "data.csv")

    monkeypatch.setattr("tdd.embeddings.load.load_embedding", refused)
    done = tdd("decode", run)
    assert (done.code, done.one_line()) == (1, "cannot read or write data.csv: Permission denied")


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried")]
)
def test_running_out_of_memory_says_what_to_lower(run, monkeypatch, error):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr("tdd.inspection.show.decode", fails)
    done = tdd("decode", run)
    assert (done.one_line(), done.code) == ("out of memory; lower n, batch_size or networks_at_once", 1)


def test_a_full_disk_below_what_is_printed_is_one_line(monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tdd.cli.app.typer.echo", full)
    done = tdd("--version")
    assert done.one_line() == "cannot write what is printed: No space left on device; free some space"
    assert done.code == 1


@pytest.mark.slow
@pytest.mark.parametrize(("closed", "folder", "code"), [(">&-", "run", 0), ("2>&-", "nowhere", 2)])
def test_closed_streams_are_written_nowhere(run, closed, folder, code):
    command = f"{sys.executable} -m tdd decode {run.parent / folder} {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_an_error_that_a_library_makes_of_ctrl_c_is_an_interruption(monkeypatch):
    def interrupted(*_, **__):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr("tdd.cli.app.typer.echo", interrupted)
    done = tdd("--version")
    assert (done.one_line(), done.code) == ("interrupted", 130)


@pytest.mark.slow
def test_ctrl_c_while_the_command_line_is_imported_is_one_line():
    code = (
        "import sys, runpy\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "runpy.run_module('tdd', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "tdd: interrupted\n")


def test_inspect_is_another_name_of_decode(run):
    assert tdd("inspect", run) == tdd("decode", run)


@pytest.mark.slow
def test_help_waits_for_no_heavy_import_and_python_m_tdd_works():
    code = (
        "import sys, runpy\n"
        "for arguments in (['--help'], ['distill', '--help'], ['--version']):\n"
        "    sys.argv = ['tdd', *arguments]\n"
        "    try: runpy.run_module('tdd', run_name='__main__')\n"
        "    except SystemExit as leave: assert leave.code == 0, leave.code\n"
        "heavy = {'torch', 'datasets', 'gensim', 'accelerate', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: tdd distill" in done.stdout


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_told_nothing():
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as gone:
        command = [sys.executable, "-m", "tdd", "distill", "--list-recipes"]
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b""


@pytest.mark.slow
def test_completion_is_offered_for_every_verb():
    command = [sys.executable, "-m", "tdd", "--show-completion", "bash"]
    # Else typer looks for a shell among the processes that this one was started by, and there may be none.
    env = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    assert "tdd" in subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def test_help_names_every_data_set_with_a_short_name():
    told = " ".join(tdd("distill", "--help").out.split())
    assert all(name in told for name in KNOWN)


@pytest.mark.parametrize(("columns", "widest"), [("80", 80), ("130", 130), ("400", 162)])
def test_help_is_as_wide_as_the_terminal_in_groups_with_defaults(monkeypatch, columns, widest):
    monkeypatch.setenv("COLUMNS", columns)
    told = tdd("distill", "--help").out
    lengths = [len(line) for line in told.splitlines()]
    assert max(lengths) <= widest and max(lengths) > widest - 25
    titles = [line for line in told.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert titles[:4] == ["Arguments:", "Options:", "The data set:", "The network:"]
    assert "[default: (20)" in " ".join(told.split()) and "[default: (text_cnn)" in " ".join(told.split())


def test_results_are_broken_between_words_on_a_terminal_and_nowhere_else(monkeypatch, capsys):
    line = "  fixed initialisation: test accuracy 66.74 %, distillation ratio 92.16 %"
    monkeypatch.setenv("COLUMNS", "50")
    print_once(line)
    assert capsys.readouterr().out == f"{line}\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_once(line)
    told = capsys.readouterr().out.splitlines()
    assert told == ["  fixed initialisation: test accuracy 66.74 %,", "      distillation ratio 92.16 %"]
