"""A linear classifier on features that do not change: all derivatives of its gradient steps in closed form.

With the classifier's weight V and bias c, features h of n samples and labels y, which need not add up to one:

    a = h V' + c      p = softmax(a)      loss of one step:  -mean over samples of sum_c y_c log p_c

Its Hessian in a is that of the softmax alone, so the reverse of a gradient step is a few matrix products. K networks
read the same features: their weights laid side by side make one product of it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.protocols import RealBatch, Split
from tdd.networks.kernels.classifier import classifier_gradient, classify, softmax_error
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Front, Step, StepGradient
from tdd.system.memory import CPU, part_bytes

# Bytes of real examples that a processor works on at once.
IN_CACHE = 2**25
# Copies of what they are made of while they are gathered, and of their logits on the way to an error.
GATHERED, ERRORS = 2, 3


class LinearKernel:
    """Gradients, their reverse, and logits of K stacked linear layers; see `tdd.networks.kernels.protocol.Kernel`.

    What it reads are features (n, 1, h), one vector for each example.

    Args:
        features: h.
        classes: C.
        part: what the name of the layer, ``classifier``, begins with in the network.
    """

    front: Front | None = None

    def __init__(self, features: int, classes: int, part: str = ""):
        self.features, self.classes, self.part = features, classes, part

    # Distilled samples

    def gradient(self, theta: Parameters, step: Step) -> tuple[Parameters, Tensor]:
        """See `Kernel.gradient`; probabilities (n, K, C) are kept."""
        p, error = softmax_error(self._layer(theta), step.inputs, step.y)
        return self._named(classifier_gradient(error, step.inputs)), p

    def reverse(
        self, theta: Parameters, step: Step, p: Tensor, direction: Parameters, first: bool = False
    ) -> StepGradient:
        """Value and gradients of D = <gradient(theta, step), direction>; see `Kernel.reverse`.

        D is the loss's derivative along `direction`, the sum of error x da with the tangent da of a.
        """
        theta, direction = self._layer(theta), self._layer(direction)
        h, y = step.inputs, step.y / len(step.y)
        total = y.sum(1)[:, None, None]
        da = classify(direction, h)
        error, mean = total * p - y[:, None], (p * da).sum(2, keepdim=True)
        a_bar = total * p * (da - mean)
        theta_bar = {} if first else classifier_gradient(a_bar, h)
        x_bar = _to_features(direction, error) + _to_features(theta, a_bar)
        if step.mask is not None:
            x_bar = x_bar * step.mask[..., None]
        y_bar = (mean - da).sum(1) / len(y)
        return StepGradient((error * da).sum((0, 2)), self._named(theta_bar), x_bar, y_bar)

    # Real examples

    def loss(
        self, theta: Parameters, batch: RealBatch, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """See `Kernel.loss`; there is nothing to drop."""
        theta = self._layer(theta)
        losses = torch.zeros_like(theta["classifier.bias"][:, 0])
        gradient = {name: torch.zeros_like(value) for name, value in theta.items()}
        labels = F.one_hot(batch.labels, self.classes) if batch.labels.dim() == 1 else batch.labels
        for rows in self._parts(batch, len(losses)):
            h, _ = batch.inputs(rows)
            target = labels[rows].to(h) * (1 - smoothing) + smoothing / self.classes
            log_p, error = softmax_error(theta, h, target, log=True)
            losses -= (target[:, None] * log_p).sum((0, 2)) / len(batch)
            for name, value in classifier_gradient(error * (len(h) / len(batch)), h).items():
                gradient[name] += value
        return losses, self._named(gradient)

    def logits(self, theta: Parameters, batch: RealBatch) -> Tensor:
        """See `Kernel.logits`."""
        theta = self._layer(theta)
        parts = self._parts(batch, len(theta["classifier.bias"]))
        return torch.cat([classify(theta, batch.inputs(rows)[0]) for rows in parts]).transpose(0, 1)

    def _layer(self, parameters: Parameters) -> Parameters:
        """Those of a network by their names in the part that the layer is of."""
        return {name.removeprefix(self.part): value for name, value in parameters.items()}

    def _named(self, parameters: Parameters) -> Parameters:
        """The opposite of `_layer`."""
        return {self.part + name: value for name, value in parameters.items()}

    def _parts(self, batch: RealBatch, networks: int) -> list[slice]:
        """The rows of a batch that are taken at once: parts as even as can be."""
        size = len(batch) * self._example_bytes(networks)
        count = math.ceil(size / part_bytes(batch.labels.device, IN_CACHE))
        length = math.ceil(len(batch) / count)
        return [slice(start, start + length) for start in range(0, len(batch), length)]

    # Memory, from the shapes of what is held at once

    def step_bytes(self, step: Step, networks: int, graph: bool) -> tuple[int, int]:
        """See `Kernel.step_bytes`: the probabilities of every step; logits, features and parameters of one."""
        n, size = len(step.x), step.x.element_size()
        logits = n * networks * self.classes
        working = 2 * ERRORS * logits + 3 * n * self.features + 2 * networks * self.classes * (self.features + 1)
        return size * logits, size * working

    def batch_bytes(
        self, split: Split, size: int, networks: int, gradient: bool = True, device: torch.device = CPU
    ) -> int:
        """See `Kernel.batch_bytes`: a part of the examples, its gradient and the sum over parts."""
        example = self._example_bytes(networks)
        part = max(example, min(size * example, part_bytes(device, IN_CACHE)))
        return part + (2 * 4 * networks * self.classes * (self.features + 1) if gradient else 0)

    def _example_bytes(self, networks: int) -> int:
        """Bytes that a real example takes while it is worked on."""
        return 4 * (GATHERED * self.features + ERRORS * networks * self.classes)


def _to_features(theta: Parameters, error: Tensor) -> Tensor:
    """Gradient to the features (n, 1, h) of logits of K networks that have gradient (n, K, C)."""
    return torch.einsum("nkc,kch->nh", error, theta["classifier.weight"])[:, None]
