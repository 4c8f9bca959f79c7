"""The network that a distilled set was made for, or one in its place, as a learner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from tdd.distillation.attention_labels import first_attention
from tdd.errors import TddError
from tdd.networks.learner import Learner, make_learner
from tdd.networks.own import network_to_use

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet
from tdd.settings.networks import NetworkOptions


def learner_of(
    distilled: DistilledSet,
    network: str | nn.Module | None,
    device: torch.device,
    initialisation: str | None = None,
) -> Learner:
    """The network of a set, which has no pool, or the user's own.

    Args:
        distilled: the set.
        network: the user's own network; None: the set's.
        device: where it is computed.
        initialisation: how fresh parameters are drawn; None: as the set's were.

    Raises:
        UsageError: the set's network is code that the user does not name, or cannot read its samples.
        TddError: it has the set's network's name and other parameters.
    """
    recipe = distilled.recipe
    used = network_to_use(recipe.network, network)
    same = not isinstance(used, str) or used == recipe.network
    options: NetworkOptions | dict[str, Any] = recipe.options if same else {}
    ways = recipe.initialisation if initialisation is None else [initialisation]
    learner = make_learner(used, options, distilled.network_space, len(distilled.classes), device, ways)
    if learner.name == recipe.network:
        _check_same_as_then(learner, distilled.source)
    learner.check_reads(distilled.space.shape)
    if learner.name == recipe.network:
        _check_attention(distilled, learner)
    return learner


def _check_attention(distilled: DistilledSet, learner: Learner) -> None:
    """Raise TddError unless a set has the attention labels that its recipe speaks of."""
    expected = first_attention(distilled.recipe, learner, distilled.samples, distilled.mask)
    shapes = [None if part is None else tuple(part.shape) for part in (distilled.attention, expected)]
    if shapes[0] != shapes[1]:
        raise TddError(
            f"the set's attention labels {shapes[0]} are not those of its recipe, {shapes[1]}; get a fresh copy"
        )


def _check_same_as_then(learner: Learner, source: Mapping[str, str]) -> None:
    """Raise TddError unless a set's network is the one it was distilled for, also in what the set does not keep."""
    if learner.signature() != source.get("network", learner.signature()):
        what = "other weights or another configuration" if learner.pretrained else "other parameters"
        raise TddError(f"{learner.name} has {what} now than when the set was distilled for it")
    # On "meta" there are no values to compare.
    if learner.device.type != "meta" and learner.frozen_signature() != source.get("frozen", learner.frozen_signature()):
        raise TddError(
            f"{learner.name} has other frozen parts now than when the set was distilled for it: its frozen parameters "
            f"and buffers must have the same values whenever it is made"
        )
