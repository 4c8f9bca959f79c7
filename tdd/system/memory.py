"""Memory of a device: how much is free, how much a part of a computation should take, and how tensors get there."""

from __future__ import annotations

import torch

CPU = torch.device("cpu")
# Share of an accelerator's memory that one part of a computation may take.
PART = 16


def part_bytes(device: torch.device, in_cache: int) -> int:
    """Bytes that a computation done in parts should take at once.

    A processor is fastest where a part stays within its cache, `in_cache` bytes. An accelerator wants few large parts:
    a share of all its memory, which is the same however much of it is free, so that a run repeats itself.
    """
    if device.type == "cuda":
        return max(in_cache, torch.cuda.get_device_properties(device).total_memory // PART)
    if device.type == "mps":
        return max(in_cache, torch.mps.recommended_max_memory() // PART)
    return in_cache


def own_bytes() -> tuple[int, int]:
    """Bytes of the host's memory that this process holds now, and the most that it has held so far."""
    import resource
    import sys

    import psutil

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(psutil.Process().memory_info().rss), most if sys.platform == "darwin" else most * 1024


def free_bytes(device: torch.device) -> int:
    """Bytes free on `device`."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    import psutil

    return int(psutil.virtual_memory().available)


def moved(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the host on `device`: to CUDA from memory that cannot be swapped out, so that nobody waits for it."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
