"""What is learned in place of the distilled samples, and how gradients reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tdd.data.text import TextSplit
from tdd.distillation.samples.free import FreeSamples
from tdd.distillation.samples.protocol import Parametrisation
from tdd.distillation.samples.real import RealSamples
from tdd.distillation.samples.start import real_texts, text_split
from tdd.distillation.samples.vocabulary import vocabulary
from tdd.distillation.samples.words import WordSamples
from tdd.settings.recipe import Recipe

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus


def parametrisation(recipe: Recipe, corpus: Corpus, mask: Tensor | None, device: torch.device) -> Parametrisation:
    """That of the recipe's setting `samples`, for samples that hold words where `mask` (steps, per_step, L) says so.

    Raises:
        UsageError: words are asked for and the data are images, or see `vocabulary`.
    """
    if recipe.samples == "free":
        return FreeSamples()
    if recipe.samples == "real":
        return RealSamples(real_texts(recipe, corpus) if isinstance(corpus.train, TextSplit) else None)
    train = text_split(corpus)
    return WordSamples(
        vocabulary(train, recipe.vocabulary, recipe.vocabulary_file, recipe.excluded_words),
        train.vectors,
        recipe.commitment,
        mask,
        device,
        recipe.neighbours,
        recipe.temperature,
    )
