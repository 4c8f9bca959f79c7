"""What a call costs: processor seconds, seconds, and memory at its peak."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil
import torch

from tdd.system.version import __version__

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Cost:
    """Processor seconds of all threads, and seconds by the clock."""

    cpu: float
    wall: float


def timed(run: Callable[[], object]) -> Cost:
    """What one call of `run` costs."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def peak_of(run: Callable[[], object]) -> int:
    """Bytes that `run` adds to this process at its peak; meant for a process that has done nothing else."""
    if CLEAR.exists():
        CLEAR.write_text("5")  # the peak is now what is resident
    before = _peak()
    run()
    return _peak() - before


def _peak() -> int:
    # Not ru_maxrss on Linux: a child's starts at the size of the process that it was forked from.
    if STATUS.exists():
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def environment() -> dict[str, object]:
    """Hardware, threads and versions that figures belong to."""
    names = [line for line in _cpu_info() if line.startswith("model name")]
    return {
        "processor": names[0].split(":")[1].strip() if names else platform.processor() or platform.machine(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "threads": torch.get_num_threads(),
        "load_average": os.getloadavg(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {"tdd": __version__} | {name: version(name) for name in ("torch", "numpy", "gensim")},
    }


def _cpu_info() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
