"""ConvNet, the network most of the field distils for."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

DEPTH = 3


class ConvNet(nn.Module):
    """Three blocks of 3 x 3 convolution, instance normalisation, ReLU and average pooling (Zhao et al., 2006.05929).

    Sides are padded with zeros to a multiple of 8, as the field does with 28 x 28.

    Args:
        shape: (c, h, w) of an image.
        classes: C, number of logits.
        width: filters of each convolution.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, width: int = 128):
        super().__init__()
        channels, *sides = shape
        tall, wide = (-side % 2**DEPTH for side in sides)
        self.padding = [wide // 2, wide - wide // 2, tall // 2, tall - tall // 2]
        self.convs = nn.ModuleList(nn.Conv2d(c, width, 3, padding=1) for c in (channels, *[width] * (DEPTH - 1)))
        self.norms = nn.ModuleList(nn.GroupNorm(width, width) for _ in range(DEPTH))
        left = [(side + gap) // 2**DEPTH for side, gap in zip(sides, (tall, wide), strict=True)]
        self.classifier = nn.Linear(width * left[0] * left[1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, C) of images (N, c, h, w)."""
        # With the channels last in memory a gradient takes longer.
        x = F.pad(x, self.padding).contiguous()
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.avg_pool2d(norm(conv(x)).relu(), 2)
        logits: Tensor = self.classifier(x.flatten(1))
        return logits
