"""What several processes that work on one run tell each other, and how they share it out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from math import gcd
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState
from torch import Tensor

from tdd.errors import UsageError
from tdd.system.precision import set_float32_precision


def accelerator(device: str | None = None, threads: int | None = None, **trackers: Any) -> Accelerator:
    """The device and processes of this run: the only place that asks Accelerate for them.

    Accelerate is never told a precision, which it would keep for the whole process: kernels see to that themselves.

    Args:
        device: "cpu", "cuda", "cuda:1", "mps"; None: the fastest there is.
        threads: processor threads of this process; None: as torch chooses.
        trackers: ``log_with`` and ``project_dir`` of Accelerate.

    Raises:
        UsageError: there is no such device.
    """
    set_float32_precision("ieee")
    if threads is not None:
        torch.set_num_threads(threads)
    if device is not None:
        _check_device(device)
    elif several_on_cpus():
        device = "cpu"
    # Accelerate keeps the device of its first object for all later ones.
    if PartialState._shared_state and PartialState().num_processes == 1:
        wanted = PartialState().default_device if device is None else torch.device(device)
        if _place(PartialState().device) != _place(wanted):
            AcceleratorState._reset_state(reset_partial_state=True)
    if device is None:
        return Accelerator(**trackers)
    os.environ["ACCELERATE_TORCH_DEVICE"] = device
    try:
        return Accelerator(cpu=device == "cpu", **trackers)
    finally:
        del os.environ["ACCELERATE_TORCH_DEVICE"]


def several_on_cpus() -> bool:
    """Whether a launcher has started several processes on a machine without an accelerator.

    Unless it is told that they compute on CPUs, Accelerate takes each of them for the only one.
    """
    accelerated = torch.cuda.is_available() or torch.backends.mps.is_available()
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and not accelerated


def _place(device: torch.device) -> tuple[str, int]:
    return device.type, device.index or 0


def _check_device(device: str) -> None:
    try:
        kind = torch.device(device)
    except RuntimeError:
        raise UsageError(f"device: '{device}' is none that torch knows; use cpu, cuda, cuda:1 or mps") from None
    counts = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if _place(kind)[1] >= counts.get(kind.type, 0):
        there = ", ".join(f"{name}:0 to {name}:{n - 1}" if n > 1 else name for name, n in counts.items() if n)
        raise UsageError(f"device: there is no '{device}' on this machine; there is {there}")


def share_out(networks: int, at_once: int, accelerator: Accelerator) -> Iterator[tuple[list[int], tuple[int, int]]]:
    """What this process does of a job on networks 0 ... networks - 1, each of them on all of a batch's examples.

    A unit of work is a network and a shard of the examples; there are no more shards than it takes to give every
    process the same number of units.

    Yields:
        Networks, at most `at_once`, and the shard (index, count) of the examples that they work on here.
    """
    world = accelerator.num_processes
    shards = world // gcd(networks, world)
    # Units are numbered network by network; there may be more than a list should hold.
    units = range(accelerator.process_index, networks * shards, world)
    for shard in range(shards):
        members = (unit // shards for unit in units if unit % shards == shard)
        while chunk := list(islice(members, at_once)):
            yield chunk, (shard, shards)


def sums(parts: list[Tensor], accelerator: Accelerator) -> list[Tensor]:
    """Each tensor's sum over processes, by one flat reduction."""
    if accelerator.num_processes == 1:
        return parts
    flat = accelerator.reduce(torch.cat([part.flatten() for part in parts]), "sum")
    sizes = [part.numel() for part in parts]
    return [piece.view_as(part) for piece, part in zip(flat.split(sizes), parts, strict=True)]


def anyone(wants: bool, accelerator: Accelerator) -> bool:
    """Whether any process wants to, so that all of them stop after the same step."""
    if accelerator.num_processes == 1:
        return wants
    return bool(accelerator.reduce(torch.tensor(float(wants), device=accelerator.device), "sum").item())


def check_one_process(accelerator: Accelerator, what: str) -> None:
    """Raise UsageError unless this is the only process; `what` begins the line."""
    if accelerator.num_processes > 1:
        raise UsageError(f"{what} measured by one process: start without torchrun or accelerate launch")
