"""The networks a set is distilled for."""

from __future__ import annotations

from torch import nn

from tdd.errors import UsageError
from tdd.networks.architectures.alexcifarnet import AlexCifarNet
from tdd.networks.architectures.convnet import ConvNet
from tdd.networks.architectures.lenet import LeNet
from tdd.networks.architectures.text_cnn import TextCNN
from tdd.settings.recipe import Recipe

IMAGE_NETWORKS = {"lenet": LeNet, "alexcifarnet": AlexCifarNet, "convnet": ConvNet}


def build_network(recipe: Recipe, sample_shape: tuple[int, ...], classes: int) -> nn.Module:
    """The recipe's network for inputs of `sample_shape` and `classes` logits, on the CPU.

    Raises:
        UsageError: the network is made for inputs of another kind, or `shift` for larger ones.
    """
    match recipe.network, sample_shape:
        case "text_cnn", (_, dim):
            return TextCNN(dim, classes, recipe.widths, recipe.filters, recipe.dropout)
        case "text_cnn", _:
            raise UsageError(
                f"text_cnn reads text and the data are images: use --network with one of {', '.join(IMAGE_NETWORKS)}"
            )
        case _, (_, height, width) if recipe.shift >= min(height, width):
            raise UsageError(f"shift: {recipe.shift} moves images of {width} x {height} pixels out of sight; lower it")
        case name, (channels, height, width):
            return IMAGE_NETWORKS[name]((channels, height, width), classes)
        case name, _:
            raise UsageError(f"{name} reads images and the data are text: use --network text_cnn")
