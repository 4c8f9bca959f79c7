"""The ways in which networks are trained on a set: by learned gradient steps, or plainly."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tdd.distillation.mini_batches import mini_batches
from tdd.distillation.plain_loop import AdamW, PlainLoop, train_plainly, unroll_plainly
from tdd.distillation.trajectory import Trajectory
from tdd.distillation.unroll import InnerLoop, train, unroll
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel
from tdd.networks.learner import Mode
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.settings.recipe import Recipe

Loop = InnerLoop | PlainLoop


def train_by(loop: Loop, kernel: Kernel, theta: Parameters) -> Parameters:
    """K networks that start at `theta`, stacked (K, ...), trained by all steps of a loop."""
    if isinstance(loop, PlainLoop):
        return train_plainly(kernel, theta, loop)
    return train(kernel, theta, loop)


def unroll_by(loop: Loop, kernel: Kernel, theta: Parameters, window: range, mode: Mode) -> Trajectory:
    """The same, up to the end of a window, with what the reverse of its steps needs; see `unroll`."""
    if isinstance(loop, PlainLoop):
        return unroll_plainly(kernel, theta, loop, window)
    return unroll(kernel, theta, loop, window, mode)


def drawn_steps(recipe: Recipe, *place: str | int) -> int:
    """How many steps of plain training a network takes in all, drawn at a place."""
    fewest, most = recipe.inner_steps
    return int(torch.randint(fewest, most + 1, (), generator=generator(recipe.seed, "inner steps", *place)))


def first_steps(loop: Loop, steps: int) -> Loop:
    """A loop without the steps behind the first ones."""
    if isinstance(loop, PlainLoop):
        return replace(loop, batches=loop.batches[:steps], rates=loop.rates[:steps])
    return replace(loop, learning_rates=loop.learning_rates[:steps])


def plain_loop(
    recipe: Recipe,
    samples: Tensor,
    labels: Tensor,
    mask: Tensor | None,
    rate: float,
    place: tuple[str | int, ...] = (),
    steps: int | None = None,
) -> PlainLoop:
    """Plain training on all samples of a set, by the settings of its recipe.

    Args:
        recipe: the settings.
        samples: (steps, per_step, ...), taken together.
        labels: (steps, per_step, C) probabilities.
        mask: (steps, per_step, L), or None.
        rate: step size of AdamW.
        place: of the draw of the mini-batches in an outer step, at one step size, and of what networks drop. (): those
            of a test: the most steps, the step size falls along half a cosine to 0, nothing is dropped.
        steps: of an outer step; None: drawn at its place.
    """
    dropout, most = None, recipe.inner_steps[1]
    if place:
        steps = steps or drawn_steps(recipe, *place)
        rates = [rate] * steps
        if recipe.inner_dropout:
            dropout = torch.randint(2**62, (steps,), generator=generator(recipe.seed, "inner dropout", *place)).tolist()
    else:
        steps, rates = most, [rate * (1 + math.cos(math.pi * t / most)) / 2 for t in range(most)]
    x, y = samples.flatten(0, 1), labels.flatten(0, 1)
    batches = mini_batches(len(x), recipe.inner_batch, steps, recipe.seed, "mini-batches", *place)
    batches = [batch.to(x.device) for batch in batches]
    how = AdamW(recipe.inner_weight_decay, clip=recipe.inner_clip)
    return PlainLoop(x, y, batches, rates, how, None if mask is None else mask.flatten(0, 1), dropout)
