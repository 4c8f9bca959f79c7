"""Networks that were trained on a set, and how a gradient flows back through that, the frozen front included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel


@dataclass(frozen=True)
class SetGradient:
    """Gradient of an outer loss to what an inner loop is made of, each of the shape of that."""

    samples: Tensor
    labels: Tensor
    learning_rates: Tensor
    momentum: Tensor | None = None
    attention: Tensor | None = None


class Trajectory(Protocol):
    """K networks that were trained by an inner loop, and how a gradient flows back through it.

    Attributes:
        theta: parameters after the last step, stacked (K, ...), without a graph.
    """

    @property
    def theta(self) -> Parameters:
        """Stacked (K, ...)."""

    def reverse(self, g: Parameters) -> SetGradient:
        """Gradient to the distilled set of an outer loss that has gradient `g` at `theta`; to be asked for once."""


Back = Callable[[Tensor], Tensor]
"""How a gradient to what a network's trained part reads becomes one to the samples."""


def behind_front(
    kernel: Kernel, samples: Tensor, mask: Tensor | None, graph: bool
) -> tuple[Tensor, Tensor | None, Back | None]:
    """Samples (..., L, d) and their mask (..., L) as the trained part of a network reads them, and the way back.

    A frozen front is passed once by all samples, however many steps they are trained with. There is no way back where
    there is no front, or no `graph` is kept.
    """
    if kernel.front is None:
        return samples, mask, None
    leading = samples.shape[:-2]
    with torch.set_grad_enabled(graph):
        given = samples.detach().requires_grad_(graph)
        flat = given.flatten(0, -3)
        everywhere = torch.ones(samples.shape[:-1], dtype=torch.bool, device=flat.device)
        inside = (everywhere if mask is None else mask).flatten(0, -2)
        hidden, inside = kernel.front(flat * inside[..., None], inside)
        hidden, inside = hidden.unflatten(0, leading), inside.unflatten(0, leading)

    def back(gradient: Tensor) -> Tensor:
        return torch.autograd.grad(hidden, given, gradient)[0]

    return hidden.detach(), inside, back if graph else None


@dataclass(frozen=True)
class BehindFront:
    """A `Trajectory` of the trained part of a network, whose gradient goes back through its frozen front."""

    upper: Trajectory
    back: Back

    @property
    def theta(self) -> Parameters:
        """See `Trajectory`."""
        return self.upper.theta

    def reverse(self, g: Parameters) -> SetGradient:
        """See `Trajectory`."""
        gradient = self.upper.reverse(g)
        return replace(gradient, samples=self.back(gradient.samples))
