"""The kernel of any torch module, by automatic differentiation."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.func import functional_call

from tdd.data.protocols import RealBatch, Split
from tdd.networks.kernels.arithmetic import Context, once_differentiable, twice_differentiable
from tdd.networks.kernels.attention_loss import attention_loss
from tdd.networks.kernels.graph_memory import kept_bytes
from tdd.networks.kernels.parameters import Parameters, stack, unstack
from tdd.networks.kernels.protocol import Front, Step, StepGradient
from tdd.system.memory import CPU, part_bytes

# Positions that lengths are rounded up to where the memory of an example is measured.
LENGTHS = 32
# Bytes that the graph of real examples may keep on a processor: no slower than all at once, and little beside that of
# an inner step.
IN_CACHE = 2**25


def takes_mask(network: nn.Module) -> bool:
    """Whether a network is told where sentences have words: whether its ``forward`` has a parameter `mask`."""
    return "mask" in inspect.signature(network.forward).parameters


class AutogradKernel:
    """The kernel of any twice differentiable module, by automatic differentiation.

    `gradient` keeps its graph where gradients are enabled, so that a caller can differentiate through it; elsewhere
    `reverse` builds the graph of one step again, and no more than that one is ever held.

    Networks are taken one after the other, and real examples in parts, so that their graph is never a large one.
    Sentences are cut after the longest one wherever the network is told their mask.

    Args:
        network: the module, on the device, which treats each example by itself. Its ``forward`` takes the examples,
            and their mask too where it has a parameter of that name: then it reads sentences of any length up to L.
            Parameters that theta does not hold are frozen.
        arithmetic: makes the context of every forward pass that is differentiated; the default leaves precision alone.
    """

    front: Front | None = None

    def __init__(self, network: nn.Module, arithmetic: Context = nullcontext):
        self.network, self.arithmetic = network, arithmetic
        self.takes_mask = takes_mask(network)
        self._bytes_of_an_example: dict[tuple[object, ...], int] = {}

    def _forward(self, theta: Parameters, x: Tensor, mask: Tensor | None) -> Tensor:
        """Logits (n, C) of one network."""
        if self.takes_mask and mask is None:
            mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        logits: Tensor = functional_call(self.network, theta, (x,), {"mask": mask} if self.takes_mask else {})
        return logits

    # Distilled samples

    def gradient(self, theta: Parameters, step: Step) -> tuple[Parameters, None]:
        """See `Kernel.gradient`."""
        keep = torch.is_grad_enabled()
        with torch.enable_grad():
            parts = [self._gradient(theta_k if keep else _leaves(theta_k), step, keep) for theta_k in unstack(theta)]
        return stack(parts), None

    def reverse(
        self, theta: Parameters, step: Step, saved: None, direction: Parameters, first: bool = False
    ) -> StepGradient:
        """See `Kernel.reverse`."""
        values, theta_bars, given = [], [], _given(step)
        bars_of_step = {name: torch.zeros_like(value) for name, value in given.items()}
        with torch.enable_grad():
            for theta_k, along in zip(unstack(theta), unstack(direction), strict=True):
                weights, leaves = _leaves(theta_k), _leaves(given)
                gradient = self._gradient(weights, _with(step, leaves), True)
                value = torch.stack([(gradient[name] * along[name]).sum() for name in theta_k]).sum()
                wanted = leaves if first else weights | leaves
                bars = torch.autograd.grad(value, list(wanted.values()), materialize_grads=True)
                named = dict(zip(wanted, bars, strict=True))
                for name in given:
                    bars_of_step[name] += named.pop(name)
                values.append(value.detach())
                theta_bars.append(named)
        return StepGradient(torch.stack(values), stack(theta_bars), **bars_of_step)

    def _gradient(self, theta: Parameters, step: Step, create_graph: bool) -> Parameters:
        """Gradient of one network."""
        self.network.train(step.dropout is not None)
        draw = None if step.dropout is None else torch.Generator().manual_seed(step.dropout)
        with self.arithmetic(), twice_differentiable(self.network), seeded(draw, step.y.device):
            logits, pull = self._labelled(theta, step)
            loss = pull - (step.y * logits.to(step.x.dtype).log_softmax(-1)).sum() / len(step.y)
            gradients = torch.autograd.grad(
                loss, list(theta.values()), create_graph=create_graph, materialize_grads=True
            )
        return dict(zip(theta, gradients, strict=True))

    def _labelled(self, theta: Parameters, step: Step) -> tuple[Tensor, Tensor | float]:
        """Logits of a step's examples, and the loss of their attention labels, if any."""
        x, mask = step.cut() if self.takes_mask else (step.inputs, step.mask)
        if step.attention is None:
            return self._forward(theta, x, mask), 0.0
        attended = functional_call(self.network, theta, (x, mask), {"attention": step.attention.shape[1]})
        return attended.logits, attention_loss(attended, step.attention)

    # Real examples

    def loss(
        self, theta: Parameters, batch: RealBatch, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """See `Kernel.loss`."""
        losses, gradients = [], []
        parts = self._parts(theta, batch)
        device = batch.labels.device
        with torch.enable_grad(), seeded(dropout, device):
            self.network.train(dropout is not None)
            for theta_k in unstack(theta):
                leaves = _leaves(theta_k)
                loss = torch.zeros((), device=device)
                for rows in parts:
                    x, mask = self._inputs(batch, rows)
                    with self.arithmetic(), once_differentiable(self.network) if dropout is None else nullcontext():
                        logits = self._forward(leaves, x, mask)
                    labels = batch.labels[rows]
                    logits = logits.to(x.dtype) if x.is_floating_point() else logits.float()  # token ids
                    mean = nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing)
                    share = mean * (len(x) / len(batch))
                    share.backward(inputs=list(leaves.values()))
                    loss = loss + share.detach()
                losses.append(loss)
                gradients.append({n: torch.zeros_like(v) if v.grad is None else v.grad for n, v in leaves.items()})
        return torch.stack(losses), stack(gradients)

    def logits(self, theta: Parameters, batch: RealBatch) -> Tensor:
        """See `Kernel.logits`."""
        self.network.eval()
        parts = self._parts(theta, batch)
        with torch.no_grad():
            inputs = (self._inputs(batch, rows) for rows in parts)
            logits = [
                torch.stack([self._forward(theta_k, x, mask) for theta_k in unstack(theta)]) for x, mask in inputs
            ]
        return torch.cat(logits, dim=1)

    # Memory, from the shapes of what automatic differentiation keeps

    def step_bytes(self, step: Step, networks: int, graph: bool) -> tuple[int, int]:
        """See `Kernel.step_bytes`."""
        leaves = _with(step, {name: value.requires_grad_() for name, value in _given(step).items()})
        step_graph = kept_bytes(lambda: self._gradient(self._shapes(), leaves, True))
        if graph:
            return step_graph * networks, step_graph
        # The graph, and what its reverse makes on its way.
        return 0, 2 * step_graph

    def batch_bytes(
        self, split: Split, size: int, networks: int, gradient: bool = True, device: torch.device = CPU
    ) -> int:
        """See `Kernel.batch_bytes`; networks are taken one after the other."""
        x = torch.empty(1, *split.space.shape, device="meta")
        mask = torch.ones(x.shape[:2], dtype=torch.bool, device="meta") if x.dim() == 3 else None
        example = self._example_bytes(self._shapes(), x, mask)
        # The inputs and the graph of a part, and the largest of what that keeps once more on the way back.
        part = max(example, min(size * example, part_bytes(device, IN_CACHE)))
        return part * 3 // 2 if gradient else part

    def _inputs(self, batch: RealBatch, rows: slice) -> tuple[Tensor, Tensor | None]:
        return batch.inputs(rows, padded=not self.takes_mask)

    def _parts(self, theta: Parameters, batch: RealBatch) -> list[slice]:
        """The rows of a batch that are taken at once, from its end on: sentences lie there shortest first."""
        self.network.eval()
        first, (example, mask) = unstack(theta)[0], batch.inputs(slice(0, 1))
        parts, stop = [], len(batch)
        while stop:
            if mask is not None and self.takes_mask:
                width = min(-(-batch.width(stop - 1) // LENGTHS) * LENGTHS, mask.shape[1])
                example, mask = example[:, :width], mask[:, :width]  # ever shorter
            size = max(1, part_bytes(example.device, IN_CACHE) // self._example_bytes(first, example, mask))
            parts.append(slice(max(0, stop - size), stop))
            stop = parts[-1].start
        return parts[::-1]

    def _example_bytes(self, theta: Parameters, x: Tensor, mask: Tensor | None) -> int:
        """Bytes of one example (1, ...) and of what its graph keeps, parameters left out; measured once."""
        key = (x.shape[1:], x.dtype, x.device)
        if key not in self._bytes_of_an_example:
            theta = _leaves(theta)

            def forward(count: int) -> int:
                many = torch.zeros(count, *x.shape[1:], dtype=x.dtype, device=x.device)
                masks = None if mask is None else torch.ones(count, *mask.shape[1:], dtype=torch.bool, device=x.device)
                return kept_bytes(lambda: self._forward(theta, many, masks))

            self._bytes_of_an_example[key] = x.nbytes + max(forward(2) - forward(1), 0)
        return self._bytes_of_an_example[key]

    def _shapes(self) -> Parameters:
        """Trained parameters of one network, on the device "meta"."""
        return {
            name: torch.empty_like(value, device="meta").requires_grad_()
            for name, value in self.network.named_parameters()
            if value.requires_grad
        }


@contextmanager
def seeded(dropout: torch.Generator | None, device: torch.device) -> Iterator[None]:
    """Random numbers of modules drawn with a seed of `dropout`; where that is None, nothing is drawn."""
    if dropout is None:
        yield
        return
    devices = [] if device.type == "cpu" else [device]
    with torch.random.fork_rng(devices, device_type=device.type if devices else "cuda"):
        torch.manual_seed(int(torch.randint(2**62, (), generator=dropout)))
        yield


def _given(step: Step) -> dict[str, Tensor]:
    """What a gradient flows to in a step."""
    return {name: value for name in ("x", "y", "attention") if (value := getattr(step, name)) is not None}


def _with(step: Step, given: dict[str, Tensor]) -> Step:
    """The step, with other tensors in place of those that a gradient flows to."""
    return step._replace(x=given["x"], y=given["y"], attention=given.get("attention"))


def _leaves(tensors: Parameters) -> Parameters:
    return {name: tensor.detach().requires_grad_() for name, tensor in tensors.items()}
