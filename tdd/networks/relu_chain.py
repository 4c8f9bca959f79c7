"""Convolutions with max pooling, then linear layers, ReLU between them: all derivatives by hand, exact and fast.

With the winners of the pools and the signs of the ReLUs known, such a network is linear up to its softmax. Its gradient
is one pass back. D = <gradient, direction> is the derivative of the loss along `direction`, so it is had from one pass
of tangents forth, dz = dW a + db + W da at every layer, and its own gradients from one more pass back. A pass is a few
calls that do the work of K networks.

ReLU comes after the pool, on a quarter of the values, whether or not the module has it before. It is the same, ties
included: a positive maximum has the same first winner either way, and from any other nothing flows back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tdd.networks.chain_layers import Bend, Convolution, Frame, Linear, add
from tdd.networks.kernel import Parameters
from tdd.splits import RealBatch, Split

# Bytes that the layers' outputs take for the real images worked on at once: measured fastest for 1 and for 8 networks.
PART_BYTES = 2**23
# Bytes of a winner's place.
PLACE = 8


@dataclass(frozen=True)
class Pass:
    """A pass forth and back through K networks.

    Attributes:
        bends: what followed each layer but the last.
        bars: the loss's gradient to each of their results.
        p: probabilities (K, n, C).
    """

    bends: list[Bend]
    bars: list[Tensor]
    p: Tensor


class ReluChainKernel:
    """Gradients, their reverse, and logits of K stacked networks; see `tdd.networks.kernel.Kernel`.

    Args:
        network: the module, for the shapes of its parameters.
        shape: (c, h, w) of an image.
        frame: what is done to images first.
        convolutions: names of the convolutions, in their order.
        linear: names of the linear layers that follow.
    """

    def __init__(
        self,
        network: nn.Module,
        shape: tuple[int, int, int],
        frame: Frame,
        convolutions: Sequence[str],
        linear: Sequence[str],
    ):
        self.frame = frame
        self.layers: list[Convolution | Linear] = [
            *(Convolution(name, first=name == convolutions[0]) for name in convolutions),
            *map(Linear, linear),
        ]
        # Numbers that an image takes in one network: outputs of the layers, winners of the pools, windows of the first.
        weights = {name: value.shape for name, value in network.named_parameters()}
        sides = frame.sides(shape)
        self.rows = sum(weights[f"{name}.weight"][0] for name in linear)
        self.outputs, self.winners, self.windows = self.rows, 0, 0
        for name in convolutions:
            filters, channels, *window = weights[f"{name}.weight"]
            sides = [side - width + 1 for side, width in zip(sides, window, strict=True)]
            self.windows = self.windows or channels * math.prod(window) * math.prod(sides)
            self.outputs += filters * math.prod(sides)
            sides = [side // 2 for side in sides]
            self.winners += filters * math.prod(sides)

    # Distilled samples: differentiated twice

    def gradient(self, theta: Parameters, x: Tensor, y: Tensor) -> tuple[Parameters, Pass]:
        """See `Kernel.gradient`."""
        x = self.frame(x)
        bends, logits = self._forth(theta, x)
        p = logits.softmax(2)
        gradient, bars = self._back(theta, x, bends, _error(p, y / len(y)))
        return gradient, Pass(bends, bars, p)

    def reverse(
        self, theta: Parameters, x: Tensor, y: Tensor, saved: Pass, direction: Parameters, given: bool = False
    ) -> tuple[Tensor, Parameters, Tensor, Tensor]:
        """See `Kernel.reverse`."""
        inputs = [self.frame(x), *(bend.h for bend in saved.bends)]
        dz = self.layers[0].forward(direction, inputs[0])
        tangents = []  # of the inputs but the first, which does not move
        for layer, a, bend in zip(self.layers[1:], inputs[1:], saved.bends, strict=True):
            tangents.append(bend.tangent(dz))
            dz = layer.forward(direction, a) + layer.forward(theta, tangents[-1], bias=False)

        # D = <error, dz>. What follows are its gradients to each layer's output and to the tangent of that.
        y, p = y / len(y), saved.p
        error = _error(p, y)
        mean = (p * dz).sum(2, keepdim=True)
        bar, dbar = y.sum(1, keepdim=True) * p * (dz - mean), error
        theta_bar: Parameters = {}
        for layer, a, da, bend, past in reversed(
            list(zip(self.layers[1:], inputs[1:], tangents, saved.bends, saved.bars, strict=True))
        ):
            if not given:
                theta_bar |= layer.gradient(theta, (a, bar), (da, dbar))
            bar, dbar = bend.reverse(layer.reverse(a, (theta, bar), (direction, dbar))), bend.reverse(past)
        if not given:
            theta_bar |= self.layers[0].gradient(theta, (inputs[0], bar))
        x_bar = self.layers[0].reverse(inputs[0], (theta, bar), (direction, dbar))
        return (error * dz).sum((1, 2)), theta_bar, self.frame.reverse(x_bar), (mean - dz).sum(0) / len(y)

    def _forth(self, theta: Parameters, x: Tensor) -> tuple[list[Bend], Tensor]:
        """The bends of framed images, and their logits (K, n, C)."""
        bends: list[Bend] = []
        for layer in self.layers[:-1]:
            bends.append(Bend.of(layer.forward(theta, x)))
            x = bends[-1].h
        return bends, self.layers[-1].forward(theta, x)

    def _back(self, theta: Parameters, x: Tensor, bends: list[Bend], bar: Tensor) -> tuple[Parameters, list[Tensor]]:
        """Gradient to theta, and to the results of the bends, where logits have gradient `bar`."""
        gradient: Parameters = {}
        bars: list[Tensor] = []
        for layer, bend in zip(self.layers[:0:-1], reversed(bends), strict=True):
            gradient |= layer.gradient(theta, (bend.h, bar))
            bars.insert(0, layer.reverse(bend.h, (theta, bar)))
            bar = bend.reverse(bars[0])
        return gradient | self.layers[0].gradient(theta, (x, bar)), bars

    # Real images: many, differentiated once

    def loss(
        self, theta: Parameters, batch: RealBatch, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """See `Kernel.loss`; there is nothing to drop."""
        losses, gradients = [], []
        x, classes = batch.dense(), theta[self.layers[-1].bias].shape[1]
        y = (F.one_hot(batch.labels, classes).to(x) * (1 - smoothing) + smoothing / classes) / len(x)
        count = self._parts(theta, x)
        for part, labels in zip(x.chunk(count), y.chunk(count), strict=True):
            framed = self.frame(part)
            bends, logits = self._forth(theta, framed)
            log_p = logits.log_softmax(2)
            losses.append(-(labels * log_p).sum((1, 2)))
            gradients.append(self._back(theta, framed, bends, _error(log_p.exp(), labels))[0])
        return add(losses), {name: add(gradient[name] for gradient in gradients) for name in theta}

    def logits(self, theta: Parameters, batch: RealBatch) -> Tensor:
        """See `Kernel.logits`."""
        x = batch.dense()
        return torch.cat([self._forth(theta, self.frame(part))[1] for part in x.chunk(self._parts(theta, x))], dim=1)

    def _parts(self, theta: Parameters, x: Tensor) -> int:
        """Number of parts that real images are taken in."""
        networks = len(theta[self.layers[-1].bias])
        return math.ceil(len(x) * networks * self.outputs * x.element_size() / PART_BYTES)

    # Memory, from the shapes of what is held at once

    def step_bytes(self, samples: Tensor, labels: Tensor, networks: int, graph: bool) -> tuple[int, int]:
        """See `Kernel.step_bytes`: results, their bars and winners of every step; outputs and windows of one."""
        n, size = len(samples), samples.element_size()
        kept = n * networks * (2 * size * (self.winners + self.rows) + PLACE * self.winners)
        return kept, n * size * (4 * networks * self.outputs + 2 * self.windows)

    def batch_bytes(self, split: Split, size: int, networks: int) -> int:
        """See `Kernel.batch_bytes`: the images, on their way to normal ones, and one part of them."""
        part = min(4 * size * networks * self.outputs, PART_BYTES)
        return 3 * 4 * size * math.prod(split.sample_shape) + 4 * part


def _error(p: Tensor, y: Tensor) -> Tensor:
    """Gradient of -sum y log p to the logits; probabilities (K, n, C), labels y (n, C)."""
    return y.sum(1, keepdim=True) * p - y
