"""Processor threads of a computation: more than one only where they are measured to win.

Small matrices wait for each other: on two cores, two threads win nothing for the TextCNN and lose several times over
beside another busy process, while convolutions over images and pretrained encoders gain.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator

GAIN = 1.3
"""How many times as fast several threads have to be."""
# Seconds of a step from which it is timed once.
_LONG = 1.0
_TIMES = 3


def are_open(accelerator: Accelerator, threads: int | None) -> bool:
    """Whether nothing but a measurement says how many threads a process takes.

    Something else does where `threads` are asked for, by ``OMP_NUM_THREADS``, on one core, on an accelerator, and where
    several processes share the cores.
    """
    return threads is None and accelerator.num_processes == 1 and _may_be_more(accelerator.device)


def _may_be_more(device: torch.device) -> bool:
    return device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ and torch.get_num_threads() > 1


def choose(step: Callable[[], object]) -> str:
    """Take one thread, or torch's own number where `step` is `GAIN` times as fast with that.

    The step is done a few times, and draws from torch's own generator are as if it had not been.

    Returns:
        What was chosen and why, in a line.
    """
    many = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        step()  # the first one makes what all later ones find
        taken: dict[int, list[float]] = {1: [], many: []}
        for _ in range(_TIMES):
            for threads, seconds in taken.items():
                torch.set_num_threads(threads)
                seconds.append(seconds_of(step))
            if max(map(max, taken.values())) >= _LONG:
                break
    # What else the machine does makes a step longer, never shorter.
    one, several = (min(seconds) for seconds in taken.values())
    chosen = many if one >= GAIN * several else 1
    torch.set_num_threads(chosen)
    faster = one / several
    speed = (
        f"{many} are {faster:.1f} times as fast as one"
        if faster >= 1
        else f"{many} take {1 / faster:.1f} times as long"
    )
    return f"{chosen} thread{'s' if chosen > 1 else ''}: {speed} here (--threads sets their number)"


class Suited:
    """As many threads as suit what is done over and over on a device, measured when it is done first.

    Args:
        device: where it is computed.
    """

    def __init__(self, device: torch.device):
        self.device, self.chosen = device, None if _may_be_more(device) else torch.get_num_threads()

    @contextmanager
    def within(self, step: Callable[[], object], is_usual: bool = True) -> Iterator[None]:
        """Take them within; in the end the process has as many as it had.

        Args:
            step: what is done, in small.
            is_usual: whether later steps take about as long; where not, they are measured again.
        """
        with restored():
            if self.chosen is None:
                choose(step)
                self.chosen = torch.get_num_threads() if is_usual else None
            else:
                torch.set_num_threads(self.chosen)
            yield


def seconds_of(step: Callable[[], object]) -> float:
    """Seconds that a step takes."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


@contextmanager
def restored() -> Iterator[None]:
    """Give the process as many threads again in the end as it has now."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)
