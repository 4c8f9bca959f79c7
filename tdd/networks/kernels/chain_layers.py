"""Layers of K networks at once, with their derivatives by hand: what `tdd.networks.kernels.chain` is made of.

Below, n counts samples, K networks. Images are (n, K x channels, h, w), with channels last in memory as the processor's
convolutions and pools prefer; rows are (K, n, features). `bar` is a gradient to what a layer gives, z.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input, conv2d_weight

from tdd.networks.kernels.parameters import Parameters


@dataclass(frozen=True)
class Frame:
    """Images (n, c, h, w) enlarged a whole number of times, then padded with zeros (left, right, top, bottom)."""

    times: int
    padding: tuple[int, int, int, int]

    def __call__(self, x: Tensor) -> Tensor:
        """The framed images, with channels last in memory."""
        if self.times > 1:
            x = x.repeat_interleave(self.times, 2).repeat_interleave(self.times, 3)
        x = F.pad(x, self.padding).permute(0, 2, 3, 1)
        # Only `view` gives a single channel the strides that tell its layout.
        return x.flatten().view(x.shape).permute(0, 3, 1, 2)

    def reverse(self, bar: Tensor) -> Tensor:
        """Gradient to the images of framed ones that have gradient `bar`."""
        inner = F.pad(bar, [-side for side in self.padding])
        return F.avg_pool2d(inner, self.times, divisor_override=1) if self.times > 1 else inner


class Convolution:
    """A convolution, one group for each network.

    Args:
        name: of the layer in the module.
        first: whether it reads the images themselves, which all networks share.
        padding: zeros around what it reads; those of images are the frame's.
    """

    def __init__(self, name: str, first: bool = False, padding: int = 0):
        self.weight, self.bias = f"{name}.weight", f"{name}.bias"
        self.first, self.padding = first, padding

    def forward(self, theta: Parameters, a: Tensor, bias: bool = True) -> Tensor:
        """z of images a."""
        weight = theta[self.weight]
        shift = _flat(theta[self.bias]) if bias else None
        return F.conv2d(a, _flat(weight), shift, padding=self.padding, groups=self._groups(weight))

    def reverse(self, a: Tensor, *pairs: tuple[Parameters, Tensor]) -> Tensor:
        """Gradient to a: the sum over pairs of parameters and bars; over networks too where they share a."""
        if self.first:
            return _overlaid(a.shape, [(_flat(theta[self.weight]), bar) for theta, bar in pairs])
        # Channels last in the weight too: without them the result would not have them either.
        weights = [_flat(theta[self.weight]).contiguous(memory_format=torch.channels_last) for theta, _ in pairs]
        groups = self._groups(pairs[0][0][self.weight])
        return add(
            conv2d_input(a.shape, weight, bar, padding=self.padding, groups=groups)
            for weight, (_, bar) in zip(weights, pairs, strict=True)
        )

    def gradient(self, theta: Parameters, *pairs: tuple[Tensor, Tensor], into: Parameters | None = None) -> Parameters:
        """Gradient to the weight, summed over pairs of inputs and bars, and to the bias, of the first bar alone.

        With `into`, the sum of that and what is there, which is overwritten.
        """
        weight = theta[self.weight]
        shape, groups = _flat(weight).shape, self._groups(weight)
        parts = (conv2d_weight(a, shape, bar, padding=self.padding, groups=groups) for a, bar in pairs)
        of_weight, of_bias = add(parts).view(weight.shape), pairs[0][1].sum((0, 2, 3)).view(theta[self.bias].shape)
        if into is not None:
            of_weight, of_bias = into[self.weight].add_(of_weight), into[self.bias].add_(of_bias)
        return {self.weight: of_weight, self.bias: of_bias}

    def _groups(self, weight: Tensor) -> int:
        return 1 if self.first else len(weight)


class Linear:
    """A linear layer, on rows or on images that it lays out in rows.

    Args:
        name: of the layer in the module.
    """

    def __init__(self, name: str):
        self.weight, self.bias = f"{name}.weight", f"{name}.bias"

    def forward(self, theta: Parameters, a: Tensor, bias: bool = True) -> Tensor:
        """z of rows or images a."""
        weight = theta[self.weight].transpose(1, 2)
        rows = _rows(a, len(weight))
        return torch.baddbmm(theta[self.bias][:, None], rows, weight) if bias else rows @ weight

    def reverse(self, a: Tensor, *pairs: tuple[Parameters, Tensor]) -> Tensor:
        """Gradient to a: the sum over pairs of parameters and bars."""
        rows = add(bar @ theta[self.weight] for theta, bar in pairs)
        if a.dim() == 3:
            return rows
        images: Tensor = rows.unflatten(2, (-1, *a.shape[2:]))
        return images.permute(1, 3, 4, 0, 2).flatten(3).permute(0, 3, 1, 2)

    def gradient(self, theta: Parameters, *pairs: tuple[Tensor, Tensor], into: Parameters | None = None) -> Parameters:
        """See `Convolution.gradient`."""
        networks = len(theta[self.weight])
        products = [(bar.transpose(1, 2), _rows(a, networks)) for a, bar in pairs]
        of_bias = pairs[0][1].sum(1)
        if into is None:
            of_weight = torch.bmm(*products.pop(0))
        else:
            of_weight, of_bias = into[self.weight], into[self.bias].add_(of_bias)
        return {
            self.weight: reduce(lambda total, pair: total.baddbmm_(*pair), products, of_weight),
            self.bias: of_bias,
        }


def add(tensors: Iterable[Tensor]) -> Tensor:
    """Their sum."""
    return reduce(Tensor.add, tensors)


def _overlaid(shape: torch.Size, pairs: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """The gradient to images of `shape`: the sum over pairs of a weight (f, c, h, w) and bars with channels last.

    One product for all images, then a shifted addition for each place of the window: several times as fast as the
    library's gradient for the few channels of images.
    """
    count, channels, *sides = shape
    products = [(weight.flatten(1).t(), bar.permute(0, 2, 3, 1).flatten(0, 2).t()) for weight, bar in pairs]
    columns = reduce(lambda total, product: total.addmm_(*product), products[1:], torch.mm(*products[0]))
    height, width = pairs[0][1].shape[2:]
    places = columns.view(channels, *pairs[0][0].shape[2:], count, height, width)
    total = columns.new_zeros(channels, count, *sides)
    for row in range(places.shape[1]):
        for column in range(places.shape[2]):
            total[..., row : row + height, column : column + width] += places[:, row, column]
    return total.transpose(0, 1)


def _flat(parameter: Tensor) -> Tensor:
    """The parameters of all networks side by side."""
    return parameter.flatten(0, 1)


def _rows(a: Tensor, networks: int) -> Tensor:
    """Images as rows (K, n, channels x h x w); rows as they are."""
    return a if a.dim() == 3 else a.unflatten(1, (networks, -1)).transpose(0, 1).flatten(2)
