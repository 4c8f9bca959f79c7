"""Recurrent cells over time: their states, the way back, and the tangents of both.

Each of these is a loop over time of a few operations on all networks and directions at once; what does not depend on
the step before is done for all times together. The tangents along a direction in the weights are the derivatives of the
first two by hand: a Hessian times a vector (Pearlmutter 1994), which costs little more than the two themselves.

Tensors are (B, T, n, h): networks x directions, times, sentences, units. What a gate is given is the sum of x's part,
`zx` with its bias, and the state's, `zh`; of an LSTM nobody asks for their difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class StateWeights:
    """What the state before is multiplied by, or a direction in that.

    Attributes:
        weight: (B, gates x h, h).
        bias: (B, gates x h).
    """

    weight: Tensor
    bias: Tensor

    def of(self, states: Tensor) -> Tensor:
        """What states (B, T, n, h) give to the gates."""
        given: Tensor = states @ self.weight.mT[:, None] + self.bias[:, None, None]
        return given


class Back(Protocol):
    """The way back through time: gradients to what the gates are given, (B, T, n, gates x h)."""

    @property
    def zx(self) -> Tensor:
        """By x."""

    @property
    def zh(self) -> Tensor:
        """By the state."""


class Cells(Protocol):
    """Cells of one kind that have run over sentences, from states of zero.

    Attributes:
        kept: numbers (B, T, n, h) that they hold once they went back; of their tangents at most `working`.
        states: (B, T + 1, n, h), before each time and after the last.
    """

    kept: int
    working: int
    states: Tensor

    def __init__(self, zx: Tensor, weights: StateWeights):
        """Run: `zx` (B, T, n, gates x h) is overwritten."""

    @property
    def bar(self) -> Back:
        """The way back, once it was taken."""

    def back(self, states_bar: Tensor) -> Back:
        """Go back from gradients (B, T, n, h) to the states after each time."""

    def tangent(self, dzx: Tensor, along: StateWeights) -> Tangent:
        """Along a direction in the weights and in what x gives, which is overwritten."""


class Tangent(Protocol):
    """The tangent of the run.

    Attributes:
        states: (B, T + 1, n, h).
    """

    states: Tensor

    def back(self, d_states_bar: Tensor) -> tuple[Tensor, Tensor]:
        """The tangents of the way back's zx and zh, where that of the gradients to the states is given."""


def by_gate(gates: Tensor, units: int) -> Tensor:
    """(..., gates x h) as (..., gates, h)."""
    parted: Tensor = gates.unflatten(-1, (-1, units))
    return parted


def slope_of_tanh(values: Tensor) -> Tensor:
    """Of tanh, where that is `values`."""
    return torch.addcmul(values.new_ones(()), values, values, value=-1)
