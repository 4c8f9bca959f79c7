"""What real examples are chosen by: means of their word vectors, or MiniLM's sentence vectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch

from tdd.data.real_examples import Features
from tdd.data.text import TextSplit
from tdd.errors import UsageError
from tdd.evaluation.names import FROZEN, is_by_minilm
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.text_learners import SentenceVectors
from tdd.networks.learner import make_learner
from tdd.settings.encoder_names import MINILM

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus


def check_reads_text(names: Iterable[str], corpus: Corpus) -> None:
    """Raise UsageError where baselines are chosen by MiniLM and the data are images."""
    for name in names:
        if is_by_minilm(name) and not isinstance(corpus.train, TextSplit):
            raise UsageError(f"{name} is chosen by MiniLM, which reads text, and the data are images")


def minilm_features(spaces: Spaces, device: torch.device) -> Features:
    """MiniLM's sentence vectors of the training texts at some places."""
    read = spaces.of(FROZEN)
    train = read.train
    assert isinstance(train, TextSplit)
    learner = make_learner(MINILM, {"train": "head"}, train.space, len(read.classes), device)
    vectors = SentenceVectors(learner)
    return lambda places: vectors.of(train, places)
