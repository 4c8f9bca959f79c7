"""How well a distilled set trains: many networks at once, on the whole test split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import stdev

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from tdd.data.protocols import Split
from tdd.distillation.unroll import make_kernel, train
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.networks.kernels.autograd import Kernel, Parameters, draw
from tdd.networks.registry import build_network
from tdd.system.processes import gather
from tdd.system.seeds import generator

# Real examples of one forward pass: enough for the words of a batch to repeat, few enough for memory.
TEST_BATCH = 4096


@dataclass(frozen=True)
class Evaluation:
    """Distillation accuracy (paper 4.1) of one or many networks.

    Attributes:
        init: "fixed", the set's own initialisation, or "random", a fresh draw for each network.
        accuracies: one for each network, in [0, 1].
        examples: test examples each was tested on.
        of: examples in the test split.
    """

    init: str
    accuracies: list[float]
    examples: int
    of: int

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return sum(self.accuracies) / len(self.accuracies)

    @property
    def sd(self) -> float:
        """Standard deviation over networks (n - 1 in the denominator), 0 for a single one."""
        if len(self.accuracies) < 2:
            return 0.0
        return stdev(self.accuracies)

    def as_dict(self) -> dict[str, object]:
        """The evaluation as it stands in ``results.json``."""
        return {
            "mean": self.mean,
            "sd": self.sd,
            "networks": len(self.accuracies),
            "accuracies": self.accuracies,
            "test_examples": self.examples,
            "test_split": self.of,
        }


def accuracy(kernel: Kernel, theta: Parameters, split: Split, device: torch.device, most: int | None = None) -> Tensor:
    """Accuracy (K,) of K stacked networks on a split, or on `most` of its examples, drawn evenly."""
    right = torch.zeros(len(next(iter(theta.values()))), dtype=torch.long, device=device)
    total = 0
    for batch in split.batches(TEST_BATCH, most):
        moved = batch.to(device)
        right += (kernel.logits(theta, moved).argmax(2) == moved.labels).sum(1)
        total += len(batch)
    return right.cpu().double() / total  # not all devices have double


def evaluate(
    distilled: DistilledSet,
    test: Split,
    networks: int = 200,
    init: str | None = None,
    seed: int = 0,
    max_test: int | None = None,
    accelerator: Accelerator | None = None,
    on_progress: Callable[[Evaluation], None] = lambda _: None,
) -> Evaluation:
    """Train networks on the distilled set and test them.

    Args:
        distilled: the set.
        test: real examples, read whole unless `max_test` is given.
        networks: fresh networks for random initialisation; a fixed one is a single network.
        init: "fixed" or "random"; None: the one the set was made for.
        seed: seed of the fresh networks.
        max_test: test on this many examples only.
        accelerator: device and processes; networks are shared out over processes.
        on_progress: called with the evaluation so far whenever more networks are done.

    Raises:
        UsageError: a fixed initialisation is asked for and the set has none, or the test data do not fit the set.
    """
    accelerator = accelerator or Accelerator()
    init = init or distilled.recipe.init
    if init == "fixed" and distilled.initialisation is None:
        raise UsageError("this set was made for random initialisations and holds no fixed one; use --init random")
    check_fits(distilled, test)
    network = build_network(distilled.recipe, tuple(distilled.samples.shape[2:]), len(distilled.classes))
    if init == "fixed":
        networks = 1
        _check_initialisation(distilled, network)
    found: dict[int, float] = {}
    mine = list(range(networks))[accelerator.process_index :: accelerator.num_processes]
    examples = len(test) if max_test is None else min(max_test, len(test))
    group = distilled.recipe.networks_at_once
    for start in range(0, len(mine), group):
        indices = mine[start : start + group]
        theta = (
            {name: value[None].to(accelerator.device) for name, value in (distilled.initialisation or {}).items()}
            if init == "fixed"
            else draw(network, [generator(seed, "evaluation", i) for i in indices], accelerator.device)
        )
        accuracies = accuracy_of_set(network, theta, distilled, test, accelerator.device, max_test)
        found |= dict(zip(indices, accuracies.tolist(), strict=True))
        on_progress(Evaluation(init, list(found.values()), examples, len(test)))
    everywhere = gather(found, networks, accelerator)
    return Evaluation(init, everywhere, examples, len(test))


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


def _check_initialisation(distilled: DistilledSet, network: nn.Module) -> None:
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
