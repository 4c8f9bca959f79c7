"""Networks, their kernels and the unroll on bare tensors, as tests of the mathematics want them."""

from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.distillation.unroll import InnerLoop, unroll
from tdd.networks.architectures.text_cnn import TextCNN
from tdd.networks.initialisation import draw
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.settings.networks import TextCNNOptions


def text_cnn(dim, classes, widths=(3, 4, 5), filters=100, dropout=0.5) -> TextCNN:
    """A TextCNN for word vectors of length `dim`."""
    options = TextCNNOptions(widths=list(widths), filters=filters, dropout=dropout)
    return TextCNN(InputSpace("text", (max(widths), dim)), classes, options)


def kernel_of(network: nn.Module, mode: str, arithmetic=nullcontext):
    """The kernel of a bare module for a way to reverse the inner loop."""
    if mode in ("auto", "closed_form") and hasattr(network, "closed_form"):
        return network.closed_form()
    return AutogradKernel(network, arithmetic)


def starts_of(network: nn.Module, generators) -> dict[str, Tensor]:
    """Fresh parameters of a bare module, stacked, one for each generator."""
    return draw(network, [name for name, _ in network.named_parameters()], generators, torch.device("cpu"))


class OuterGradient(NamedTuple):
    """Outer losses (K,) and the gradient of their mean to the distilled set."""

    losses: Tensor
    samples: Tensor
    labels: Tensor
    learning_rates: Tensor
    momentum: Tensor | None


def outer_gradient(
    kernel, theta, samples, labels, rates, batch, mode, momentum=None, window=None, smoothing=0.0, mask=None
) -> OuterGradient:
    """Unroll, loss on real data, reverse: what an outer step does for one group of networks."""
    trajectory = unroll(kernel, theta, InnerLoop(samples, labels, rates, momentum, mask), window, mode)
    losses, g = kernel.loss(trajectory.theta, batch, smoothing=smoothing)
    found = trajectory.reverse({name: value / len(losses) for name, value in g.items()})
    return OuterGradient(losses, found.samples, found.labels, found.learning_rates, found.momentum)
