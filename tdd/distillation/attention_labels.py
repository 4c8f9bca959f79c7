"""Where attention labels start: at the attention that the network itself pays."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tdd.errors import UsageError
from tdd.networks.kernels.attention_loss import Attended

if TYPE_CHECKING:
    from tdd.networks.learner import Learner
    from tdd.settings.recipe import Recipe


@torch.no_grad()
def first_attention(recipe: Recipe, learner: Learner, samples: Tensor, mask: Tensor | None) -> Tensor | None:
    """Attention labels to start from, (steps, per_step, layers, heads, Q, L'); None: the recipe has none.

    Where they are the attention of an untrained network they pull nowhere, and training goes as without them.

    Args:
        recipe: says which positions and layers have labels.
        learner: the network.
        samples: (steps, per_step, L, d).
        mask: (steps, per_step, L) bool, where they have a word; None: everywhere.

    Raises:
        UsageError: the network pays no attention, or has fewer trained layers.
    """
    if recipe.attention_labels == "none":
        return None
    x = samples.flatten(0, 1)
    inside = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device) if mask is None else mask.flatten(0, 1)
    attended = None
    if "attention" in inspect.signature(learner.module.forward).parameters:
        # Layers start from their pretrained weights, whatever is drawn for the classifier.
        inputs = ((x * inside[..., None]).to(learner.device), inside.to(learner.device))
        attended = learner.module(*inputs, attention=recipe.attention_layers)
    if not isinstance(attended, Attended):
        raise UsageError(
            f"attention_labels = {recipe.attention_labels} needs a pretrained encoder of which a layer at least is "
            f"trained, as minilm with train: last:2; leave it out"
        )
    found = attended.attention
    if found.shape[1] < recipe.attention_layers:
        raise UsageError(
            f"attention_layers = {recipe.attention_layers}: {found.shape[1]} layers are trained; lower it to that"
        )
    if recipe.attention_labels == "first":
        found = found[..., :1, :]
    labels: Tensor = recipe.attention_weight * found
    return labels.reshape(*samples.shape[:2], *labels.shape[1:])
