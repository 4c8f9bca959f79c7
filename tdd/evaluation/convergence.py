"""Real examples trained to convergence: what whoever doubts a distilled set gives the real ones.

In place of as few plain gradient steps as the set takes they have Adam, in shuffled mini-batches, for as long as the
network gains on held-out data; what is tested is the network as it was when it was best there. Their labels are
one-hot, or a teacher's: the same network trained on all the data for two epochs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tdd.data.real_examples import LabelledExamples
from tdd.distillation.accuracy import counts_of
from tdd.evaluation.adam import Adam, train_until_best
from tdd.evaluation.full_data import Setting, train_by
from tdd.evaluation.rate_search import Trainer
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.learner import Learner
from tdd.settings.full import multiples, usual_rate
from tdd.settings.recipe import Recipe

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

EPOCHS, PATIENCE, EVERY = 300, 50, 5
"""Passes over the examples: most, those without a gain that end training, and those between two held-out accuracies."""
BATCH = 16
"""Most examples of a mini-batch."""
FACTORS = (1.0, 3.0, 10.0, 30.0)
"""Adam step sizes that are tried: the usual one for all the data times each of these, since few examples bear more."""
DRAWS, NETWORKS = 5, 20
"""Most draws of random examples, and most fresh networks of each baseline."""
TEACHER_EPOCHS = 2
"""Passes over all the data after which a teacher stops: its labels still tell which classes are like each other."""


@dataclass(frozen=True)
class Lesson:
    """Examples and the Adam step size that a network learns them with."""

    examples: LabelledExamples
    rate: float = 0.0

    @property
    def batch_size(self) -> int:
        """Examples of a mini-batch: batches are as even as can be."""
        return -(-len(self.examples) // self.batches)

    @property
    def batches(self) -> int:
        """Gradient steps of an epoch."""
        return -(-len(self.examples) // BATCH)


def until_converged(
    learner: Learner,
    recipe: Recipe,
    corpus: Corpus,
    fixed: dict[str, Tensor] | None,
    on_progress: Callable[[int, int, str], None],
) -> Trainer[Lesson]:
    """What trains networks on examples until they stop to gain, and chooses their Adam step size on held-out data."""
    kernel = learner.kernel()

    def held_out(theta: Parameters) -> Tensor:
        return counts_of(kernel, theta, corpus.validation, learner.device, recipe.max_validation).accuracy()

    def learn(lesson: Lesson, theta: Parameters) -> Parameters:
        how = Adam(lesson.rate, lesson.batch_size, EPOCHS, PATIENCE, EVERY)
        return train_until_best(kernel, theta, lesson.examples, held_out, how, recipe.seed, "converged").theta

    rates = multiples(usual_rate(learner.pretrained), FACTORS)
    return Trainer(
        learner, recipe, corpus, fixed, learn, lambda lesson, rate: replace(lesson, rate=rate), rates, on_progress
    )


def teachers_labels(learner: Learner, recipe: Recipe, corpus: Corpus, places: Tensor) -> Tensor:
    """Probabilities (n, C) that the network gives the training examples at `places` (n,) early in learning them all."""
    setting = Setting(usual_rate(learner.pretrained))
    theta, kernel = train_by(learner, recipe, corpus, setting, TEACHER_EPOCHS).theta, learner.kernel()
    # One by one: a batch has an order of its own.
    batches = (corpus.train.batch(place[None]).to(learner.device) for place in places)
    return torch.cat([kernel.logits(theta, batch)[0] for batch in batches]).softmax(1).cpu()
