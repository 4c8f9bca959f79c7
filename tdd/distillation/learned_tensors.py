"""What Adam updates and what it stands for: samples, labels, raw learning rates, raw momentum, attention labels.

Raw numbers may take any value. Learning rates are their softplus, momentum is their sigmoid, and `Parametrisation` says
what stands for the samples. Learning rates are a row for each learner: a rate that suits one network may break another.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.distillation.samples.protocol import Parametrisation
from tdd.distillation.trajectory import SetGradient
from tdd.system.tensor_files import Tensors

# The float32 next below 1, to which a large raw momentum would be rounded.
MOST_MOMENTUM = 1 - 2**-24


def raw_of(
    samples: Tensor, labels: Tensor, rates: Tensor, momentum: Tensor | None, attention: Tensor | None = None
) -> Tensors:
    """The learned tensors that stand for these: raw numbers for all but samples and labels.

    Args:
        samples: as the parametrisation starts from them.
        labels: (steps, per_step, C).
        rates: (P, T), positive.
        momentum: () in [0, 1); None: none is learned.
        attention: (steps, per_step, layers, heads, Q, L'); None: none is learned.

    Returns:
        "samples", "labels", "raw_rates" and, where they are learned, "raw_momentum" and "attention", in this order.
    """
    raw_rates = (rates.double() + (-torch.expm1(-rates.double())).log()).float()  # the inverse of softplus
    learned = {"samples": samples, "labels": labels, "raw_rates": raw_rates}
    if momentum is not None:
        learned["raw_momentum"] = torch.logit(momentum.double(), eps=1e-12).float()
    if attention is not None:
        learned["attention"] = attention
    return learned


def rates_of(learned: Tensors) -> Tensor:
    """The learned learning rates (P, T), positive for any raw numbers."""
    return F.softplus(learned["raw_rates"])


def momentum_of(learned: Tensors) -> Tensor | None:
    """The learned momentum, below 1 for any raw number; None where there is none."""
    raw = learned.get("raw_momentum")
    return None if raw is None else torch.sigmoid(raw).clamp(max=MOST_MOMENTUM)


def to_learned(gradient: SetGradient, learned: Tensors, parametrisation: Parametrisation, row: int = 0) -> list[Tensor]:
    """The gradient to each learned tensor, in their order, of an outer loss that has `gradient` to the inner loop.

    `row` is that of the learning rates that the inner loop has.
    """
    rates = torch.zeros_like(learned["raw_rates"])
    rates[row] = gradient.learning_rates
    gradients = {
        "samples": parametrisation.gradient(learned["samples"], gradient.samples),
        "labels": gradient.labels,
        "raw_rates": rates * torch.sigmoid(learned["raw_rates"]),
    }
    momentum = momentum_of(learned)
    if gradient.momentum is not None and momentum is not None:
        gradients["raw_momentum"] = gradient.momentum * momentum * (1 - momentum)
    if gradient.attention is not None:
        gradients["attention"] = gradient.attention
    return [gradients[name] for name in learned]
