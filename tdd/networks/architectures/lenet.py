"""LeNet, the MNIST network of the paper."""

from __future__ import annotations

from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.networks.kernels.chain import ChainKernel
from tdd.networks.kernels.chain_layers import Convolution, Frame, Linear
from tdd.networks.kernels.chain_nonlinearities import Kinds, MaxPool, Relu
from tdd.networks.source import plain_source
from tdd.settings.networks import NetworkOptions


class PlainLeNet(nn.Module):
    """LeNet-5 with ReLU and max pooling, 6-16-120-84, as in Wang et al.'s dataset distillation (arXiv 1811.10959).

    Smaller images than LeCun's are brought to 32 x 32: enlarged a whole number of times (8 x 8 four times), then padded
    with zeros, the mean of normalised pixels. For 28 x 28 this is the padding of the original.
    """

    def __init__(self, channels: int, height: int, width: int, classes: int):
        super().__init__()
        self.times = max(1, 32 // max(height, width))
        sides = [self.times * height, self.times * width]
        tall, wide = (max(0, 32 - side) for side in sides)
        self.padding = (wide // 2, wide - wide // 2, tall // 2, tall - tall // 2)
        height, width = ((side + gap - 12) // 4 for side, gap in zip(sides, (tall, wide), strict=True))
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.full1 = nn.Linear(16 * height * width, 120)
        self.full2 = nn.Linear(120, 84)
        self.classifier = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, C) of images (N, c, h, w)."""
        x = F.pad(F.interpolate(x, scale_factor=self.times), self.padding)
        x = F.max_pool2d(self.conv1(x), 2).relu()
        x = F.max_pool2d(self.conv2(x), 2).relu()
        x = self.full2(self.full1(x.flatten(1)).relu()).relu()
        logits: Tensor = self.classifier(x)
        return logits


class LeNet(PlainLeNet):
    """The network of `PlainLeNet` with its exact fast path.

    Args:
        space: images (c, h, w).
        classes: C, number of logits.
        options: none of its own.
    """

    def __init__(self, space: InputSpace, classes: int, options: NetworkOptions):
        self.shape = space.shape
        self.arguments = (*space.shape, classes)
        super().__init__(*self.arguments)

    def closed_form(self) -> ChainKernel:
        """This network's exact fast path.

        ReLU comes after the pool, on a quarter of the values. It is the same, ties included: a positive maximum has the
        same first winner either way, and from any other nothing flows back.
        """
        pooled: Kinds = [partial(MaxPool.of, window=(2, 2, 0)), Relu.of]
        layers: list[tuple[Convolution | Linear, Kinds]] = [
            (Convolution("conv1", first=True), pooled),
            (Convolution("conv2"), pooled),
            (Linear("full1"), [Relu.of]),
            (Linear("full2"), [Relu.of]),
        ]
        return ChainKernel(self, self.shape, Frame(self.times, self.padding), layers, Linear("classifier"))

    def source(self) -> str:
        """See `plain_source`."""
        return plain_source(PlainLeNet, *self.arguments)
