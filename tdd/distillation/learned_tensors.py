"""What Adam updates and what it stands for: samples, labels, raw learning rates and raw momentum.

Raw numbers may take any value. Learning rates are their softplus, momentum is their sigmoid, and `Parametrisation` says
what stands for the samples.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.corpus import Corpus
from tdd.distillation.samples.protocol import Parametrisation
from tdd.distillation.samples.start import first_labels, first_samples
from tdd.distillation.unroll import SetGradient
from tdd.distilled_set.set import DistilledSet
from tdd.settings.recipe import Recipe

Tensors = dict[str, Tensor]

# The float32 next below 1, to which a large raw momentum would be rounded.
MOST_MOMENTUM = 1 - 2**-24


def first_learned(
    recipe: Recipe, corpus: Corpus, parametrisation: Parametrisation, start: DistilledSet | None
) -> Tensors:
    """The learned tensors that a run starts from: those of `start`, or of the recipe where None.

    Returns:
        "samples", "labels", "raw_rates" and, where steps have momentum, "raw_momentum", in this order.
    """
    if start is not None:
        samples, labels, rates, momentum = start.samples, start.labels, start.learning_rates, start.momentum
    else:
        steps, per_step = recipe.split(len(corpus.classes))
        samples = first_samples(recipe, corpus, steps, per_step)
        labels = first_labels(steps, per_step, len(corpus.classes))
        rates = torch.full((recipe.epochs * steps,), recipe.learning_rate)
        momentum = torch.tensor(recipe.momentum) if recipe.momentum else None
    raw_rates = (rates.double() + (-torch.expm1(-rates.double())).log()).float()  # the inverse of softplus
    learned = {"samples": parametrisation.start(samples), "labels": labels, "raw_rates": raw_rates}
    if momentum is not None:
        learned["raw_momentum"] = torch.logit(momentum.double(), eps=1e-12).float()
    return learned


def rates_of(learned: Tensors) -> Tensor:
    """The learned learning rates, positive for any raw numbers."""
    return F.softplus(learned["raw_rates"])


def momentum_of(learned: Tensors) -> Tensor | None:
    """The learned momentum, below 1 for any raw number; None where there is none."""
    raw = learned.get("raw_momentum")
    return None if raw is None else torch.sigmoid(raw).clamp(max=MOST_MOMENTUM)


def gradients_of(learned: Tensors, parametrisation: Parametrisation, found: SetGradient) -> list[Tensor]:
    """The gradient to each learned tensor, in their order, from that to what it stands for."""
    gradients = [
        parametrisation.gradient(learned["samples"], found.samples),
        found.labels,
        found.learning_rates * torch.sigmoid(learned["raw_rates"]),
    ]
    momentum = momentum_of(learned)
    if found.momentum is not None and momentum is not None:
        gradients.append(found.momentum * momentum * (1 - momentum))
    return gradients
