"""The outer update: Adam with a schedule and a clipped gradient, and the average of the sets on its way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tdd.distillation.checkpoint import OuterState
from tdd.distillation.learned_tensors import Tensors
from tdd.settings.recipe import Recipe


def adam(recipe: Recipe, learned: Tensors) -> torch.optim.Adam:
    """Adam over the learned tensors, a parameter group with a step size of its own for each."""
    sizes = {
        "samples": recipe.samples_lr,
        "labels": recipe.labels_lr,
        "raw_rates": recipe.rates_lr,
        "raw_momentum": recipe.rates_lr,
    }
    groups: list[dict[str, Any]] = [
        {"params": [value], "lr": sizes[name], "base_lr": sizes[name]} for name, value in learned.items()
    ]
    return torch.optim.Adam(groups)


def update(recipe: Recipe, state: OuterState, gradients: Sequence[Tensor], norm: float) -> None:
    """One step of Adam, and of the average.

    Args:
        recipe: the settings.
        state: what is updated, before its `step` is counted on.
        gradients: one for each learned tensor, in their order.
        norm: that of all of them together; what is beyond `clip_norm` is scaled down to it.
    """
    scale = min(1.0, recipe.clip_norm / max(norm, 1e-12))
    factor = schedule(recipe, state.step)
    for sizes, value, gradient in zip(state.optimiser.param_groups, state.learned.values(), gradients, strict=True):
        sizes["lr"] = sizes["base_lr"] * factor
        value.grad = gradient * scale
    state.optimiser.step()
    # Early on the average follows closely, so that it is not held back by the start.
    decay = min(recipe.ema, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for name, value in state.learned.items():
            state.average[name].lerp_(value, 1 - decay)


def schedule(recipe: Recipe, step: int) -> float:
    """Factor of the Adam step sizes at an outer step."""
    rise = min(1.0, (step + 1) / recipe.warmup) if recipe.warmup else 1.0
    if recipe.schedule == "constant":
        return rise
    return rise * 0.5 * (1 + math.cos(math.pi * step / recipe.outer_steps))
