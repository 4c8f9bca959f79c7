"""Exchange pieces of real texts for others, where the true outer loss falls on networks and examples of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from torch import Tensor

from tdd.data.protocols import RealBatch
from tdd.distillation.batches import OuterBatches
from tdd.distillation.checkpoint import OuterState
from tdd.distillation.loops import train_by
from tdd.distillation.samples.exchanged import ExchangedTexts
from tdd.distillation.samples.protocol import Parametrisation
from tdd.settings.recipe import Recipe
from tdd.system.processes import share_out, sums

if TYPE_CHECKING:
    from tdd.distillation.trainee import Trainee


def exchange(
    recipe: Recipe,
    state: OuterState,
    parametrisation: Parametrisation,
    trainees: Sequence[Trainee],
    batches: OuterBatches,
    mask: Tensor | None,
    accelerator: Accelerator,
) -> bool:
    """Exchange pieces after the outer steps that are due, and say whether that was done.

    Which ones is told, to first order, by Adam's running mean of the gradient to the samples (about ten outer steps).
    The exchanges, all together, are kept if the outer loss falls: the mean over the trainees by their weights, on
    networks and training examples that are drawn for this alone, the same before and after.

    Args:
        recipe: the settings.
        state: what is updated, before its `step` is counted on.
        parametrisation: what stands for the samples; where nothing is exchanged, nothing is done.
        trainees: the networks.
        batches: of training examples.
        mask: of the samples.
        accelerator: the processes, of which each finds a part of the loss.
    """
    if not isinstance(parametrisation, ExchangedTexts) or (state.step + 1) % recipe.exchange_every:
        return False
    raw = state.learned["samples"]
    mean = state.optimiser.state[raw]["exp_avg"]
    new = parametrisation.exchanged(raw, mean, recipe.exchanges)
    if torch.equal(new, raw):
        return False
    batch = batches.apart("exchange", state.step)
    before, after = (
        _loss(recipe, state, samples, trainees, batch, mask, accelerator) for samples in (raw.detach(), new)
    )
    if not after < before:
        return False
    with torch.no_grad():
        changed = (new != raw).any(-1)
        raw.copy_(new)
        state.average["samples"].copy_(new)
        mean[changed] = 0  # what was known of other words
    return True


def _loss(
    recipe: Recipe,
    state: OuterState,
    samples: Tensor,
    trainees: Sequence[Trainee],
    batch: RealBatch,
    mask: Tensor | None,
    accelerator: Accelerator,
) -> float:
    """Mean outer loss of networks that are trained on these samples, over the trainees by their weights."""
    place: tuple[str | int, ...] = ("exchange", state.step)
    weights, total = recipe.pool_weights or [1.0] * len(trainees), torch.zeros(1, device=samples.device)
    for trainee, weight in zip(trainees, weights, strict=True):
        inner = trainee.inner_loop(state.learned, samples, mask, place)
        for networks, shard in share_out(recipe.networks, recipe.networks_at_once, accelerator):
            real = batch.shard(*shard)
            if not len(real):  # there are more processes than examples
                continue
            trained = train_by(inner, trainee.kernel, trainee.starts(*place, networks=networks))
            losses, _ = trainee.kernel.loss(trained, real, smoothing=recipe.label_smoothing or 0.0)
            total += weight * len(networks) / recipe.networks * len(real) / len(batch) * losses.mean()
    (total,) = sums([total], accelerator)
    return total.item() / sum(weights)
