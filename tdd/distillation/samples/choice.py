"""What is learned in place of the distilled samples, and how gradients reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tdd.data.text import TextSplit
from tdd.distillation.samples.exchanged import ExchangedTexts
from tdd.distillation.samples.free import FreeSamples
from tdd.distillation.samples.pieces import pieces_of, spans_of
from tdd.distillation.samples.protocol import Parametrisation
from tdd.distillation.samples.real import RealSamples
from tdd.distillation.samples.start import first_labels, real_texts, text_split
from tdd.distillation.samples.vocabulary import vocabulary
from tdd.distillation.samples.words import WordSamples
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.settings.recipe import Recipe

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus


def parametrisation(
    recipe: Recipe, corpus: Corpus, mask: Tensor | None, device: torch.device, start: DistilledSet | None = None
) -> Parametrisation:
    """That of the recipe's setting `samples`, for samples that hold words where `mask` (steps, per_step, L) says so.

    `start` is the set that they start from; None, or one without sentences: real texts are those of `real_texts`.

    Raises:
        UsageError: words are asked for and the data are images, or see `vocabulary`.
    """
    if recipe.samples == "free":
        return FreeSamples()
    if recipe.samples == "real" and not isinstance(corpus.train, TextSplit):
        return RealSamples(None)
    train = text_split(corpus)
    if recipe.are_real:
        sentences = (start and start.sentences) or real_texts(recipe, corpus)
        if recipe.no_exchange:
            return RealSamples(sentences)
        return _exchanged(recipe, train, len(corpus.classes), sentences, mask, device)
    return WordSamples(
        vocabulary(train, recipe.vocabulary, recipe.vocabulary_file, recipe.excluded_words),
        train.vectors,
        recipe.commitment,
        mask,
        device,
        recipe.neighbours,
        recipe.temperature,
    )


def _exchanged(
    recipe: Recipe, train: TextSplit, classes: int, sentences: Sentences, mask: Tensor | None, device: torch.device
) -> ExchangedTexts:
    whole, tokens = recipe.samples == "real", sentences.tokens.flatten(0, 1)
    inside = torch.ones(tokens.shape, dtype=torch.bool) if mask is None else mask.cpu().flatten(0, 1)
    rows = [row[:count].tolist() for row, count in zip(tokens, inside.sum(1).tolist(), strict=True)]
    spans = [[(0, len(row))] if whole else spans_of(row, train) for row in rows]
    pieces = pieces_of(train, recipe.length, whole, classes)
    own = first_labels(*recipe.split(classes), classes).flatten(0, 1) > 0 if recipe.labels == "hard" else None
    return ExchangedTexts(sentences, inside, spans, pieces, own, train.vectors, device)
