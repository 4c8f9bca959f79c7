"""One recurrent layer of K networks, its way back, and the tangents of both; see `recurrent.kernel`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.recurrent.cells import Cells, StateWeights
from tdd.networks.kernels.recurrent.order import Order


@dataclass(frozen=True)
class Weights:
    """The parameters of a layer, or a direction in them, or gradients to them.

    Attributes:
        x, x_bias: (K, W, G, s) and (K, W, G), of what is read.
        state: of the state, over B = K x W.
    """

    WAYS: ClassVar[tuple[str, str]] = ("forwards", "backwards")

    x: Tensor
    x_bias: Tensor
    state: StateWeights

    @classmethod
    def of(cls, theta: Parameters, layer: int, ways: int) -> Weights:
        """Those of a layer, counted from 0."""

        def stacked(name: str) -> Tensor:
            return torch.stack([theta[f"{way}.{layer}.{name}_l0"] for way in cls.WAYS[:ways]], dim=1)

        state = StateWeights(stacked("weight_hh").flatten(0, 1), stacked("bias_hh").flatten(0, 1))
        return cls(stacked("weight_ih"), stacked("bias_ih"), state)

    def named(self, layer: int) -> Parameters:
        """The opposite of `of`."""
        ways = self.x.shape[1]
        parts = {
            "weight_ih": self.x,
            "bias_ih": self.x_bias,
            "weight_hh": self.state.weight.unflatten(0, (-1, ways)),
            "bias_hh": self.state.bias.unflatten(0, (-1, ways)),
        }
        return {
            f"{way}.{layer}.{name}_l0": part[:, place]
            for name, part in parts.items()
            for place, way in enumerate(self.WAYS[:ways])
        }


class Layer:
    """A layer that has run over inputs (K or 1, T, n, s): 1 where all networks read the same.

    Attributes:
        outputs: (K, T, n, W x h).
    """

    def __init__(self, cells: type[Cells], weights: Weights, inputs: Tensor, order: Order):
        self.weights, self.order = weights, order
        self.read = order.both_ways(inputs)
        zx = self.read @ weights.x.mT + weights.x_bias[:, :, None]
        self.cells = cells(_over_time(zx, order), weights.state)
        self.outputs = order.joined(self.cells.states[:, 1:])

    def back(self, outputs_bar: Tensor) -> Weights:
        """Go back from gradients to the outputs: those to the weights."""
        bar = self.cells.back(self.order.parted(outputs_bar))
        return _gradient((_by_way(bar.zx, self.order), self.read), (bar.zh, self.cells.states[:, :-1]))

    def inputs_bar(self) -> Tensor:
        """Gradients (K, T, n, s) to the inputs, after `back`."""
        return self.order.both_ways_back(_by_way(self.cells.bar.zx, self.order) @ self.weights.x)


class LayerTangent:
    """The tangent of a layer along a direction in its weights and, above the lowest layer, in its inputs.

    Attributes:
        outputs: (K, T, n, W x h).
    """

    def __init__(self, layer: Layer, along: Weights, d_inputs: Tensor | None):
        self.layer, self.along, order = layer, along, layer.order
        dzx = layer.read @ along.x.mT + along.x_bias[:, :, None]
        self.d_read = None if d_inputs is None else order.both_ways(d_inputs)
        if self.d_read is not None:
            dzx += self.d_read @ layer.weights.x.mT
        self.run = layer.cells.tangent(_over_time(dzx, order), along.state)
        self.outputs = order.joined(self.run.states[:, 1:])

    def back(self, d_outputs_bar: Tensor) -> None:
        """Go back from the tangents of the gradients to the outputs."""
        self.zx, self.zh = self.run.back(self.layer.order.parted(d_outputs_bar))

    def gradient(self) -> Weights:
        """The tangents of the gradients to the weights."""
        layer, order = self.layer, self.layer.order
        moved = _gradient((_by_way(self.zx, order), layer.read), (self.zh, layer.cells.states[:, :-1]))
        moved.state.weight.add_(_products(layer.cells.bar.zh, self.run.states[:, :-1]))
        if self.d_read is not None:
            moved.x.add_(_by_way(layer.cells.bar.zx, order).mT @ self.d_read)
        return moved

    def inputs_bar(self) -> Tensor:
        """The tangents of the gradients (K, T, n, s) to the inputs."""
        layer, order = self.layer, self.layer.order
        read_bar = _by_way(self.zx, order) @ layer.weights.x + _by_way(layer.cells.bar.zx, order) @ self.along.x
        return order.both_ways_back(read_bar)


def _gradient(x: tuple[Tensor, Tensor], state: tuple[Tensor, Tensor]) -> Weights:
    """Gradients to the weights, of what is read and of the state, from those to the gates and what they multiply."""
    (zx, read), (zh, states) = x, state
    return Weights(zx.mT @ read, zx.sum(2), StateWeights(_products(zh, states), zh.sum((1, 2))))


def _products(bar: Tensor, states: Tensor) -> Tensor:
    """(B, G, h) from (B, T, n, G) and (B, T, n, h): the sum over times and sentences."""
    product: Tensor = bar.flatten(1, 2).mT @ states.flatten(1, 2)
    return product


def _over_time(gates: Tensor, order: Order) -> Tensor:
    """(K, W, T x n, G) as (B, T, n, G)."""
    over_time: Tensor = gates.unflatten(2, (order.times, -1)).flatten(0, 1)
    return over_time


def _by_way(gates: Tensor, order: Order) -> Tensor:
    """The opposite of `_over_time`."""
    by_way: Tensor = gates.unflatten(0, (-1, order.ways)).flatten(2, 3)
    return by_way
