"""The networks a set is distilled for."""

from __future__ import annotations

from torch import nn

from tdd.networks.text_cnn import TextCNN
from tdd.recipe import Recipe


def build_network(recipe: Recipe, sample_shape: tuple[int, ...], classes: int) -> nn.Module:
    """The recipe's network for inputs of `sample_shape` and `classes` logits, on the CPU."""
    return TextCNN(sample_shape[1], classes, recipe.widths, recipe.filters, recipe.dropout)
