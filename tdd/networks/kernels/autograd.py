"""What the unroll asks of a network, and how it is answered for any torch module.

A kernel works on K networks of one architecture at once: their parameters are stacked along a leading dimension.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.func import functional_call

from tdd.data.protocols import RealBatch, Split
from tdd.networks.kernels.parameters import Parameters, stack, unstack

# Bytes that the graph of real examples may keep: no slower than all at once, and little beside that of an inner step.
PART_BYTES = 2**25


class AutogradKernel:
    """The kernel of any twice differentiable module, by automatic differentiation.

    `gradient` keeps its graph where gradients are enabled, so that a caller can differentiate through it; elsewhere
    `reverse` builds the graph of one step again, and no more than that one is ever held.

    Networks are taken one after the other, and real examples in parts, so that their graph is never a large one.

    Args:
        network: the module, which treats each example by itself.
        autocast: makes the context of every forward pass that is differentiated; the default leaves precision alone.
    """

    def __init__(self, network: nn.Module, autocast: Callable[[], AbstractContextManager[Any]] = nullcontext):
        self.network, self.autocast = network, autocast

    # Distilled samples

    def gradient(self, theta: Parameters, x: Tensor, y: Tensor) -> tuple[Parameters, None]:
        """See `Kernel.gradient`."""
        keep = torch.is_grad_enabled()
        with torch.enable_grad():
            parts = [self._gradient(one if keep else _leaves(one), x, y, keep) for one in unstack(theta)]
        return stack(parts), None

    def reverse(
        self, theta: Parameters, x: Tensor, y: Tensor, saved: None, direction: Parameters, given: bool = False
    ) -> tuple[Tensor, Parameters, Tensor, Tensor]:
        """See `Kernel.reverse`."""
        values, theta_bars, x_bar, y_bar = [], [], torch.zeros_like(x), torch.zeros_like(y)
        with torch.enable_grad():
            for one, along in zip(unstack(theta), unstack(direction), strict=True):
                weights, leaves = _leaves(one), _leaves({"x": x, "y": y})
                gradient = self._gradient(weights, leaves["x"], leaves["y"], True)
                value = torch.stack([(gradient[name] * along[name]).sum() for name in one]).sum()
                wanted = leaves if given else weights | leaves
                bars = torch.autograd.grad(value, list(wanted.values()), materialize_grads=True)
                named = dict(zip(wanted, bars, strict=True))
                x_bar += named.pop("x")
                y_bar += named.pop("y")
                values.append(value.detach())
                theta_bars.append(named)
        return torch.stack(values), stack(theta_bars), x_bar, y_bar

    def _gradient(self, theta: Parameters, x: Tensor, y: Tensor, create_graph: bool) -> Parameters:
        """Gradient of one network."""
        self.network.eval()
        with self.autocast():
            logits = functional_call(self.network, theta, x)
        loss = -(y * logits.to(x.dtype).log_softmax(-1)).sum() / len(y)
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=create_graph, materialize_grads=True)
        return dict(zip(theta, gradients, strict=True))

    # Real examples

    def loss(
        self, theta: Parameters, batch: RealBatch, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """See `Kernel.loss`."""
        losses, gradients = [], []
        x = batch.dense()
        size = self._part(theta, x)
        devices = [x.device] if x.device.type == "cuda" else []
        with torch.enable_grad(), torch.random.fork_rng(devices):
            if dropout is not None:
                torch.manual_seed(int(torch.randint(2**62, (), generator=dropout)))
            self.network.train(dropout is not None)
            for one in unstack(theta):
                leaves = _leaves(one)
                loss, gradient = x.new_zeros(()), {name: torch.zeros_like(value) for name, value in one.items()}
                for part, labels in zip(x.split(size), batch.labels.split(size), strict=True):
                    with self.autocast():
                        logits = functional_call(self.network, leaves, part)
                    mean = nn.functional.cross_entropy(logits.to(x.dtype), labels, label_smoothing=smoothing)
                    share = mean * (len(part) / len(x))
                    bars = torch.autograd.grad(share, list(leaves.values()), materialize_grads=True)
                    loss += share.detach()
                    for name, bar in zip(leaves, bars, strict=True):
                        gradient[name] += bar
                losses.append(loss)
                gradients.append(gradient)
        return torch.stack(losses), stack(gradients)

    def logits(self, theta: Parameters, batch: RealBatch) -> Tensor:
        """See `Kernel.logits`."""
        self.network.eval()
        x = batch.dense()
        parts = x.split(self._part(theta, x))
        with torch.no_grad():
            return torch.stack(
                [torch.cat([functional_call(self.network, one, part) for part in parts]) for one in unstack(theta)]
            )

    # Memory, from the shapes of what automatic differentiation keeps

    def step_bytes(self, samples: Tensor, labels: Tensor, networks: int, graph: bool) -> tuple[int, int]:
        """See `Kernel.step_bytes`."""
        theta = self._shapes()
        one = kept_bytes(lambda: self._gradient(theta, samples.requires_grad_(), labels.requires_grad_(), True))
        if graph:
            return one * networks, one
        # The graph, and what its reverse makes on its way.
        return 0, 2 * one

    def batch_bytes(self, split: Split, size: int, networks: int) -> int:
        """See `Kernel.batch_bytes`."""
        x = torch.empty(1, *split.sample_shape, device="meta")
        one = self._forward_bytes(self._shapes(), x)
        # Inputs, the graph of a part, and the largest of what that keeps once more on the way back.
        return size * 4 * x.numel() + max(one, min(size * one, PART_BYTES)) * 3 // 2

    def _part(self, theta: Parameters, x: Tensor) -> int:
        """Number of the real examples x to take at once."""
        self.network.eval()
        return max(1, PART_BYTES // self._forward_bytes(unstack(theta)[0], x))

    def _forward_bytes(self, theta: Parameters, x: Tensor) -> int:
        """Bytes that the graph of one example keeps, parameters left out."""
        theta = _leaves(theta)

        def forward(count: int) -> int:
            many = torch.zeros(count, *x.shape[1:], dtype=x.dtype, device=x.device)
            return kept_bytes(lambda: functional_call(self.network, theta, many))

        return max(forward(2) - forward(1), 1)

    def _shapes(self) -> Parameters:
        """Parameters of one network, on the device "meta"."""
        return {
            name: torch.empty_like(value, device="meta").requires_grad_()
            for name, value in self.network.named_parameters()
        }


def kept_bytes(make: Callable[[], Any]) -> int:
    """Bytes that `make` keeps in the graph of its result."""
    storages = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        # The storage is kept too: a place freed could be taken by another one.
        storages[storage._cdata] = storage
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(pack, lambda tensor: tensor):
        make()
    return sum(storage.nbytes() for storage in storages.values())


def _leaves(tensors: Parameters) -> Parameters:
    return {name: tensor.detach().requires_grad_() for name, tensor in tensors.items()}
