"""Texts to learn from with soft labels, and training short enough for a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from tiny import tiny_corpus

from tdd.data.text import TextSplit
from tdd.evaluation import baselines, students, teachers, transfer
from tdd.evaluation.real_sets import RealSet
from tdd.settings import plain_settings
from tdd.system.seeds import generator

CORPUS = tiny_corpus(3)
TRAIN = CORPUS.train


def texts_of(split: TextSplit) -> list[str]:
    """Each text of a split, whole, as words joined by spaces; words without a vector are left out."""
    ends = zip(split.offsets[:-1], split.offsets[1:], strict=True)
    return [" ".join(split.vectors.words[id_ - 1] for id_ in split.ids[a:b] if id_) for a, b in ends]


def some_texts(n: int = 20, soft: bool = True) -> TextSplit:
    labels = torch.nn.functional.one_hot(TRAIN.labels[:n], 3).float()
    if soft:
        labels = torch.rand(n, 3, generator=generator(0)).softmax(1)
    return RealSet(torch.arange(n), labels).examples(TRAIN)


@contextmanager
def short_training() -> Iterator[None]:
    """Few steps, few settings and few networks."""
    with pytest.MonkeyPatch.context() as patch:
        for name, how in plain_settings.PLAIN.items():
            patch.setitem(plain_settings.PLAIN, name, replace(how, steps=8, batch=8))
        patch.setattr(plain_settings, "FINE_TUNING", replace(plain_settings.FINE_TUNING, steps=4, batch=8))
        patch.setattr(plain_settings, "OTHERS", replace(plain_settings.OTHERS, steps=4, batch=8))
        patch.setattr(baselines, "PLAIN_FACTORS", (1.0, 3.0))
        patch.setattr(baselines, "PLAIN_DRAWS", 2)
        patch.setattr(baselines, "PLAIN_NETWORKS", 3)
        patch.setattr(students, "STUDENTS", 2)
        patch.setattr(teachers, "EPOCHS", (1, 2))
        patch.setattr(teachers, "TEMPERATURES", (1.0, 2.0))
        patch.setattr(teachers, "ENSEMBLE", 2)
        patch.setattr(transfer, "FACTORS", (0.3, 1.0, 3.0))
        patch.setattr(transfer, "JUDGES", 2)
        yield
