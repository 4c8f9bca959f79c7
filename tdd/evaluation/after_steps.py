"""How good a network is after each of the gradient steps on a distilled set."""

from __future__ import annotations

import torch

from tdd.data.protocols import Split
from tdd.distillation.accuracy import check_fits, counts_of, inner_loop
from tdd.distillation.learner_of_set import learner_of
from tdd.distillation.loops import first_steps, train_by
from tdd.distilled_set.set import DistilledSet
from tdd.system.memory import CPU

MOST = 1000
"""Examples that it is tested on."""
_MOST_TESTS = 60  # of many steps some are left out, never the last


def accuracy_after_steps(
    distilled: DistilledSet, split: Split, seed: int = 0, most: int = MOST, device: torch.device = CPU
) -> dict[int, float]:
    """Accuracy in [0, 1] of one network after so many gradient steps, from 0, which is before the first, to T.

    The network starts from the set's own initialisation, or else from a draw with `seed`; of a pool it is the first.

    Args:
        distilled: the set.
        split: examples to test on: held-out ones, since a test split is for the end of a run.
        seed: of the draw.
        most: examples to test on at most.
        device: where it is computed.

    Raises:
        UsageError: the set was not made for examples like those of `split`, or its network is code of one's own.
    """
    check_fits(distilled, split)
    distilled = distilled.alone()
    learner, inner = learner_of(distilled, None, device), inner_loop(distilled, device)
    start = distilled.initialisation
    theta = learner.starts(seed, "train") if start is None else learner.theta_of(start)
    kernel, every = learner.kernel(), -(-len(inner) // _MOST_TESTS)
    found = {}
    for steps in sorted({*range(0, len(inner) + 1, every), len(inner)}):
        # From the start each time: momentum and the place of a step in an epoch are then as they are in training.
        trained = train_by(first_steps(inner, steps), kernel, theta)
        found[steps] = counts_of(kernel, trained, split, device, most).accuracy()[0].item()
    return found
