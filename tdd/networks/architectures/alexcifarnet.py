"""AlexCifarNet, the CIFAR-10 network of the paper."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tdd.networks.kernels.chain import ChainKernel, Kinds
from tdd.networks.kernels.chain_layers import Convolution, Frame, Linear
from tdd.networks.kernels.chain_nonlinearities import LocalResponseNorm, MaxPool, Relu

CHANNELS = 64
# Of the local response normalisation: the channels it sums over, and its factor.
NEIGHBOURS, ALPHA = 4, 0.001 / 9


class AlexCifarNet(nn.Module):
    """Two 5 x 5 convolutions of 64 with local response normalisation, then 384-192, as in Wang et al. (1811.10959).

    Args:
        shape: (c, h, w) of an image.
        classes: C, number of logits.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int):
        super().__init__()
        self.shape = shape
        channels, height, width = shape
        self.conv1 = nn.Conv2d(channels, CHANNELS, 5, padding=2)
        self.conv2 = nn.Conv2d(CHANNELS, CHANNELS, 5, padding=2)
        # Each pooling halves a side, rounded up.
        self.full1 = nn.Linear(CHANNELS * -(-height // 4) * -(-width // 4), 384)
        self.full2 = nn.Linear(384, 192)
        self.classifier = nn.Linear(192, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, C) of images (N, c, h, w)."""
        # With the channels last in memory a test is twice as fast, a gradient 1.2 times.
        x = x.contiguous(memory_format=torch.channels_last)
        x = local_response_norm(F.max_pool2d(self.conv1(x).relu(), 3, stride=2, padding=1))
        x = F.max_pool2d(local_response_norm(self.conv2(x).relu()), 3, stride=2, padding=1)
        x = self.full2(self.full1(x.flatten(1)).relu()).relu()
        logits: Tensor = self.classifier(x)
        return logits

    def closed_form(self) -> ChainKernel:
        """This network's exact fast path, with the first ReLU after its pool as in `LeNet.closed_form`."""
        norm = partial(LocalResponseNorm.of, channels=CHANNELS, size=NEIGHBOURS, alpha=ALPHA)
        pool = partial(MaxPool.of, window=(3, 2, 1))
        layers: list[tuple[Convolution | Linear, Kinds]] = [
            (Convolution("conv1", first=True), [pool, Relu.of, norm]),
            (Convolution("conv2", padding=2), [Relu.of, norm, pool]),
            (Linear("full1"), [Relu.of]),
            (Linear("full2"), [Relu.of]),
        ]
        return ChainKernel(self, self.shape, Frame(1, (2, 2, 2, 2)), layers, Linear("classifier"))


def local_response_norm(x: Tensor, size: int = NEIGHBOURS, alpha: float = ALPHA, beta: float = 0.75) -> Tensor:
    """As ``F.local_response_norm(x, size, alpha, beta, k=1)``, with shifted additions, 1.4 times as fast.

    x / (1 + alpha x mean of x^2 over `size` channels)^beta, with zeros beyond the first and the last channel.
    """
    channels = x.shape[1]
    squares = F.pad(x * x, (0, 0, 0, 0, size // 2, (size - 1) // 2))
    total = squares[:, :channels]
    for shift in range(1, size):
        total = total + squares[:, shift : shift + channels]
    return x * (1 + alpha / size * total).pow(-beta)
