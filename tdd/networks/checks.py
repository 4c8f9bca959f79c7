"""What a module must be so that a set can be distilled for it, told before a run begins."""

from __future__ import annotations

import torch
from torch import nn

from tdd.data.protocols import InputSpace
from tdd.errors import UsageError
from tdd.networks.kernels.autograd import takes_mask


def check_module(name: str, module: nn.Module) -> None:
    """Raise UsageError for layers whose statistics change while they are trained: they would not be a function."""
    for path, layer in module.named_modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) or getattr(layer, "track_running_stats", False):
            raise UsageError(
                f"{name}: layer '{path}' is a {type(layer).__name__}, which keeps statistics of its batches and cannot "
                f"be unrolled; use GroupNorm, LayerNorm or InstanceNorm without running statistics"
            )


def check_forward(name: str, module: nn.Module, space: InputSpace, classes: int, device: torch.device) -> None:
    """Raise UsageError unless the module turns two examples into two rows of logits."""
    examples = torch.zeros(2, *space.shape, device=device)
    inputs = [examples]
    if takes_mask(module):
        inputs.append(torch.ones(2, space.shape[0], dtype=torch.bool, device=device))
    wanted = (
        f"{name}: forward must take examples (N, {', '.join(map(str, space.shape))}) and return logits (N, {classes})"
    )
    try:
        with torch.no_grad():
            logits = module(*inputs)
    except Exception as error:  # a user's own code may raise anything
        raised = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UsageError(f"{wanted}; it raised {raised}") from error
    if not isinstance(logits, torch.Tensor) or logits.shape != (2, classes):
        shape = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise UsageError(f"{wanted}; for two examples it returned {shape}")
