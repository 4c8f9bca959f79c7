"""What is said on the way."""

import subprocess
import sys

import pytest

from tdd.system import reporter as module
from tdd.system.reporter import Progress, Reporter, disable_progress, enable_progress


def test_notes_cannot_command_a_terminal(capsys):
    Reporter().note("class '\x1b[2J' [bold] \u202e")
    assert capsys.readouterr().err == "class '\\x1b[2J' [bold] \\u202e\n"


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets, with which every line is due."""
    now = [0.0]
    monkeypatch.setattr(module, "clock", lambda: now[0])
    monkeypatch.setattr(module, "PLAIN_EVERY", 0.0)
    return now


def test_a_log_tells_the_time_left_of_what_is_done_since_the_count_began(capsys, clock):
    reporter = Reporter()
    reporter.begin(120, 200, "networks tested")  # 120 of them by an earlier command
    for done, seconds in ((136, 40.0), (152, 80.0), (200, 200.0)):
        clock[0] = seconds
        reporter.count(done, 200, "networks tested")
    assert capsys.readouterr().err.splitlines() == [
        "120/200  networks tested",
        "136/200  networks tested, about 3 min left",
        "152/200  networks tested, about 2 min left",
        "200/200  networks tested",
    ]


def test_every_count_has_a_time_of_its_own(capsys, clock):
    reporter = Reporter()
    for done in (1, 2, 1, 2):
        reporter.count(done, 4, "epochs")
        clock[0] += 10
    left = [line.partition(", ")[2] for line in capsys.readouterr().err.splitlines()]
    assert left == ["", "about 20 s left", "", "about 20 s left"]


def test_the_time_of_a_run_is_told_as_what_it_is(capsys, clock):
    Reporter().outer_step(Progress(1, 0.5, None, -1.0, 0.1, 130.0), 9)
    assert capsys.readouterr().err == "1/9  outer loss 0.5000, rate 0.1, 2 min so far\n"


def test_processes_that_are_started_from_a_quiet_one_are_as_quiet(monkeypatch):
    monkeypatch.setattr(Reporter, "enabled", True)
    monkeypatch.setenv("TDD_QUIET", "")  # which is put back in the end
    command = [sys.executable, "-c", "from tdd.system.reporter import Reporter; Reporter().note('told')"]

    def told() -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stderr

    assert told() == "told\n"
    disable_progress()
    assert told() == ""
    enable_progress()
    assert told() == "told\n"
