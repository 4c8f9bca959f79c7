"""What follows a layer in `kernels.chain`: ReLU, pooling and normalisation, with their derivatives by hand.

A nonlinearity takes a layer's output z to h. Where h is piecewise linear in z, its tangent and its reverse are all its
derivatives; the normalisation has a curvature too. Images are (n, K x channels, h, w), channels last in memory, rows
(K, n, features); `bar` is a gradient to h, `dz` a tangent of z.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor


class Nonlinearity(ABC):
    """A nonlinearity, applied at one z: what its derivatives need of it.

    Attributes:
        curved: whether it is not piecewise linear.
    """

    curved: ClassVar[bool] = False

    @abstractmethod
    def tangent(self, dz: Tensor) -> Tensor:
        """The tangent of h, for tangent dz of z."""

    @abstractmethod
    def reverse(self, bar: Tensor) -> Tensor:
        """Gradient to z, for gradient `bar` to h."""

    def curvature(self, dz: Tensor, dbar: Tensor) -> Tensor:
        """Gradient to z of <tangent(dz), dbar>, which is zero unless the nonlinearity is `curved`."""
        return torch.zeros_like(dz)


At = tuple[Nonlinearity, Tensor]
"""A nonlinearity at z, and its output h."""
Kinds = Sequence[Callable[[Tensor], At]]


@dataclass(frozen=True)
class Relu(Nonlinearity):
    """max(z, 0), computed in place.

    Attributes:
        h: its output.
    """

    h: Tensor

    @classmethod
    def of(cls, z: Tensor) -> At:
        """ReLU of z, which is overwritten."""
        h = z.relu_()
        return cls(h), h

    def tangent(self, dz: Tensor) -> Tensor:
        """See `Nonlinearity.tangent`."""
        return self.reverse(dz)

    def reverse(self, bar: Tensor) -> Tensor:
        """See `Nonlinearity.reverse`."""
        chosen: Tensor = torch.ops.aten.threshold_backward(bar, self.h, 0)
        return chosen


@dataclass(frozen=True)
class MaxPool(Nonlinearity):
    """The largest value of each window.

    Attributes:
        winners: index of that value in its channel, flattened; the shape of its output.
        shape: shape of z.
        window: size, stride and padding of the windows.
    """

    winners: Tensor
    shape: torch.Size
    window: tuple[int, int, int]

    @classmethod
    def of(cls, z: Tensor, window: tuple[int, int, int]) -> At:
        """Max pooling of images z with windows of (size, stride, padding)."""
        size, stride, padding = window
        h, winners = F.max_pool2d_with_indices(z, [size], [stride], [padding])
        return cls(winners, z.shape, window), h

    def tangent(self, dz: Tensor) -> Tensor:
        """See `Nonlinearity.tangent`."""
        places = self.winners.permute(0, 2, 3, 1)
        chosen = dz.permute(0, 2, 3, 1).flatten(1, 2).gather(1, places.flatten(1, 2))
        return chosen.view(places.shape).permute(0, 3, 1, 2)

    def reverse(self, bar: Tensor) -> Tensor:
        """See `Nonlinearity.reverse`."""
        size, stride, padding = ([side, side] for side in self.window)
        # Of z, the library's function reads the shape and the layout alone.
        like = torch.empty(self.shape, dtype=bar.dtype, device=bar.device, memory_format=torch.channels_last)
        bar_of_z: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
            bar, like, size, stride, padding, [1, 1], False, self.winners
        )
        return bar_of_z


@dataclass(frozen=True)
class LocalResponseNorm(Nonlinearity):
    """z / s^(3/4) with s = 1 + a W z^2, where W sums over neighbouring channels.

    Attributes:
        z: the input.
        inverse: 1 / s.
        power: s^(-3/4).
        a: the factor of the sums.
        neighbours: W, (channels, channels), of zeros and ones.
    """

    z: Tensor
    inverse: Tensor
    power: Tensor
    a: float
    neighbours: Tensor
    curved: ClassVar[bool] = True

    @classmethod
    def of(cls, z: Tensor, channels: int, size: int, alpha: float) -> At:
        """Normalise images z: a = alpha / size, as `F.local_response_norm` of `size` channels with beta 3/4 and k 1."""
        neighbours = torch.ones(channels, channels, dtype=z.dtype, device=z.device)
        neighbours = neighbours.tril((size - 1) // 2).triu(-(size // 2))
        inverse = _sums(z * z, neighbours).mul_(alpha / size).add_(1).reciprocal_()
        # Two roots: a power proper takes three times as long.
        root = inverse.sqrt()
        power = root.sqrt().mul_(root)
        return cls(z, inverse, power, alpha / size, neighbours), z * power

    # With b = 2 beta a = 3a/2 and r = power / s, the derivative of power along dz is -b r W(z dz).

    def tangent(self, dz: Tensor) -> Tensor:
        """See `Nonlinearity.tangent`: power dz - b r z W(z dz)."""
        pulled = _sums(self.z * dz, self.neighbours).mul_(self.z).mul_(self.inverse)
        return (pulled.mul_(-1.5 * self.a) + dz).mul_(self.power)

    def reverse(self, bar: Tensor) -> Tensor:
        """See `Nonlinearity.reverse`: power bar - b z W'(r z bar)."""
        scaled = self.power * bar
        pulled = _sums((self.z * self.inverse).mul_(scaled), self.neighbours.t())
        return scaled.addcmul_(pulled, self.z, value=-1.5 * self.a)

    def curvature(self, dz: Tensor, dbar: Tensor) -> Tensor:
        """See `Nonlinearity.curvature`.

        <tangent, dbar> is the sum of power dz dbar - b r z t dbar with t = W(z dz). z is in it by itself, in t, and in
        s through both powers, whose part is -b z W'(r dz dbar - (7/2) a r z t dbar / s).
        """
        r_dbar = (self.power * self.inverse).mul_(dbar)
        pull = _sums(self.z * dz, self.neighbours).mul_(r_dbar)  # r t dbar
        through_s = (r_dbar * dz).addcmul_(self.z * pull, self.inverse, value=-3.5 * self.a)
        both = _sums(torch.cat([through_s, r_dbar.mul_(self.z)]), self.neighbours.t())
        of_s, of_t = both.chunk(2)
        return pull.addcmul_(of_s, self.z).addcmul_(of_t, dz).mul_(-1.5 * self.a)


