"""What a run starts from: noise, real examples or words, each with its first label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from tdd.data.labelled_examples import inputs_at
from tdd.data.pairs import cut_pairs
from tdd.data.real_examples import Features, chosen_examples, random_examples
from tdd.data.text import TextSplit
from tdd.distillation.samples.vocabulary import vocabulary
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.settings.encoder_names import BY_MINILM
from tdd.settings.from_data import usual_rate
from tdd.settings.plain_settings import inner_rate
from tdd.settings.recipe import Recipe
from tdd.settings.set_parts import CHOSEN
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

Parts = tuple[Tensor, Tensor, Tensor | None, Tensor, Tensor | None]
"""Samples, labels, mask, learning rates (P, T) and momentum of a set; see `DistilledSet`."""


def first_set(recipe: Recipe, corpus: Corpus, features: Features | None = None) -> Parts:
    """What a run starts from by its recipe; for `features` see `first_places`."""
    classes = len(corpus.classes)
    steps, per_step = recipe.split(classes)
    samples, mask = first_samples(recipe, corpus, steps, per_step, features)
    momentum = torch.tensor(recipe.momentum) if recipe.momentum else None
    return samples, first_labels(steps, per_step, classes), mask, first_rates(recipe, corpus), momentum


def first_of_data(recipe: Recipe, corpus: Corpus) -> Parts:
    """`first_set` of a recipe that needs nothing for it but its data.

    Raises:
        UsageError: it starts from another set, examples chosen by MiniLM or a teacher's labels, which a run finds.
    """
    found_by_runs = {
        f"start_from: {recipe.start_from}": recipe.start_from is not None,
        f"samples_init: {recipe.samples_init}": recipe.starts_by_minilm,
        f"labels_init: {recipe.labels_init}": recipe.labels_init != "one_hot",
    }
    for asked in [name for name, is_asked in found_by_runs.items() if is_asked]:
        raise UsageError(f"{asked} is found by a run, tdd.distill(recipe, FOLDER): a Distiller is given it as start")
    return first_set(recipe, corpus)


def first_rates(recipe: Recipe, corpus: Corpus) -> Tensor:
    """Learning rates (P, T) to start from; of plain training its step size (P, 1)."""
    classes = len(corpus.classes)
    if recipe.inner == "plain":
        usual = (inner_rate(name, recipe.alone(name).options) for name in recipe.learners)
        return torch.tensor([[recipe.inner_rate or rate] for rate in usual])
    rate = recipe.learning_rate or usual_rate(classes, corpus.train.space.kind == "image")
    return torch.full((len(recipe.learners), recipe.epochs * recipe.split(classes)[0]), rate)


def first_places(
    recipe: Recipe, corpus: Corpus, features: Features | None = None, draw_from: torch.Generator | None = None
) -> Tensor:
    """Places (n,) of the training examples that real samples start from, classes in turn.

    Texts that no word is known of are none to make samples of words of.

    Args:
        recipe, corpus: of the run.
        features: what they are chosen by; None: the usual vectors, those of the split itself.
        draw_from: where those drawn at random come from; None: a generator of the recipe's.

    Raises:
        UsageError: a class has no other texts.
    """
    n, classes = recipe.n, len(corpus.classes)
    of_words = recipe.samples != "free" and isinstance(corpus.train, TextSplit)
    among = _readable(corpus, n) if of_words else None
    draw_from = draw_from or generator(recipe.seed, "samples")
    if recipe.samples_init is not None and recipe.samples_init in CHOSEN:
        way = recipe.samples_init.removesuffix(BY_MINILM)
        return chosen_examples(way, corpus.train, n, classes, draw_from, features, among)
    if recipe.samples == "words":
        apart = -(-n // classes) * classes
        return random_examples(corpus.train.labels, apart * recipe.length, classes, draw_from)[:n]
    return random_examples(corpus.train.labels, n, classes, draw_from, among)


def _readable(corpus: Corpus, n: int) -> Tensor:
    """(N,) bool, which training texts hold a word that has a vector."""
    train = text_split(corpus)
    known = (train.ids > 0) & ~np.isin(train.ids, train.vectors.separator)
    before = np.concatenate([[0], known.cumsum()])[train.offsets]
    readable = torch.from_numpy(np.diff(before) > 0)
    for place, name in enumerate(corpus.classes[:n]):
        if not readable[train.labels == place].any():
            raise UsageError(
                f"no training text of class '{name}' holds a word that has a vector in {train.vectors.name}: choose "
                "other vectors (--vectors), or leave the class out"
            )
    return readable


def parts_of(distilled: DistilledSet) -> Parts:
    """What a run starts from where that is a set."""
    return distilled.samples, distilled.labels, distilled.mask, distilled.learning_rates, distilled.momentum


def first_samples(
    recipe: Recipe, corpus: Corpus, steps: int, per_step: int, features: Features | None = None
) -> tuple[Tensor, Tensor | None]:
    """The samples (steps, per_step, ...) to start from, and where they hold words.

    Free samples start as noise at the scale of real inputs, or as real examples, classes in turn; sentences of words as
    random words of the vocabulary, or as real sentences.

    Returns:
        The samples, and the mask (steps, per_step, L) of real sentences that are shorter than L; None: everywhere.
    """
    draw_from = generator(recipe.seed, "samples")
    n, classes, labels, space = steps * per_step, len(corpus.classes), corpus.train.labels, corpus.train.space
    shape = (steps, per_step, *((recipe.length, *space.shape[1:]) if space.kind == "text" else space.shape))
    if recipe.samples == "words":
        train = text_split(corpus)
        words = vocabulary(train, recipe.vocabulary, recipe.vocabulary_file, recipe.excluded_words)
        if recipe.starts_real:
            # Examples i, i + apart, i + 2 apart ... belong to the class of sample i.
            apart = -(-n // classes) * classes
            chosen = random_examples(labels, apart * recipe.length, classes, draw_from).view(-1, apart).T[:n]
            if recipe.samples_init in CHOSEN:
                chosen = torch.cat([first_places(recipe, corpus, features)[:, None], chosen], 1)
            tokens = real_sentences(train, chosen, words, recipe.length, fill=recipe.padding == "none")
        else:
            tokens = random_sentences(words, n, recipe.length, draw_from)
        return train.vectors.embed(tokens).view(shape), mask_of(tokens > 0, shape)
    if recipe.are_real and space.kind == "text":
        tokens = real_texts(recipe, corpus, features).tokens
        return text_split(corpus).vectors.embed(tokens).view(shape), mask_of(tokens > 0, shape)
    if recipe.starts_real:
        samples, mask = inputs_at(corpus.train, first_places(recipe, corpus, features, draw_from))
        if mask is None:
            return samples.view(shape), None
        return samples[:, : recipe.length].reshape(shape), mask_of(mask[:, : recipe.length], shape)
    return torch.randn(shape, generator=draw_from) * corpus.train.scale() * recipe.samples_scale, None


def real_texts(recipe: Recipe, corpus: Corpus, features: Features | None = None) -> Sentences:
    """The words of samples that are real texts, those that have vectors, cut to the length of the set's.

    For `features` see `first_places`.
    """
    train = text_split(corpus)
    places = first_places(recipe, corpus, features)[:, None]
    tokens = real_sentences(train, places, torch.arange(1, len(train.vectors) + 1), recipe.length, fill=False)
    return Sentences.of(tokens.view(*recipe.split(len(corpus.classes)), -1), train.vectors)


def mask_of(holds_word: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """Where n sentences hold a word, (n, L), as a mask of samples of `shape`; None where they do everywhere."""
    return None if holds_word.all() else holds_word.reshape(shape[:-1])


def text_split(corpus: Corpus) -> TextSplit:
    """The training split, which must be text.

    Raises:
        UsageError: it holds images.
    """
    if not isinstance(corpus.train, TextSplit):
        raise UsageError("the samples asked for are made of words, and the data are images: use samples: free")
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


def real_sentences(train: TextSplit, examples: Tensor, words: Tensor, length: int, fill: bool) -> Tensor:
    """(n, L) token ids of real sentences, without tokens that are not among `words`.

    Args:
        train: the sentences.
        examples: (n, L) places in `train`: the sentence that each of the n starts with, and those that may follow.
        words: the vocabulary.
        length: L.
        fill: let further sentences follow until all L positions hold a word; else what is left of them is padding, 0.

    Raises:
        UsageError: no word of the examples is in the vocabulary.
    """
    in_vocabulary = torch.zeros(len(train.vectors) + 1, dtype=torch.bool)
    in_vocabulary[words] = True
    sentences = torch.zeros(len(examples), length, dtype=torch.long)
    for sentence, rows in zip(sentences, examples.tolist(), strict=True):
        filled = 0
        for row in rows:
            ids = torch.from_numpy(np.array(train.ids[train.offsets[row] : train.offsets[row + 1]])).long()
            ids = ids[in_vocabulary[ids]]
            if train.vectors.separator and len(ids):
                (ids,) = cut_pairs(ids[None], train.vectors.separator, length - filled)
            ids = ids[: length - filled]
            sentence[filled : filled + len(ids)] = ids
            filled += len(ids)
            # A sentence that is nothing without its other words leaves the place to the next one.
            if filled == length or (filled and not fill):
                break
        if not filled or (fill and filled < length):
            raise UsageError("the sentences to start from have too few words of the vocabulary: set a larger one")
    return sentences
