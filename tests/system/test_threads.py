"""Threads are chosen by how long a step takes with one and with several, and only where nobody has said how many."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from tdd.system import threads


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    with threads.restored():
        yield


def times(monkeypatch: pytest.MonkeyPatch, one: float, several: float) -> list[int]:
    """Let a step take `one` second with one thread, `several` with more; the threads of every step that is timed."""
    timed: list[int] = []

    def seconds(step) -> float:
        step()
        timed.append(torch.get_num_threads())
        return one if timed[-1] == 1 else several

    monkeypatch.setattr(threads, "seconds_of", seconds)
    return timed


@pytest.mark.parametrize(
    ("one", "several", "chosen"), [(0.2, 0.2, 1), (0.2, 0.16, 1), (0.2, 2.0, 1), (0.26, 0.2, 2), (0.4, 0.2, 2)]
)
def test_several_threads_are_taken_where_they_clearly_win(monkeypatch, one, several, chosen):
    torch.set_num_threads(2)
    times(monkeypatch, one, several)
    line = threads.choose(lambda: None)
    assert torch.get_num_threads() == chosen
    speed = "take 10.0 times as long" if several > 1 else f"are {one / several:.1f} times as fast as one"
    assert line.startswith(f"{chosen} thread{'s' if chosen > 1 else ''}: 2 {speed} here")
    assert "--threads" in line


def test_a_long_step_is_timed_once_with_each_number_and_a_short_one_several_times(monkeypatch):
    torch.set_num_threads(2)
    timed = times(monkeypatch, 3.0, 2.0)
    threads.choose(lambda: None)
    assert timed == [1, 2]
    torch.set_num_threads(2)
    timed = times(monkeypatch, 0.03, 0.02)
    threads.choose(lambda: None)
    assert timed == [1, 2] * 3


def test_another_busy_process_makes_a_step_longer_and_counts_for_nothing(monkeypatch):
    torch.set_num_threads(2)
    seconds = iter([0.2, 0.9, 0.8, 0.1, 0.2, 0.9])
    monkeypatch.setattr(threads, "seconds_of", lambda step: next(seconds))
    threads.choose(lambda: None)
    assert torch.get_num_threads() == 2


def test_measuring_leaves_random_draws_as_they_were(monkeypatch):
    torch.set_num_threads(2)
    times(monkeypatch, 0.2, 0.2)
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    threads.choose(lambda: torch.rand(7))
    assert torch.equal(torch.rand(4), expected)


def test_nothing_is_measured_where_something_else_says_how_many(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    torch.set_num_threads(2)
    alone = SimpleNamespace(device=torch.device("cpu"), num_processes=1)
    assert threads.are_open(alone, None)
    assert not threads.are_open(alone, 2)
    assert not threads.are_open(SimpleNamespace(device=torch.device("cuda"), num_processes=1), None)
    assert not threads.are_open(SimpleNamespace(device=torch.device("cpu"), num_processes=2), None)
    torch.set_num_threads(1)
    assert not threads.are_open(alone, None)
    torch.set_num_threads(2)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert not threads.are_open(alone, None)
