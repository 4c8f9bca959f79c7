"""The accuracy of networks trained on a distilled set, many at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tdd.data.protocols import Split
from tdd.distillation.unroll import train
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.networks.kernels.choice import make_kernel
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel

# Real examples of one forward pass: enough for the words of a batch to repeat, few enough for memory.
TEST_BATCH = 4096


def accuracy(kernel: Kernel, theta: Parameters, split: Split, device: torch.device, most: int | None = None) -> Tensor:
    """Accuracy (K,) of K stacked networks on a split, or on `most` of its examples, drawn evenly."""
    right = torch.zeros(len(next(iter(theta.values()))), dtype=torch.long, device=device)
    total = 0
    for batch in split.batches(TEST_BATCH, most):
        moved = batch.to(device)
        right += (kernel.logits(theta, moved).argmax(2) == moved.labels).sum(1)
        total += len(batch)
    return right.cpu().double() / total  # not all devices have double


def accuracy_of_set(
    network: nn.Module,
    theta: Parameters,
    distilled: DistilledSet,
    split: Split,
    device: torch.device,
    most: int | None = None,
) -> Tensor:
    """Accuracy (K,) on `split` of networks that start at `theta` (stacked) and are trained on the set."""
    kernel = make_kernel(network, distilled.recipe.unroll)
    return accuracy(kernel, train_on_set(kernel, theta, distilled, device), split, device, most)


def train_on_set(kernel: Kernel, theta: Parameters, distilled: DistilledSet, device: torch.device) -> Parameters:
    """Networks that start at `theta` (stacked, on `device`), trained on the set."""
    samples, labels, rates = (p.to(device) for p in (distilled.samples, distilled.labels, distilled.learning_rates))
    momentum = None if distilled.momentum is None else distilled.momentum.to(device)
    return train(kernel, theta, samples, labels, rates, momentum)


def check_initialisation(distilled: DistilledSet, network: nn.Module) -> None:
    """Raise TddError unless the set's parameters are those of `network`."""
    found = {name: tuple(value.shape) for name, value in (distilled.initialisation or {}).items()}
    if found != {name: tuple(value.shape) for name, value in network.named_parameters()}:
        raise TddError("the set's initialisation is not one of the network in its recipe; get a fresh copy of both")


def check_fits(distilled: DistilledSet, split: Split) -> None:
    """Raise UsageError unless the set was made for inputs like those of `split`."""
    if tuple(distilled.samples.shape[2:]) != tuple(split.sample_shape):
        raise UsageError(
            f"the set's samples are {tuple(distilled.samples.shape[2:])}, the data give {tuple(split.sample_shape)}: "
            f"read the data as its recipe does (for text, with its word vectors and max_length)"
        )
