"""What several processes that work on one run tell each other."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from torch import Tensor

from tdd.errors import UsageError


def gather(found: dict[int, float], count: int, accelerator: Accelerator) -> list[float]:
    """Figures 0 ... count - 1, each found by one of the processes, on every process."""
    if accelerator.num_processes == 1:
        return [found[index] for index in range(count)]
    values = torch.zeros(count, dtype=torch.float64, device=accelerator.device)
    values[list(found)] = torch.tensor(list(found.values()), dtype=torch.float64, device=accelerator.device)
    summed: Tensor = accelerator.reduce(values, "sum")
    return [float(value) for value in summed]


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
