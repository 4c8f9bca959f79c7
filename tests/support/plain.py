"""Texts to learn from, the learner of networks for them, and training short enough for a test."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from tiny import tiny_corpus, tiny_recipe

from tdd.data.text import TextSplit
from tdd.evaluation import plain_text, plain_text_learners
from tdd.evaluation.plain_text import real_texts
from tdd.evaluation.plain_text_learners import AdamNetwork
from tdd.system.seeds import generator

CORPUS = tiny_corpus(3)
TRAIN = CORPUS.train
DRAWS = 3


def texts_of(split: TextSplit) -> list[str]:
    """Each text of a split, whole, as words joined by spaces; words without a vector are left out."""
    ends = zip(split.offsets[:-1], split.offsets[1:], strict=True)
    return [" ".join(split.vectors.words[id_ - 1] for id_ in split.ids[a:b] if id_) for a, b in ends]


def plain(corpus=CORPUS, networks=4, **settings) -> AdamNetwork:
    recipe = tiny_recipe(**settings)
    return AdamNetwork(recipe, len(corpus.classes), corpus.validation, corpus.test, None, networks, torch.device("cpu"))


def some_texts(n: int = 20, soft: bool = True) -> TextSplit:
    texts = real_texts(TRAIN, torch.arange(n), 3)
    if soft:
        texts.labels = torch.rand(n, 3, generator=generator(0)).softmax(1)
    return texts


@contextmanager
def short_training() -> Iterator[None]:
    """Few settings, few draws and short training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_text_learners, "RATES", (0.001, 0.03))
        patch.setattr(plain_text_learners, "EPOCHS", (1, 4))
        patch.setattr(plain_text_learners, "TRIALS", 2)
        patch.setattr(plain_text, "DRAWS", DRAWS)
        yield
