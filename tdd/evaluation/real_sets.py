"""The sets that baselines learn from: real examples with labels, and points made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.labelled_examples import LabelledExamples, inputs_at
from tdd.data.pairs import cut_row
from tdd.data.real_examples import (
    Features,
    LoadFeatures,
    chosen_examples,
    class_centroids,
    class_means,
    random_examples,
)
from tdd.data.text import TextSplit
from tdd.distillation.samples.start import first_rates, mask_of
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.names import RANDOM, choice_and_labels
from tdd.settings.encoder_names import BY_MINILM
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus
    from tdd.evaluation.teachers import Teachers

KMEANS_DRAWS = 5
"""Most draws of k-means, which take long."""


@dataclass(frozen=True)
class RealSet:
    """n real examples and their labels.

    Attributes:
        places: (n,) training examples.
        labels: (n, C) probabilities.
        most: tokens after which texts are cut, so that all have no more than a set of words; None: they are whole.
    """

    places: Tensor
    labels: Tensor
    most: int | None = None

    def examples(self, train: Any) -> Any:
        """What plain training learns from, read from the training split."""
        if not isinstance(train, TextSplit):
            return LabelledExamples.of(train, self.places, self.labels)
        rows = [train.row(place) for place in self.places.tolist()]
        if self.most is not None:
            rows = [cut_row(row, train.vectors.separator, self.most) for row in rows]
        return TextSplit.of_rows(rows, self.labels, train.vectors, train.max_length)

    def words(self, train: Any) -> int | None:
        """Tokens of all texts together; None: they are images."""
        return int(self.examples(train).lengths.sum()) if isinstance(train, TextSplit) else None


class RealSets:
    """Sets with the recipe's n and split into steps; sample i is of class i mod C, unless n is below C.

    Args:
        recipe: the distilled set's settings.
        corpus: the data.
        draws: random sets.
        initialisation: that of a fixed initialisation; None: fresh networks.
        words: tokens that the distilled set has in total, where it is made of words; None: as many as there are.
        minilm: loads MiniLM's sentence vectors, which some are chosen by; None: none are.
    """

    teachers: Teachers

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        draws: int,
        initialisation: dict[str, Tensor] | None = None,
        words: int | None = None,
        minilm: LoadFeatures | None = None,
    ):
        self.recipe, self.corpus, self.draws, self.initialisation = recipe, corpus, draws, initialisation
        self.words, self.minilm = words, minilm
        self._places: dict[str, list[Tensor]] = {}
        self.classes = len(corpus.classes)
        self.steps, self.per_step = recipe.split(self.classes)

    # Places (n,) of training examples

    def places(self, choice: str) -> list[Tensor]:
        """Those that are chosen in this way, see `tdd.evaluation.names.CHOICES`, of each draw."""
        if choice not in self._places:
            self._places[choice] = self._random() if choice == RANDOM else self._chosen(choice)
        return self._places[choice]

    def _random(self) -> list[Tensor]:
        choose = partial(random_examples, self.corpus.train.labels, classes=self.classes)
        return [self._of_n(partial(choose, draw_from=each)) for each in self._generators(RANDOM, self.draws)]

    def _chosen(self, choice: str) -> list[Tensor]:
        way = choice.removesuffix(BY_MINILM)
        choose = partial(chosen_examples, way, self.corpus.train, classes=self.classes)
        if way != choice:
            choose = partial(choose, features_of=self._sentence_vectors)
        generators = self._generators(way, min(self.draws, KMEANS_DRAWS) if way == "nearest" else 1)
        return [self._of_n(partial(choose, draw_from=each)) for each in generators]

    @cached_property
    def _sentence_vectors(self) -> Features:
        assert self.minilm is not None
        return self.minilm()

    def _of_n(self, choose: Callable[..., Tensor]) -> Tensor:
        """What `choose` finds for n; with fewer samples than classes one of each of the most frequent classes."""
        if self.recipe.n >= self.classes:
            return choose(n=self.recipe.n)
        counts = torch.bincount(self.corpus.train.labels, minlength=self.classes)
        return choose(n=self.classes)[counts.argsort(descending=True, stable=True)[: self.recipe.n]]

    # Sets

    def real(self, name: str, draws: int | None = None) -> list[RealSet]:
        """The sets called `name`, see `tdd.evaluation.names.REAL`, of so many draws at most."""
        choice, kind = choice_and_labels(name)
        return [self.labelled(places, kind) for places in self.places(choice)[:draws]]

    def labelled(self, places: Tensor, kind: str) -> RealSet:
        """The examples at `places` with their own labels ("hard"), or those of teachers."""
        if kind == "hard":
            labels = F.one_hot(self.corpus.train.labels[places], self.classes).float()
        else:
            labels = self.teachers.labels(places, kind)
        return RealSet(places, labels, self._most_tokens(places))

    def by_steps(self, real: RealSet) -> DistilledSet:
        """A real set in the shape of a distilled one."""
        train = self.corpus.train
        if isinstance(train, TextSplit) and real.most is not None:
            return self._set(*inputs_at(real.examples(train), torch.arange(len(real.places))), labels=real.labels)
        return self._set(*inputs_at(train, real.places), labels=real.labels)

    @cached_property
    def random(self) -> list[DistilledSet]:
        """Random examples with their own labels."""
        return [self.by_steps(real) for real in self.real("random")]

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

    def _most_tokens(self, places: Tensor) -> int | None:
        """The most tokens of a text at which those at `places` have no more than `words` together; None: all."""
        train = self.corpus.train
        if self.words is None or not isinstance(train, TextSplit):
            return None
        lengths = train.lengths[places]
        most = int(lengths.max())
        while most > 1 and int(lengths.clamp(max=most).sum()) > self.words:
            most -= 1
        return most

    def _generators(self, name: str, count: int) -> list[torch.Generator]:
        return [generator(self.recipe.seed, "baseline", name, index) for index in range(count)]

    def _set(self, inputs: Tensor, mask: Tensor | None = None, labels: Tensor | None = None) -> DistilledSet:
        """Inputs (n, ...), classes in turn, as a set; labels (n, C) are one-hot unless given."""
        if labels is None:
            labels = F.one_hot(torch.arange(len(inputs)) % self.classes, self.classes).float()
        return DistilledSet(
            inputs.view(self.steps, self.per_step, *inputs.shape[1:]),
            labels.view(self.steps, self.per_step, self.classes),
            first_rates(self.recipe, self.corpus),
            self.corpus.classes,
            self.recipe,
            self.corpus.train.source(),
            self.initialisation,
            mask=None if mask is None else mask_of(mask, (self.steps, self.per_step, *inputs.shape[1:])),
        )
