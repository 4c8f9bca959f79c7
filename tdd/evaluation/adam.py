"""Training by Adam in shuffled mini-batches of real examples, with early stopping on held-out ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from tdd.data.protocols import RealBatch
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel
from tdd.system.seeds import generator


class Examples(Protocol):
    """What networks are trained on."""

    def __len__(self) -> int: ...

    def batch(self, indices: Tensor) -> RealBatch:
        """The examples at `indices`, in an order that suits the network."""


@dataclass(frozen=True)
class Adam:
    """How networks are trained, and when that ends.

    Attributes:
        rate: Adam step size.
        batch_size: examples of one step.
        epochs: most passes over the examples.
        patience: epochs without a gain on held-out data after which training stops.
        every: epochs between two readings of held-out data.
        dropout: whether a network's dropout is on.
        smoothing: label smoothing, see `Kernel.loss`.
        weight_decay: decoupled weight decay, by which a step of AdamW shrinks every parameter, times the step size.
    """

    rate: float
    batch_size: int
    epochs: int
    patience: int
    every: int = 1
    dropout: bool = False
    smoothing: float = 0.0
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Best:
    """K networks, each as it was when it was best on held-out data.

    Attributes:
        theta: their parameters, stacked (K, ...).
        accuracy: (K,) held-out accuracy.
        epoch: (K,) epochs each was trained for.
    """

    theta: Parameters
    accuracy: Tensor
    epoch: Tensor


def starting_at(theta: Parameters) -> Parameters:
    """A copy of parameters, to be trained by `adamw`."""
    return {name: value.clone(memory_format=torch.contiguous_format) for name, value in theta.items()}


def adamw(theta: Parameters, rate: float, weight_decay: float = 0.0) -> torch.optim.AdamW:
    """AdamW that moves these parameters; with no weight decay it is Adam.

    Fused: it passes over the memory once, which for 22 million parameters takes a fifth of the time.
    """
    return torch.optim.AdamW(list(theta.values()), lr=rate, weight_decay=weight_decay, fused=True)


def give(theta: Parameters, gradient: Parameters) -> None:
    """Let the next step of the optimiser of `theta` follow this gradient."""
    for name, value in theta.items():
        # In the same order of memory, which the fused step takes as given.
        value.grad = gradient[name].contiguous()


def train_until_best(
    kernel: Kernel,
    theta: Parameters,
    examples: Examples,
    held_out: Callable[[Parameters], Tensor],
    how: Adam,
    seed: int,
    place: str,
    on_reading: Callable[[int, float], None] = lambda epoch, accuracy: None,
) -> Best:
    """Train K networks until none of them gains on held-out data any more.

    Args:
        kernel: their kernel.
        theta: where they start, stacked (K, ...); left as it is.
        examples: what they are trained on, all in the same order.
        held_out: accuracies (K,) of networks on held-out examples.
        how: step size, batches, end.
        seed, place: what the orders and the dropout of the epochs are drawn from.
        on_reading: called with the epoch and the mean held-out accuracy then.
    """
    theta = starting_at(theta)
    best = {name: value.clone() for name, value in theta.items()}
    count = len(next(iter(theta.values())))
    reached, at = torch.full((count,), -1.0, dtype=torch.float64), torch.zeros(count, dtype=torch.int64)
    optimiser = adamw(theta, how.rate, how.weight_decay)
    for epoch in range(1, how.epochs + 1):
        order = generator(seed, place, "order", epoch)
        dropout = generator(seed, place, "dropout", epoch) if how.dropout else None
        train_epoch(kernel, theta, optimiser, examples, how.batch_size, order, dropout, how.smoothing)
        if epoch % how.every and epoch < how.epochs:
            continue
        accuracies = held_out(theta)
        on_reading(epoch, accuracies.mean().item())
        better = accuracies > reached
        reached, at = reached.maximum(accuracies), at.masked_fill(better, epoch)
        for name, value in theta.items():
            best[name][better.to(value.device)] = value[better.to(value.device)]
        if (epoch - at).min() >= how.patience:
            break
    return Best(best, reached, at)


def train_epoch(
    kernel: Kernel,
    theta: Parameters,
    optimiser: torch.optim.Optimizer,
    examples: Examples,
    batch_size: int,
    order: torch.Generator,
    dropout: torch.Generator | None,
    smoothing: float = 0.0,
    on_batch: Callable[[], None] = lambda: None,
) -> None:
    """One pass of `optimiser`, which holds the stacked `theta`, over all examples in a random order, in mini-batches.

    Dropout is on where a generator is given; `on_batch` is called after each mini-batch.
    """
    device = next(iter(theta.values())).device
    for chosen in torch.randperm(len(examples), generator=order).split(batch_size):
        _, gradient = kernel.loss(theta, examples.batch(chosen).to(device), dropout, smoothing)
        give(theta, gradient)
        optimiser.step()
        on_batch()
