"""What a run starts from: noise, real examples or words, each with its first label."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tdd.data.corpus import Corpus
from tdd.data.real_examples import inputs_at, random_examples
from tdd.data.text import TextSplit
from tdd.distillation.samples.vocabulary import vocabulary
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator


def first_samples(recipe: Recipe, corpus: Corpus, steps: int, per_step: int) -> Tensor:
    """The samples (steps, per_step, ...) to start from.

    Free samples start as noise at the scale of real inputs, or as real examples, classes in turn; sentences of words as
    random words of the vocabulary, or as real sentences.
    """
    draw_from = generator(recipe.seed, "samples")
    n, classes, labels = steps * per_step, len(corpus.classes), corpus.train.labels
    shape = (steps, per_step, *corpus.train.sample_shape)
    if recipe.samples == "words":
        train = text_split(corpus)
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


def text_split(corpus: Corpus) -> TextSplit:
    """The training split, which must be text.

    Raises:
        UsageError: it holds images.
    """
    if not isinstance(corpus.train, TextSplit):
        raise UsageError("samples: words needs text, and the data are images: use samples: free")
    return corpus.train


def first_labels(steps: int, per_step: int, classes: int) -> Tensor:
    """One-hot labels (paper 3.2), classes in turn; with fewer samples than classes each sample stands for several."""
    n = steps * per_step
    labels = torch.zeros(n, classes)
    for place in range(max(n, classes)):
        labels[place % n, place % classes] = 1.0
    return (labels / labels.sum(1, keepdim=True)).view(steps, per_step, classes)


def random_sentences(words: Tensor, n: int, length: int, draw_from: torch.Generator) -> Tensor:
    """(n, length) token ids drawn evenly from `words`."""
    return words[torch.randint(len(words), (n, length), generator=draw_from)]


def real_sentences(train: TextSplit, examples: Tensor, words: Tensor, fill: bool) -> Tensor:
    """(n, L) token ids of real sentences, without tokens that are not among `words`.

    Args:
        train: the sentences.
        examples: (n, L) places in `train`: the sentence that each of the n starts with, and those that may follow.
        words: the vocabulary.
        fill: let further sentences follow until all L positions hold a word; else what is left of them is padding, 0.

    Raises:
        UsageError: no word of the examples is in the vocabulary.
    """
    known = torch.zeros(len(train.vectors) + 1, dtype=torch.bool)
    known[words] = True
    sentences = torch.zeros(len(examples), train.max_length, dtype=torch.long)
    for sentence, rows in zip(sentences, examples.tolist(), strict=True):
        filled = 0
        for row in rows:
            ids = torch.from_numpy(np.array(train.ids[train.offsets[row] : train.offsets[row + 1]])).long()
            ids = ids[known[ids]][: train.max_length - filled]
            sentence[filled : filled + len(ids)] = ids
            filled += len(ids)
            # A sentence that is nothing without its other words leaves the place to the next one.
            if filled == train.max_length or (filled and not fill):
                break
        if not filled or (fill and filled < train.max_length):
            raise UsageError("the sentences to start from have too few words of the vocabulary: set a larger one")
    return sentences
