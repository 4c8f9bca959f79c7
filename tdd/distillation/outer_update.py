"""The outer update: Adam with a clipped gradient, and the average of the sets on its way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tdd.distillation.checkpoint import OuterState
from tdd.distillation.learned_tensors import rates_of
from tdd.settings.recipe import Recipe
from tdd.system.tensor_files import Tensors

# Added by Adam to the root of the mean squared gradient. With a classifier of zeros a sample's gradient is itself as
# small as the usual number, by which its steps would then shrink.
EPSILON, PRETRAINED_EPSILON = 1e-8, 1e-12
# Outer steps that the running mean of the gradient's norm remembers.
MEMORY = 20


def adam(learned: Tensors, recipe: Recipe, pretrained: bool) -> torch.optim.Adam:
    """Adam over the learned tensors, a parameter group with a step size of its own for each.

    `pretrained`: whether the set is made for a pretrained network.
    """
    sizes = {
        # What is exchanged moves by that alone; Adam keeps the mean of its gradient.
        "samples": 0.0 if recipe.are_real else recipe.samples_lr,
        "labels": recipe.labels_lr,
        "raw_labels": recipe.labels_lr,
        "raw_rates": recipe.rates_lr,
        "raw_momentum": recipe.rates_lr,
        "attention": recipe.attention_lr,
    }
    groups: list[dict[str, Any]] = [
        {"params": [value], "lr": sizes[name], "base_lr": sizes[name]} for name, value in learned.items()
    ]
    return torch.optim.Adam(groups, eps=PRETRAINED_EPSILON if pretrained else EPSILON)


def largest_norm(recipe: Recipe, state: OuterState, turn: str) -> float:
    """The largest norm of an outer gradient: `clip_norm`, or `clip_mean` times the mean of this turn's before."""
    if recipe.clip_mean is None:
        return recipe.clip_norm
    return recipe.clip_mean * state.mean_norms.get(turn, 0.0) or math.inf


@dataclass(frozen=True)
class Outcome:
    """What an outer step came to.

    Attributes:
        loss: the outer loss.
        norm: that of its gradient, all parts together.
        learning_rate: mean of the inner learning rates that it used.
        asked: whether any process was asked to stop.
        out_of_time: whether the minutes of any process are over.
    """

    loss: float
    norm: float
    learning_rate: float
    asked: bool
    out_of_time: bool

    @property
    def finite(self) -> bool:
        """Whether the loss and its gradient are numbers; if not, nothing was updated."""
        return math.isfinite(self.loss) and math.isfinite(self.norm)


def update(
    state: OuterState,
    gradients: Tensors,
    loss: Tensor,
    stop: Tensor,
    clip_norm: float,
    weight: float,
    turn: str,
    factor: float,
    ema: float,
) -> Outcome:
    """One step of Adam, and of the average, unless the loss or a gradient is not finite.

    Args:
        state: what is updated, before its `step` is counted on.
        gradients: to each learned tensor that Adam updates, in their order.
        loss: (1,) the outer loss.
        stop: (2,) positive where a process was asked to stop, and where its minutes are over.
        clip_norm: largest norm of all gradients together before their weight; a larger one is scaled down to it.
        weight: what the gradients are times: that of the networks of this turn.
        turn: whose it is, see `tdd.distillation.pool.whose_turn`.
        factor: of the step sizes, see `Schedule`.
        ema: decay of the average.
    """
    rate = rates_of(state.learned).mean().detach()
    norm = torch.stack([gradient.norm() for gradient in gradients.values()]).norm()
    # All that the host asks the device for, at once.
    figures = torch.stack([loss[0], norm, rate, *stop]).tolist()
    outcome = Outcome(figures[0], figures[1], figures[2], bool(figures[3]), bool(figures[4]))
    if not outcome.finite:
        return outcome
    # What is clipped is what a network finds by itself, or else in its turn its weight would make no difference.
    scale = min(1.0, clip_norm * weight / max(outcome.norm, 1e-12))
    norm_used = scale * outcome.norm / weight
    before = state.mean_norms.get(turn, 0.0) or norm_used
    state.mean_norms[turn] = before + (norm_used - before) / MEMORY
    for sizes, (name, gradient) in zip(state.optimiser.param_groups, gradients.items(), strict=True):
        sizes["lr"] = sizes["base_lr"] * factor
        state.learned[name].grad = gradient * scale
    state.optimiser.step()
    # Early on the average follows closely, so that it is not held back by the start.
    decay = min(ema, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for name in gradients:
            state.average[name].lerp_(state.learned[name], 1 - decay)
    return outcome
