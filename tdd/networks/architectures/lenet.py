"""LeNet, the MNIST network of the paper."""

from __future__ import annotations

from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from tdd.networks.kernels.chain import ChainKernel, Kinds
from tdd.networks.kernels.chain_layers import Convolution, Frame, Linear
from tdd.networks.kernels.chain_nonlinearities import MaxPool, Relu

SIDE = 32
"""What LeCun et al. padded 28 x 28 digits to; here any smaller image."""


class LeNet(nn.Module):
    """LeNet-5 with ReLU and max pooling, 6-16-120-84, as in Wang et al.'s dataset distillation (arXiv 1811.10959).

    Smaller images are brought to 32 x 32: enlarged a whole number of times (8 x 8 four times), then padded with zeros,
    the mean of normalised pixels. For 28 x 28 this is the padding of the original.

    Args:
        shape: (c, h, w) of an image.
        classes: C, number of logits.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int):
        super().__init__()
        self.shape = shape
        channels, *sides = shape
        times = max(1, SIDE // max(sides))
        sides = [times * side for side in sides]
        short = [max(0, SIDE - side) for side in sides]
        height, width = ((side + gap - 12) // 4 for side, gap in zip(sides, short, strict=True))
        self.frame = Frame(times, (short[1] // 2, short[1] - short[1] // 2, short[0] // 2, short[0] - short[0] // 2))
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.full1 = nn.Linear(16 * height * width, 120)
        self.full2 = nn.Linear(120, 84)
        self.classifier = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, C) of images (N, c, h, w)."""
        x = F.max_pool2d(self.conv1(self.frame(x)), 2).relu()
        x = F.max_pool2d(self.conv2(x), 2).relu()
        x = self.full2(self.full1(x.flatten(1)).relu()).relu()
        logits: Tensor = self.classifier(x)
        return logits

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
        return ChainKernel(self, self.shape, self.frame, layers, Linear("classifier"))
