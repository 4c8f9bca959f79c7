"""What Adam updates and what it stands for: samples, labels, raw learning rates, raw momentum, attention labels.

Raw numbers may take any value. Learning rates are their softplus, momentum is their sigmoid, labels that are kept
probabilities are their softmax, and `Parametrisation` says what stands for the samples. Learning rates are a row for
each learner: a rate that suits one network may break another.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.distillation.samples.protocol import Parametrisation
from tdd.distillation.trajectory import SetGradient
from tdd.settings.recipe import Recipe
from tdd.system.tensor_files import Tensors

# The float32 next below 1, to which a large raw momentum would be rounded.
MOST_MOMENTUM = 1 - 2**-24
# The least probability that labels which are kept probabilities start from.
LEAST_PROBABILITY = 1e-3


def raw_of(
    samples: Tensor,
    labels: Tensor,
    rates: Tensor,
    momentum: Tensor | None,
    attention: Tensor | None = None,
    probabilities: bool = False,
) -> Tensors:
    """The learned tensors that stand for these: raw numbers for all but samples and labels.

    Args:
        samples: as the parametrisation starts from them.
        labels: (steps, per_step, C).
        rates: (P, T), positive.
        momentum: () in [0, 1); None: none is learned.
        attention: (steps, per_step, layers, heads, Q, L'); None: none is learned.
        probabilities: whether labels are kept probabilities, as they are then.

    Returns:
        "samples", "labels" or "raw_labels" and "first_labels", "raw_rates" and, where they are learned, "raw_momentum"
        and "attention", in this order.
    """
    raw_rates = (rates.double() + (-torch.expm1(-rates.double())).log()).float()  # the inverse of softplus
    learned = {"samples": samples}
    if probabilities:
        first = labels.clamp(min=LEAST_PROBABILITY)
        first = first / first.sum(-1, keepdim=True)
        learned |= {"raw_labels": first.log(), "first_labels": first}
    else:
        learned["labels"] = labels
    learned["raw_rates"] = raw_rates
    if momentum is not None:
        learned["raw_momentum"] = torch.logit(momentum.double(), eps=1e-12).float()
    if attention is not None:
        learned["attention"] = attention
    return learned


def first_learned(
    recipe: Recipe,
    samples: Tensor,
    labels: Tensor,
    rates: Tensor,
    momentum: Tensor | None,
    attention: Tensor | None,
    frozen: Collection[str],
    device: torch.device,
) -> Tensors:
    """What `raw_of` says, on a device; what is learned asks for a gradient.

    Besides what is `frozen` by its name these are not learned: hard labels, and the step size of plain training.
    """
    plain, hard = recipe.inner == "plain", recipe.labels == "hard"
    frozen = {*frozen, *(["labels"] if hard else []), *(["raw_rates", "first_labels"] if plain else [])}
    raw = raw_of(samples, labels, rates, momentum, attention, probabilities=plain and not hard)
    return {name: value.clone().to(device).requires_grad_(name not in frozen) for name, value in raw.items()}


def labels_of(learned: Tensors) -> Tensor:
    """The learned labels (steps, per_step, C)."""
    return learned["raw_labels"].softmax(-1) if "raw_labels" in learned else learned["labels"]


def rates_of(learned: Tensors) -> Tensor:
    """The learned learning rates (P, T), positive for any raw numbers."""
    return F.softplus(learned["raw_rates"])


def momentum_of(learned: Tensors) -> Tensor | None:
    """The learned momentum, below 1 for any raw number; None where there is none."""
    raw = learned.get("raw_momentum")
    return None if raw is None else torch.sigmoid(raw).clamp(max=MOST_MOMENTUM)


def to_learned(
    gradient: SetGradient, learned: Tensors, parametrisation: Parametrisation, row: int = 0, pull: float = 0.0
) -> list[Tensor]:
    """The gradient to each learned tensor, in their order, of an outer loss that has `gradient` to the inner loop.

    Args:
        gradient: that of the outer loss.
        learned: the tensors.
        parametrisation: what stands for the samples.
        row: that of the learning rates that the inner loop has.
        pull: weight of the mean Kullback-Leibler divergence of labels that are kept probabilities from their first.
    """
    rates = torch.zeros_like(learned["raw_rates"])
    rates[row] = gradient.learning_rates
    gradients = {
        # Plain training takes the samples of all steps together.
        "samples": parametrisation.gradient(learned["samples"], gradient.samples.view_as(learned["samples"])),
        "labels": gradient.labels,
        "raw_rates": rates * torch.sigmoid(learned["raw_rates"]),
    }
    if "raw_labels" in learned:
        labels, first = labels_of(learned), learned["first_labels"]
        outward = gradient.labels.view_as(labels)
        inward = labels * (outward - (labels * outward).sum(-1, keepdim=True))
        gradients["raw_labels"] = inward + pull * (labels - first) / labels.shape[:-1].numel()
        gradients["first_labels"] = torch.zeros_like(first)
    momentum = momentum_of(learned)
    if gradient.momentum is not None and momentum is not None:
        gradients["raw_momentum"] = gradient.momentum * momentum * (1 - momentum)
    if gradient.attention is not None:
        gradients["attention"] = gradient.attention
    return [gradients[name] for name in learned]
