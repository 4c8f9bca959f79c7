"""The network of a saved transformers model, made by tdd."""

from __future__ import annotations

from typing import Any

from torch import nn

from tdd.data.protocols import InputSpace
from tdd.networks.learner import make_learner
from tdd.networks.own import network_to_use
from tdd.settings.recipe import Recipe

SHAPE = ("network", "options", "max_length")
"""The settings that shape the network."""


def network_of(config: Any) -> nn.Module:
    """A fresh network as a configuration of `tdd.publishing.transformers_model.DistilledConfig` has it."""
    recipe = Recipe.build(config.shape, where="config.json")
    space = InputSpace("text", (config.length, config.dim))
    return make_learner(network_to_use(recipe.network, None), recipe.options, space, config.num_labels).module
