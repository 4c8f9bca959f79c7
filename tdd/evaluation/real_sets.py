"""The sets that baselines train on: real examples, and points made of them, in the shape of a distilled set."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.real_examples import class_centroids, class_means, herding, inputs_at, k_center, random_examples
from tdd.distillation.samples.start import mask_of
from tdd.distilled_set.set import DistilledSet
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

KMEANS_DRAWS = 5
"""Most draws of centroids, which take long."""


class RealSets:
    """Sets with one-hot labels and the recipe's split into steps; sample i is of class i mod C.

    Args:
        recipe: the distilled set's settings.
        corpus: the data.
        draws: random sets.
        initialisation: that of a fixed initialisation; None: fresh networks.
    """

    def __init__(self, recipe: Recipe, corpus: Corpus, draws: int, initialisation: dict[str, Tensor] | None):
        self.recipe, self.corpus, self.draws, self.initialisation = recipe, corpus, draws, initialisation
        self.classes = len(corpus.classes)
        self.steps, self.per_step = recipe.split(self.classes)

    # Places (n,) of training examples

    @cached_property
    def random_places(self) -> list[Tensor]:
        """Those of random examples, of each draw."""
        labels, n = self.corpus.train.labels, self.recipe.n
        generators = self._generators("random", self.draws)
        return [random_examples(labels, n, self.classes, draw_from) for draw_from in generators]

    @cached_property
    def herding_places(self) -> Tensor:
        """See `tdd.data.real_examples.herding`."""
        return herding(self.corpus.train, self.recipe.n, self.classes)

    @cached_property
    def k_center_places(self) -> Tensor:
        """See `tdd.data.real_examples.k_center`."""
        return k_center(self.corpus.train, self.recipe.n, self.classes)

    # Sets

    @cached_property
    def random(self) -> list[DistilledSet]:
        """Random examples."""
        return [self.at(places) for places in self.random_places]

    @cached_property
    def kmeans(self) -> list[DistilledSet]:
        """The centroids of each class."""
        return [
            self._set(class_centroids(self.corpus.train, self.recipe.n, self.classes, draw_from))
            for draw_from in self._generators("kmeans", min(self.draws, KMEANS_DRAWS))
        ]

    @cached_property
    def average(self) -> DistilledSet:
        """The mean of each class."""
        return self._set(class_means(self.corpus.train, self.recipe.n, self.classes))

    def at(self, places: Tensor) -> DistilledSet:
        """The training examples at `places` (n,)."""
        return self._set(*inputs_at(self.corpus.train, places))

    def _generators(self, name: str, count: int) -> list[torch.Generator]:
        return [generator(self.recipe.seed, "baseline", name, index) for index in range(count)]

    def _set(self, inputs: Tensor, mask: Tensor | None = None) -> DistilledSet:
        """Inputs (n, ...), classes in turn, as a set."""
        labels = F.one_hot(torch.arange(len(inputs)) % self.classes, self.classes).float()
        return DistilledSet(
            inputs.view(self.steps, self.per_step, *inputs.shape[1:]),
            labels.view(self.steps, self.per_step, self.classes),
            torch.full((1, self.recipe.epochs * self.steps), self.recipe.learning_rate),
            self.corpus.classes,
            self.recipe,
            self.corpus.train.source(),
            self.initialisation,
            mask=None if mask is None else mask_of(mask, (self.steps, self.per_step, *inputs.shape[1:])),
        )
