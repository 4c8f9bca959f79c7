"""Synthetic inputs, seeded, with the statistics of real text; nothing is downloaded."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch
from learners import starts_of, text_cnn
from torch import Tensor, nn

from tdd.data.images import ImageSplit
from tdd.data.pixel_normalisation import Normalisation
from tdd.data.text import TextSplit
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import WordVectors
from tdd.networks.kernels.parameters import Parameters
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

# Spread of a word vector's numbers in 100-dimensional GloVe.
SCALE = 0.4


@dataclass(frozen=True)
class Text:
    """Statistics of a data set: log-normal sentence lengths, words by Zipf's law.

    Attributes:
        median: tokens of the median sentence, before it is cut at L.
        spread: standard deviation of the logarithm of the length.
        vocabulary: words there are.
        exponent: of Zipf's law.
    """

    median: float
    spread: float
    vocabulary: int
    exponent: float


# Cut at 400, IMDB's reviews average 231 tokens; exponent 1.2 gives 1,024 of them about the 17,000 distinct words that
# real ones have.
IMDB = Text(median=214, spread=0.6, vocabulary=60_000, exponent=1.2)
# TREC's questions: about 10 tokens.
TREC = Text(median=9.5, spread=0.4, vocabulary=8_000, exponent=1.2)


def word_vectors(words: int, dim: int) -> WordVectors:
    """A table of random vectors."""
    table = torch.randn(words, dim, generator=generator(0, "table")) * SCALE
    return WordVectors("synthetic", [f"word{i}" for i in range(words)], table.numpy(), "synthetic")


def real_text(text: Text, sentences: int, dim: int, length: int, classes: int) -> TextSplit:
    """Sentences with the statistics of `text`, and random labels."""
    random = np.random.default_rng(0)
    lengths = np.maximum(random.lognormal(math.log(text.median), text.spread, sentences).astype(np.int64), 1)
    share = 1 / np.arange(1, text.vocabulary + 1) ** text.exponent
    limits = np.cumsum(share / share.sum())[:-1]
    # Words in the order of their frequency, as in GloVe's table.
    ids = torch.from_numpy(np.searchsorted(limits, random.random(lengths.sum())) + 1)
    offsets = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)]))
    labels = torch.from_numpy(random.integers(classes, size=sentences))
    return TextSplit(ids.int(), offsets, labels, word_vectors(text.vocabulary, dim), length)


@dataclass(frozen=True)
class Problem:
    """A distilled set amid its training, with real data.

    Attributes:
        network: the module that learns.
        theta: K initialisations, stacked.
        samples: (steps, per_step, L, d) or (steps, per_step, c, h, w).
        labels: (steps, per_step, C).
        rates: (epochs x steps,).
        epochs: times the steps are repeated.
        real: the data set.
        batch: (B,) the sentences or images of the outer step.
    """

    network: nn.Module
    theta: Parameters
    samples: Tensor
    labels: Tensor
    rates: Tensor
    epochs: int
    real: TextSplit | ImageSplit
    batch: Tensor

    def double(self) -> Problem:
        """The same problem in double precision."""
        real = self.real
        if isinstance(real, ImageSplit):
            normal = Normalisation(real.normalisation.mean.double(), real.normalisation.sd.double())
            real = ImageSplit(real.pixels, real.places, real.labels, normal)
        return replace(
            self,
            network=deepcopy(self.network).double(),
            theta={name: value.double() for name, value in self.theta.items()},
            samples=self.samples.double(),
            labels=self.labels.double(),
            rates=self.rates.double(),
            real=real,
        )

    def distilled(self) -> DistilledSet:
        """The distilled set, as it is saved."""
        classes = [f"class {label}" for label in range(self.labels.shape[2])]
        recipe = Recipe(init="random", epochs=self.epochs, max_length=self.samples.shape[2])
        return DistilledSet(self.samples, self.labels, self.rates[None], classes, recipe, self.real.source())


@dataclass(frozen=True)
class Sizes:
    """Every size of a problem; the defaults are IMDB's at n = 20 with one epoch."""

    text: Text = IMDB
    sentences: int = 2048
    batch: int = 1024
    steps: int = 10
    per_step: int = 2
    epochs: int = 1
    classes: int = 2
    length: int = 400
    dim: int = 100
    networks: int = 1

    def problem(self) -> Problem:
        """The problem of these sizes."""
        network = text_cnn(self.dim, self.classes)
        place = self.steps, self.per_step
        labels = torch.eye(self.classes)[torch.arange(self.steps * self.per_step) % self.classes].view(*place, -1)
        return Problem(
            network,
            starts_of(network, [generator(0, "network", index) for index in range(self.networks)]),
            torch.randn(*place, self.length, self.dim, generator=generator(0, "samples")) * SCALE,
            labels,
            torch.full((self.steps * self.epochs,), 0.05),
            self.epochs,
            real_text(self.text, self.sentences, self.dim, self.length, self.classes),
            torch.randperm(self.sentences, generator=generator(0, "batch"))[: self.batch],
        )
