"""What real examples are chosen by: means of their word vectors, or MiniLM's sentence vectors."""

from __future__ import annotations

from typing import Literal

import torch

from tdd.data.real_examples import Features
from tdd.data.text import TextSplit
from tdd.errors import UsageError
from tdd.evaluation.names import CHOICES, FROZEN, PLAIN, RANDOM, choice_and_labels
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.text_learners import SentenceVectors
from tdd.networks.learner import make_learner
from tdd.settings.encoder_names import MINILM

FeaturesOf = Literal["vectors", "minilm"]
"""What real examples are chosen by."""


def unusual(kind: FeaturesOf, name: str) -> str | None:
    """What the real examples called `name` were chosen by, where that is told beside their figures.

    None: by the usual vectors, or by none, as random ones are.
    """
    choice, _ = choice_and_labels(name.removesuffix(PLAIN))
    return None if kind == "vectors" or choice == RANDOM or choice not in CHOICES else kind


def features_of(kind: FeaturesOf, spaces: Spaces, device: torch.device) -> Features | None:
    """The vectors of training examples that real ones are chosen by; None: those of the split itself.

    Raises:
        UsageError: MiniLM's are asked for, and the data are images.
    """
    if kind == "vectors":
        return None
    read = spaces.of(FROZEN)
    train = read.train
    if not isinstance(train, TextSplit):
        raise UsageError("minilm as features (--features) reads text, and the data are images")
    learner = make_learner(MINILM, {"train": "head"}, train.space, len(read.classes), device)
    vectors = SentenceVectors(learner)
    return lambda places: vectors.of(train, places)
