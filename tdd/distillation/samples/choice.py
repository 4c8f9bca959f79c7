"""What is learned in place of the distilled samples, and how gradients reach it."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from tdd.data.corpus import Corpus
from tdd.data.real_examples import inputs_at, random_examples
from tdd.data.text import TextSplit
from tdd.distillation.samples.vocabulary import random_sentences, real_sentences, vocabulary
from tdd.distillation.samples.words import WordSamples
from tdd.distilled_set.sentences import Sentences
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator


class Parametrisation(Protocol):
    """A learned tensor `raw`, updated by Adam, that stands for the samples."""

    def identity(self) -> list[int]:
        """What `raw` means beyond the recipe's settings; a run goes on only where it means the same."""

    def start(self, samples: Tensor) -> Tensor:
        """The raw tensor that stands for `samples` (steps, per_step, ...)."""

    def samples(self, raw: Tensor) -> Tensor:
        """What the networks of an outer step train on, (steps, per_step, ...)."""

    def gradient(self, raw: Tensor, gradient: Tensor) -> Tensor:
        """Gradient to `raw` of an outer loss that has `gradient` to ``samples(raw)``."""

    def finished(self, raw: Tensor) -> tuple[Tensor, Sentences | None]:
        """The samples as they are validated and kept, and the sentences that they are, if they are words."""


class FreeSamples:
    """The samples themselves are learned, any numbers (the paper's)."""

    def identity(self) -> list[int]:
        """See `Parametrisation`."""
        return []

    def start(self, samples: Tensor) -> Tensor:
        """See `Parametrisation`."""
        return samples

    def samples(self, raw: Tensor) -> Tensor:
        """See `Parametrisation`."""
        return raw

    def gradient(self, raw: Tensor, gradient: Tensor) -> Tensor:
        """See `Parametrisation`."""
        return gradient

    def finished(self, raw: Tensor) -> tuple[Tensor, None]:
        """See `Parametrisation`."""
        return raw, None


def parametrisation(recipe: Recipe, corpus: Corpus, device: torch.device) -> Parametrisation:
    """That of the recipe's setting `samples`.

    Raises:
        UsageError: words are asked for and the data are images, or see `vocabulary`.
    """
    if recipe.samples == "free":
        return FreeSamples()
    train = _text(corpus)
    return WordSamples(
        vocabulary(recipe, train),
        train.vectors,
        recipe.commitment,
        device,
        recipe.neighbours,
        recipe.temperature,
    )


def first_samples(recipe: Recipe, corpus: Corpus, steps: int, per_step: int) -> Tensor:
    """The samples (steps, per_step, ...) to start from.

    Free samples start as noise at the scale of real inputs, or as real examples, classes in turn; sentences of words as
    random words of the vocabulary, or as real sentences.
    """
    draw_from = generator(recipe.seed, "samples")
    n, classes, labels = steps * per_step, len(corpus.classes), corpus.train.labels
    shape = (steps, per_step, *corpus.train.sample_shape)
    if recipe.samples == "words":
        train = _text(corpus)
        words = vocabulary(recipe, train)
        if recipe.starts_real:
            # Examples i, i + apart, i + 2 apart ... belong to the class of sample i.
            apart = -(-n // classes) * classes
            chosen = random_examples(labels, apart * train.max_length, classes, draw_from).view(-1, apart).T[:n]
            tokens = real_sentences(train, chosen, words, fill=recipe.padding == "none")
        else:
            tokens = random_sentences(words, n, train.max_length, draw_from)
        return train.vectors.embed(tokens).view(shape)
    if recipe.starts_real:
        return inputs_at(corpus.train, random_examples(labels, n, classes, draw_from)).view(shape)
    return torch.randn(shape, generator=draw_from) * corpus.train.scale() * recipe.samples_scale


def _text(corpus: Corpus) -> TextSplit:
    if not isinstance(corpus.train, TextSplit):
        raise UsageError("samples: words needs text, and the data are images: use samples: free")
    return corpus.train
