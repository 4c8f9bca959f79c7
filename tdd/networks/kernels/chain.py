"""Convolutions, then linear layers, with nonlinearities between them: all derivatives by hand, exact and fast.

With the winners of a pool and the signs of a ReLU known from the forward pass, the network is a chain of linear maps up
to its softmax. Its gradient is one pass back. D = <gradient, direction> is the derivative of the loss along
`direction`, so it is had from one pass of tangents forth, dz = dW a + db + W da at every layer, and its own gradients
from one more pass back, where nonlinearities that are not piecewise linear add their curvature. A pass is a few calls
that do the work of K networks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tdd.data.protocols import RealBatch, Split
from tdd.networks.kernels.chain_layers import Convolution, Frame, Linear, add
from tdd.networks.kernels.chain_nonlinearities import Kinds, Nonlinearities
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Front, Step, StepGradient
from tdd.system.memory import CPU, part_bytes

# Bytes that the layers' outputs take for the real images worked on at once by a processor: measured fastest for 1 and
# for 8 networks.
IN_CACHE = 2**23


@dataclass(frozen=True)
class Pass:
    """A pass forth and back through K networks.

    Attributes:
        nonlinearities: those applied after each layer but the last.
        bars: the loss's gradient to the output of each.
        p: probabilities (K, n, C).
    """

    nonlinearities: list[Nonlinearities]
    bars: list[Tensor]
    p: Tensor


class ChainKernel:
    """Gradients, their reverse, and logits of K stacked networks; see `tdd.networks.kernels.protocol.Kernel`.

    Args:
        network: the module, for the shapes of its parameters.
        shape: (c, h, w) of an image.
        frame: what is done to images first.
        layers: every layer but the last, a convolution first, with the nonlinearities that follow it.
        last: the layer that gives the logits.
    """

    front: Front | None = None

    def __init__(
        self,
        network: nn.Module,
        shape: tuple[int, ...],
        frame: Frame,
        layers: Sequence[tuple[Convolution | Linear, Kinds]],
        last: Linear,
    ):
        self.frame = frame
        self.layers = [*(layer for layer, _ in layers), last]
        self.kinds = [kinds for _, kinds in layers]
        self.shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
        # Numbers that an image takes in one network: the layers' outputs, and the windows of the first.
        nonlinearities, logits = self._forth(self._empty_parameters(1), frame(torch.empty(1, *shape, device="meta")))
        self.outputs = logits.numel() + sum(nonlinearity.shape.numel() for nonlinearity in nonlinearities)
        self.windows = math.prod(self.shapes[self.layers[0].weight][1:]) * math.prod(nonlinearities[0].shape[2:])

    # Distilled samples: differentiated twice

    def gradient(self, theta: Parameters, step: Step) -> tuple[Parameters, Pass]:
        """See `Kernel.gradient`."""
        x, y = self.frame(step.x), step.y
        nonlinearities, logits = self._forth(theta, x)
        p = logits.softmax(2)
        gradient, bars = self._back(theta, x, nonlinearities, _error(p, y / len(y)))
        return gradient, Pass(nonlinearities, bars, p)

    def reverse(
        self, theta: Parameters, step: Step, saved: Pass, direction: Parameters, first: bool = False
    ) -> StepGradient:
        """See `Kernel.reverse`."""
        inputs = [self.frame(step.x), *(nonlinearity.h for nonlinearity in saved.nonlinearities)]
        dz = self.layers[0].forward(direction, inputs[0])
        tangents = []  # of z and h after each layer; the images themselves do not move
        for layer, a, nonlinearity in zip(self.layers[1:], inputs[1:], saved.nonlinearities, strict=True):
            tangents.append((dz, nonlinearity.tangent(dz)))
            dz = layer.forward(direction, a) + layer.forward(theta, tangents[-1][1], bias=False)

        # D = <error, dz>. What follows are its gradients to each layer's output and to the tangent of that.
        y, p = step.y / len(step.y), saved.p
        error = _error(p, y)
        mean = (p * dz).sum(2, keepdim=True)
        bar, dbar = y.sum(1, keepdim=True) * p * (dz - mean), error
        theta_bar: Parameters = {}
        for layer, a, nonlinearity, (dz_before, da), past in reversed(
            list(zip(self.layers[1:], inputs[1:], saved.nonlinearities, tangents, saved.bars, strict=True))
        ):
            if not first:
                theta_bar |= layer.gradient(theta, (a, bar), (da, dbar))
            bar = layer.reverse(a, (theta, bar), (direction, dbar))
            bar, dbar = nonlinearity.reverse_tangent(dz_before, bar, past)
        if not first:
            theta_bar |= self.layers[0].gradient(theta, (inputs[0], bar))
        x_bar = self.layers[0].reverse(inputs[0], (theta, bar), (direction, dbar))
        y_bar = (mean - dz).sum(0) / len(y)
        return StepGradient((error * dz).sum((1, 2)), theta_bar, self.frame.reverse(x_bar), y_bar)

    def _forth(self, theta: Parameters, x: Tensor) -> tuple[list[Nonlinearities], Tensor]:
        """The nonlinearities after each layer at framed images, and the logits (K, n, C)."""
        nonlinearities: list[Nonlinearities] = []
        for layer, kinds in zip(self.layers, self.kinds, strict=False):
            nonlinearities.append(Nonlinearities.of(layer.forward(theta, x), kinds))
            x = nonlinearities[-1].h
        return nonlinearities, self.layers[-1].forward(theta, x)

    def _back(
        self,
        theta: Parameters,
        x: Tensor,
        nonlinearities: list[Nonlinearities],
        bar: Tensor,
        into: Parameters | None = None,
    ) -> tuple[Parameters, list[Tensor]]:
        """Gradient to theta, and to the outputs of the nonlinearities, where logits have gradient `bar`.

        With `into`, the gradient to theta is added to what is there.
        """
        gradient: Parameters = {}
        bars: list[Tensor] = []
        for layer, nonlinearity in zip(self.layers[:0:-1], reversed(nonlinearities), strict=True):
            gradient |= layer.gradient(theta, (nonlinearity.h, bar), into=into)
            bars.insert(0, layer.reverse(nonlinearity.h, (theta, bar)))
            bar = nonlinearity.reverse(bars[0])
        return gradient | self.layers[0].gradient(theta, (x, bar), into=into), bars

    # Real images: many, differentiated once

    def loss(
        self, theta: Parameters, batch: RealBatch, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """See `Kernel.loss`; there is nothing to drop."""
        losses, total = [], {name: torch.zeros_like(value) for name, value in theta.items()}
        classes = theta[self.layers[-1].bias].shape[1]
        labels = F.one_hot(batch.labels, classes) if batch.labels.dim() == 1 else batch.labels
        for rows in self._parts(theta, batch):
            x, _ = batch.inputs(rows)
            targets = (labels[rows].to(x) * (1 - smoothing) + smoothing / classes) / len(batch)
            framed = self.frame(x)
            nonlinearities, logits = self._forth(theta, framed)
            log_p = logits.log_softmax(2)
            losses.append(-(targets * log_p).sum((1, 2)))
            # Summed as they come: those of all parts would be many times the parameters.
            self._back(theta, framed, nonlinearities, _error(log_p.exp(), targets), total)
        return add(losses), total

    def logits(self, theta: Parameters, batch: RealBatch) -> Tensor:
        """See `Kernel.logits`."""
        parts = self._parts(theta, batch)
        return torch.cat([self._forth(theta, self.frame(batch.inputs(rows)[0]))[1] for rows in parts], dim=1)

    def _parts(self, theta: Parameters, batch: RealBatch) -> list[slice]:
        """The images of a batch that are taken at once: parts as even as can be."""
        bias = theta[self.layers[-1].bias]
        size = len(batch) * len(bias) * self.outputs * bias.element_size()
        count = math.ceil(size / part_bytes(bias.device, IN_CACHE))
        length = math.ceil(len(batch) / count)
        return [slice(start, start + length) for start in range(0, len(batch), length)]

    # Memory, from the shapes of what is held at once

    def step_bytes(self, step: Step, networks: int, graph: bool) -> tuple[int, int]:
        """See `Kernel.step_bytes`: the pass of every step, outputs and windows of one."""
        _, saved = self.gradient(self._empty_parameters(networks), step)
        kept = [tensor for nonlinearity in saved.nonlinearities for tensor in nonlinearity.tensors()]
        tensors = [saved.p, *saved.bars, *kept]
        storages = {storage._cdata: storage for storage in (tensor.untyped_storage() for tensor in tensors)}
        working = len(step.x) * step.x.element_size() * (4 * networks * self.outputs + 2 * self.windows)
        return sum(storage.nbytes() for storage in storages.values()), working

    def batch_bytes(
        self, split: Split, size: int, networks: int, gradient: bool = True, device: torch.device = CPU
    ) -> int:
        """See `Kernel.batch_bytes`: the bytes of the images, and one part of them on their way to normal ones."""
        part = min(4 * size * networks * self.outputs, part_bytes(device, IN_CACHE))
        images = math.ceil(size * part / (4 * size * networks * self.outputs))
        return math.prod(split.space.shape) * (size + 3 * 4 * images) + 4 * part

    def _empty_parameters(self, networks: int) -> Parameters:
        """Parameters of K networks, on the device "meta"."""
        return {name: torch.empty(networks, *shape, device="meta") for name, shape in self.shapes.items()}


def _error(p: Tensor, y: Tensor) -> Tensor:
    """Gradient of -sum y log p to the logits; probabilities (K, n, C), labels y (n, C)."""
    return y.sum(1, keepdim=True) * p - y