def _sums(x: Tensor, neighbours: Tensor) -> Tensor:
    """`neighbours` times the channels of each network and place of images x."""
    channels = len(neighbours)
    last = x.permute(0, 2, 3, 1)
    rows = last.reshape(-1, channels) @ neighbours.t()
    return rows.view(last.shape).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Nonlinearities:
    """Nonlinearities applied one after the other, as one function.

    Attributes:
        parts: the nonlinearities in order, each applied to the output of the one before.
        h: the output of the last.
        shape: shape of z, the input of the first.
    """

    parts: tuple[Nonlinearity, ...]
    h: Tensor
    shape: torch.Size

    @classmethod
    def of(cls, z: Tensor, kinds: Kinds) -> Nonlinearities:
        """Apply nonlinearities of these kinds to a layer's output z, which may be overwritten."""
        parts: list[Nonlinearity] = []
        shape = z.shape
        for kind in kinds:
            part, z = kind(z)
            parts.append(part)
        return cls(tuple(parts), z, shape)

    def tensors(self) -> list[Tensor]:
        """All tensors that the reverse needs."""
        kept = [value for part in self.parts for value in vars(part).values() if isinstance(value, Tensor)]
        return [*kept, self.h]

    def tangent(self, dz: Tensor) -> Tensor:
        """The tangent of h, for tangent dz of z."""
        for part in self.parts:
            dz = part.tangent(dz)
        return dz

    def reverse(self, bar: Tensor) -> Tensor:
        """Gradient to z, for gradient `bar` to h."""
        for part in reversed(self.parts):
            bar = part.reverse(bar)
        return bar

    def reverse_tangent(self, dz: Tensor, bar: Tensor, dbar: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients to z and to its tangent dz, where h has gradient `bar` and the tangent of h has `dbar`."""
        tangents = [dz]
        # Only a curved part needs the tangent of its input.
        last = max((place for place, part in enumerate(self.parts) if part.curved), default=0)
        for part in self.parts[:last]:
            tangents.append(part.tangent(tangents[-1]))
        for place, part in reversed(list(enumerate(self.parts))):
            bar = part.reverse(bar)
            if part.curved:
                bar += part.curvature(tangents[place], dbar)
            dbar = part.reverse(dbar)
        return bar, dbar
