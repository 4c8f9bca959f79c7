"""What the unroll asks of a network, and how it is answered for any torch module.

A kernel works on K networks of one architecture at once: their parameters are stacked along a leading dimension.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call

Parameters = dict[str, Tensor]


class RealBatch(Protocol):
    """Real examples of one batch: `labels` (B,) and, for networks that know no better, the dense input."""

    labels: Tensor

    def dense(self) -> Tensor:
        """The input of a network, (B, ...)."""


class Kernel(Protocol):
    """Gradients of K stacked networks, on distilled samples (differentiated twice) and on real ones (once)."""

    def gradient(self, theta: Parameters, x: Tensor, y: Tensor) -> tuple[Parameters, Any]:
        """Gradient of the mean soft cross-entropy of samples x (n, ...), labels y (n, C), and what `reverse` needs."""

    def reverse(
        self, theta: Parameters, x: Tensor, y: Tensor, saved: Any, direction: Parameters
    ) -> tuple[Tensor, Parameters, Tensor, Tensor]:
        """D = <gradient, direction> of each network (K,); its gradients to theta, to x and y (summed over networks)."""

    def loss(self, theta: Parameters, batch: Any, dropout: torch.Generator | None = None) -> tuple[Tensor, Parameters]:
        """Mean cross-entropy of a real batch (K,) and its gradient; dropout is on where a generator is given."""

    def logits(self, theta: Parameters, batch: Any) -> Tensor:
        """Logits of a real batch, (K, B, C)."""


def draw(network: nn.Module, generators: list[torch.Generator], device: torch.device | None = None) -> Parameters:
    """Fresh parameters for one network per generator: Xavier normal weights (paper 4.2), zero biases, stacked."""
    stacked = {}
    for name, parameter in network.named_parameters():
        values = torch.zeros(len(generators), *parameter.shape, dtype=parameter.dtype)
        if parameter.dim() > 1:
            for value, generator in zip(values, generators, strict=True):
                nn.init.xavier_normal_(value, generator=generator)
        stacked[name] = values.to(device)
    return stacked


def soft_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """-sum_c y_c log softmax(logits)_c, mean over samples; labels (n, C) may be any real numbers."""
    return -(labels * logits.log_softmax(-1)).sum(-1).mean()


class AutogradKernel:
    """The kernel of any twice differentiable module: one network after the other, by automatic differentiation.

    `gradient` keeps its graph where gradients are enabled, so that a caller can differentiate through it; elsewhere
    `reverse` builds the graph of one step again, and no more than that one is ever held.
    """

    def __init__(self, network: nn.Module):
        self.network = network

    def gradient(self, theta: Parameters, x: Tensor, y: Tensor) -> tuple[Parameters, None]:
        """See `Kernel.gradient`."""
        keep = torch.is_grad_enabled()
        with torch.enable_grad():
            gradients = [
                self._gradient(one if keep else _leaves(one), x, y, create_graph=keep) for one in unstack(theta)
            ]
        return stack(gradients), None

    def reverse(
        self, theta: Parameters, x: Tensor, y: Tensor, saved: None, direction: Parameters
    ) -> tuple[Tensor, Parameters, Tensor, Tensor]:
        """See `Kernel.reverse`."""
        values, theta_bars, x_bar, y_bar = [], [], torch.zeros_like(x), torch.zeros_like(y)
        with torch.enable_grad():
            for one, along in zip(unstack(theta), unstack(direction), strict=True):
                leaves = _leaves(one) | _leaves({"x": x, "y": y})
                gradient = self._gradient({name: leaves[name] for name in one}, leaves["x"], leaves["y"], True)
                value = sum((gradient[name] * along[name]).sum() for name in one)
                assert isinstance(value, Tensor)
                bars = torch.autograd.grad(value, list(leaves.values()), materialize_grads=True)
                named = dict(zip(leaves, bars, strict=True))
                x_bar += named.pop("x")
                y_bar += named.pop("y")
                values.append(value.detach())
                theta_bars.append(named)
        return torch.stack(values), stack(theta_bars), x_bar, y_bar

    def loss(
        self, theta: Parameters, batch: RealBatch, dropout: torch.Generator | None = None
    ) -> tuple[Tensor, Parameters]:
        """See `Kernel.loss`."""
        losses, gradients = [], []
        x = batch.dense()
        devices = [x.device] if x.device.type == "cuda" else []
        with torch.enable_grad(), torch.random.fork_rng(devices):
            if dropout is not None:
                torch.manual_seed(int(torch.randint(2**62, (), generator=dropout)))
            self.network.train(dropout is not None)
            for one in unstack(theta):
                leaves = _leaves(one)
                loss = nn.functional.cross_entropy(functional_call(self.network, leaves, x), batch.labels)
                bars = torch.autograd.grad(loss, list(leaves.values()), materialize_grads=True)
                losses.append(loss.detach())
                gradients.append(dict(zip(leaves, bars, strict=True)))
        return torch.stack(losses), stack(gradients)

    def logits(self, theta: Parameters, batch: RealBatch) -> Tensor:
        """See `Kernel.logits`."""
        self.network.eval()
        with torch.no_grad():
            return torch.stack([functional_call(self.network, one, batch.dense()) for one in unstack(theta)])

    def _gradient(self, theta: Parameters, x: Tensor, y: Tensor, create_graph: bool) -> Parameters:
        self.network.eval()
        loss = soft_cross_entropy(functional_call(self.network, theta, x), y)
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=create_graph, materialize_grads=True)
        return dict(zip(theta, gradients, strict=True))


def unstack(theta: Parameters) -> list[Parameters]:
    """The parameters of each of the K networks."""
    names = list(theta)
    return [dict(zip(names, values, strict=True)) for values in zip(*theta.values(), strict=True)]


def stack(thetas: list[Parameters]) -> Parameters:
    """The opposite of `unstack`."""
    return {name: torch.stack([theta[name] for theta in thetas]) for name in thetas[0]}


def _leaves(tensors: Parameters) -> Parameters:
    return {name: tensor.detach().requires_grad_() for name, tensor in tensors.items()}
