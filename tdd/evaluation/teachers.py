"""Soft labels of networks that were trained on all the data and stopped early: they still tell which classes are alike.

How early, and how soft, is chosen for each data set on held-out data: by students that learn plainly from the herded
examples with these labels (arXiv 2406.10485 finds such labels to be what matters in sets of images).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import count, product
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tdd.distillation.accuracy import counts_of
from tdd.evaluation.adam import adamw, starting_at, train_epoch
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.learner import Learner
from tdd.settings.full import usual_rate
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

EPOCHS = (1, 2, 4)
"""Passes over all the data after which a teacher may stop."""
TEMPERATURES = (0.5, 1.0, 2.0)
"""What its logits may be divided by."""
ENSEMBLE = 3
"""Teachers of an ensemble, each from a start of its own."""


class Teachers:
    """Teachers of a recipe's network, and the labels they give.

    Args:
        learner: the network.
        recipe: seed, and the batches of training on all the data.
        corpus: the data.
        examples: places (n,) of the training examples that students are taught with where labels are chosen.
        taught: held-out accuracy of students taught with these examples and each of several labels (n, C).
        on_batch: called with the mini-batches that the teachers have been trained on, and how many there are.
    """

    def __init__(
        self,
        learner: Learner,
        recipe: Recipe,
        corpus: Corpus,
        examples: Callable[[], Tensor],
        taught: Callable[[Tensor, Sequence[Tensor]], Tensor],
        on_batch: Callable[[int, int], None] = lambda done, total: None,
    ):
        self.learner, self.recipe, self.corpus = learner, recipe, corpus
        self.examples, self.taught, self.on_batch = examples, taught, on_batch
        self.kernel = learner.kernel()

    def labels(self, places: Tensor, kind: str) -> Tensor:
        """Probabilities (n, C) that one "teacher", or the mean of an "ensemble", gives the examples at `places`."""
        return self._labels(places, self.chosen["epoch"], self.chosen["temperature"], kind)

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """The "epoch" and the "temperature", by the students of one teacher; its own held-out "accuracy" there."""
        places, tried = self.examples(), list(product(EPOCHS, TEMPERATURES))
        reached = self.taught(places, [self._labels(places, *each, "teacher") for each in tried])
        epoch, temperature = tried[int(reached.argmax())]
        theta = self._trained[EPOCHS.index(epoch)]
        of_validation = (self.corpus.validation, self.learner.device, self.recipe.max_validation)
        accuracy = counts_of(self.kernel, theta, *of_validation).accuracy()[0].item()
        return {"epoch": epoch, "temperature": temperature, "accuracy": accuracy}

    @cached_property
    def _trained(self) -> list[Parameters]:
        """All teachers, stacked, after each of `EPOCHS`."""
        recipe, train = self.recipe, self.corpus.train
        theta = starting_at(self.learner.starts(recipe.seed, "teacher", indices=range(ENSEMBLE)))
        optimiser = adamw(theta, usual_rate(self.learner.fine_tuned))
        total, done, kept = max(EPOCHS) * -(-len(train) // recipe.full_batch_size), count(1), []

        def tell() -> None:
            self.on_batch(next(done), total)

        for epoch in range(1, max(EPOCHS) + 1):
            order, dropout = (generator(recipe.seed, "teacher", what, epoch) for what in ("order", "dropout"))
            train_epoch(self.kernel, theta, optimiser, train, recipe.full_batch_size, order, dropout, on_batch=tell)
            if epoch in EPOCHS:
                kept.append({name: value.clone() for name, value in theta.items()})
        return kept

    def _labels(self, places: Tensor, epoch: int, temperature: float, kind: str) -> Tensor:
        theta, device = self._trained[EPOCHS.index(epoch)], self.learner.device
        if kind == "teacher":
            theta = {name: value[:1] for name, value in theta.items()}
        # One by one: a batch has an order of its own.
        batches = (self.corpus.train.batch(place[None]).to(device) for place in places)
        logits = torch.cat([self.kernel.logits(theta, batch) for batch in batches], dim=1)
        return (logits / temperature).softmax(2).mean(0).cpu()
