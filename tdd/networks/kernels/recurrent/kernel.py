"""The kernel of `lstm` and `gru`: gradient steps on distilled sentences, and their reverse, in closed form.

Automatic differentiation takes thousands of small operations to go back through time twice. Here both directions of all
networks run at once, and word by word goes only what depends on the word before, see `recurrent.cells`.

The reverse needs the gradients of D = <G, u>, where G is the gradient of a step's loss and u a direction in the
parameters. D is the loss's derivative along u, so they are the derivatives along u of the loss's own gradients, to the
parameters, the samples and the labels. Pooling is linear once its winners are known. None of this is an approximation.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tdd.data.protocols import RealBatch, Split
from tdd.networks.kernels.autograd import AutogradKernel, seeded
from tdd.networks.kernels.classifier import classifier_gradient, classifier_reverse, classify, product, softmax_error
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Front, Step, StepGradient
from tdd.networks.kernels.recurrent.cells import Cells
from tdd.networks.kernels.recurrent.gru import GRUCells
from tdd.networks.kernels.recurrent.layer import Layer, LayerTangent, Weights
from tdd.networks.kernels.recurrent.lstm import LSTMCells
from tdd.networks.kernels.recurrent.order import Order, Pooling
from tdd.settings.networks import RecurrentOptions
from tdd.system.memory import CPU

Cell = Literal["LSTM", "GRU"]
CELLS: dict[Cell, type[Cells]] = {"LSTM": LSTMCells, "GRU": GRUCells}


class Run(NamedTuple):
    """A step's forward pass and the way back.

    Attributes:
        layers: that went there and back, the lowest first.
        pooling: with the winners.
        keep: what features are multiplied by, (n, 1, F): 0 for those that are dropped.
        features: (n, K, F) what the classifier reads.
        p, error: (n, K, C) probabilities, and gradient to the logits.
    """

    layers: list[Layer]
    pooling: Pooling
    keep: Tensor | float
    features: Tensor
    p: Tensor
    error: Tensor


class RecurrentKernel:
    """Gradients of K stacked recurrent networks; real sentences go through torch's own recurrent layers.

    Args:
        network: the module, all of whose parameters are in theta.
        cell: "LSTM" or "GRU".
        options: its own.
    """

    front: Front | None = None

    def __init__(self, network: nn.Module, cell: Cell, options: RecurrentOptions):
        self.cells, self.ways = CELLS[cell], 2 if options.bidirectional else 1
        self.options = options
        self.real = AutogradKernel(network)

    # Distilled samples

    @torch.no_grad()
    def gradient(self, theta: Parameters, step: Step) -> tuple[Parameters, Run]:
        """See `Kernel.gradient`."""
        x, mask = step.cut()
        order, inputs, layers = Order.of(x, mask, self.ways), x.transpose(0, 1)[None], []
        for number in range(self.options.layers):
            layers.append(Layer(self.cells, Weights.of(theta, number, self.ways), inputs, order))
            inputs = layers[-1].outputs
        pooling = Pooling.of(self.options.pooling, inputs, order)
        pooled = pooling.features(inputs)
        keep = self._kept(step, pooled)
        features = pooled * keep
        p, error = softmax_error(theta, features, step.y)
        gradient, bar = classifier_gradient(error, features), classifier_reverse(theta, error)
        outputs_bar = pooling.back(bar * keep)
        for number in reversed(range(self.options.layers)):
            gradient |= layers[number].back(outputs_bar).named(number)
            if number:
                outputs_bar = layers[number].inputs_bar()
        return {name: gradient[name] for name in theta}, Run(layers, pooling, keep, features, p, error)

    @torch.no_grad()
    def reverse(
        self, theta: Parameters, step: Step, run: Run, direction: Parameters, first: bool = False
    ) -> StepGradient:
        """See `Kernel.reverse`; da is the tangent of the logits."""
        tangents: list[LayerTangent] = []
        for number, layer in enumerate(run.layers):
            d_inputs = tangents[-1].outputs if tangents else None
            tangents.append(LayerTangent(layer, Weights.of(direction, number, self.ways), d_inputs))
        d_features = run.pooling.linear(tangents[-1].outputs) * run.keep
        y, p, error = step.y / len(step.y), run.p, run.error
        da = product(d_features, theta["classifier.weight"]) + classify(direction, run.features)
        mean = (p * da).sum(2, keepdim=True)
        a_bar = y.sum(1)[:, None, None] * p * (da - mean)

        theta_bar: Parameters = {}
        if not first:
            theta_bar = classifier_gradient(a_bar, run.features)
            theta_bar["classifier.weight"] += torch.einsum("nkc,nkh->kch", error, d_features)
        features_bar = classifier_reverse(direction, error) + classifier_reverse(theta, a_bar)
        outputs_bar = run.pooling.back(features_bar * run.keep)
        for number in reversed(range(self.options.layers)):
            tangents[number].back(outputs_bar)
            outputs_bar = tangents[number].inputs_bar()
            if not first:
                theta_bar |= tangents[number].gradient().named(number)
        x_bar = torch.zeros_like(step.x)
        x_bar[:, : outputs_bar.shape[1]] = outputs_bar.sum(0).transpose(0, 1)
        if step.mask is not None:
            x_bar *= step.mask[..., None]
        y_bar = (mean - da).sum(1) / len(y)
        return StepGradient((error * da).sum((0, 2)), theta_bar, x_bar, y_bar)

    def _kept(self, step: Step, pooled: Tensor) -> Tensor | float:
        """What the pooled features (n, K, F) are multiplied by: the same for all networks."""
        if step.dropout is None:
            return 1.0
        with seeded(torch.Generator().manual_seed(step.dropout), pooled.device):
            return F.dropout(torch.ones_like(pooled[:, 0]), self.options.dropout)[:, None]

    def step_bytes(self, step: Step, networks: int, graph: bool) -> tuple[int, int]:
        """See `Kernel.step_bytes`: what the cells and what they read keep of every step; the tangents of one."""
        n, length, dim = step.x.shape
        width, layers = self.ways * self.options.hidden, self.options.layers
        states = n * length * networks * width * layers
        read = n * length * self.ways * (dim + (layers - 1) * networks * width)
        kept = states * self.cells.kept + read + 3 * step.y.numel() * networks
        size = step.x.element_size()
        return size * kept, size * (kept + states * self.cells.working + 4 * read)

    # Real examples

    def loss(
        self, theta: Parameters, batch: RealBatch, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """See `Kernel.loss`."""
        return self.real.loss(theta, batch, dropout, smoothing)

    def logits(self, theta: Parameters, batch: RealBatch) -> Tensor:
        """See `Kernel.logits`."""
        return self.real.logits(theta, batch)

    def batch_bytes(
        self, split: Split, size: int, networks: int, gradient: bool = True, device: torch.device = CPU
    ) -> int:
        """See `Kernel.batch_bytes`."""
        return self.real.batch_bytes(split, size, networks, gradient, device)
