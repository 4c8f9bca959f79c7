"""What an evaluation or training does over and over, once and in small: to measure how many threads suit it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from tdd.data.protocols import Split
from tdd.distillation.accuracy import inner_loop
from tdd.distillation.learner_of_set import learner_of
from tdd.distillation.loops import train_by
from tdd.distilled_set.set import DistilledSet
from tdd.networks.learner import Learner

NETWORKS, EXAMPLES, SHARE = 4, 1024, 8
"""Most networks and real examples of such a step, and the part of all examples that these are at most."""


def evaluation_step(
    distilled: DistilledSet,
    test: Split,
    networks: int,
    network: str | nn.Module | None,
    device: torch.device,
    initialisation: str | None = None,
) -> Callable[[], object]:
    """Train a few of so many `networks` on a set, and have them tell the classes of a part of `test`.

    Other arguments are those of `tdd.evaluation.evaluation.evaluate`; of a pool it is the first network.
    """
    distilled = distilled.alone(distilled.recipe.pool[0]) if distilled.recipe.pool else distilled
    learner = learner_of(distilled, network, device, initialisation)
    kernel, inner = learner.kernel(), inner_loop(distilled, device, own=learner.name == distilled.recipe.network)
    several = list(range(min(networks, NETWORKS, distilled.recipe.networks_at_once)))
    real = test.batch(torch.arange(max(1, min(EXAMPLES, len(test) // SHARE)))).to(device)

    def step() -> object:
        theta = train_by(inner, kernel, learner.starts(distilled.recipe.seed, "small step", indices=several))
        return kernel.logits(theta, real)

    return step


def training_step(learner: Learner, examples: Split, batch_size: int) -> Callable[[], object]:
    """The gradient of a network's loss on a batch of real examples."""
    kernel, start = learner.kernel(), learner.starts(0, "small step")
    real = examples.batch(torch.arange(min(batch_size, len(examples)))).to(learner.device)
    return lambda: kernel.loss(start, real)
