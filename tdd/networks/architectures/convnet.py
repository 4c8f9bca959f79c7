"""ConvNet, the network most of the field distils for."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.networks.source import plain_source
from tdd.settings.networks import ConvNetOptions


class PlainConvNet(nn.Module):
    """Three blocks of 3 x 3 convolution, instance normalisation, ReLU and average pooling (Zhao et al., 2006.05929).

    Sides are padded with zeros to a multiple of 8, as the field does with 28 x 28.
    """

    def __init__(self, channels: int, height: int, width: int, classes: int, filters: int):
        super().__init__()
        tall, wide = -height % 8, -width % 8
        self.padding = [wide // 2, wide - wide // 2, tall // 2, tall - tall // 2]
        self.convs = nn.ModuleList(nn.Conv2d(c, filters, 3, padding=1) for c in (channels, filters, filters))
        self.norms = nn.ModuleList(nn.GroupNorm(filters, filters) for _ in range(3))
        self.classifier = nn.Linear(filters * ((height + tall) // 8) * ((width + wide) // 8), classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, C) of images (N, c, h, w)."""
        # With the channels last in memory a gradient takes longer.
        x = F.pad(x, self.padding).contiguous()
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.avg_pool2d(norm(conv(x)).relu(), 2)
        logits: Tensor = self.classifier(x.flatten(1))
        return logits


class ConvNet(PlainConvNet):
    """The network of `PlainConvNet`.

    Args:
        space: images (c, h, w).
        classes: C, number of logits.
        options: see `ConvNetOptions`.
    """

    def __init__(self, space: InputSpace, classes: int, options: ConvNetOptions):
        self.arguments = (*space.shape, classes, options.filters)
        super().__init__(*self.arguments)

    def source(self) -> str:
        """See `plain_source`."""
        return plain_source(PlainConvNet, *self.arguments)
