"""Real examples are chosen by the vectors that are asked for."""

import pytest
import torch
from films_words import films_corpus
from tiny_encoders import tiny_encoder
from tiny_images import tiny_images

from tdd.errors import UsageError
from tdd.evaluation import features, spaces
from tdd.evaluation.features import features_of, unusual
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.text_learners import SentenceVectors
from tdd.networks.learner import make_learner

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    for module in (features, spaces):
        monkeypatch.setattr(module, "MINILM", tiny_encoder())


def test_minilms_are_the_sentence_vectors_of_the_same_training_examples():
    all_spaces = Spaces(films_corpus())
    found = features_of("minilm", all_spaces, CPU)
    read = all_spaces.of(tiny_encoder())
    learner = make_learner(tiny_encoder(), {"train": "head"}, read.train.space, 2)
    places = torch.tensor([3, 0, 7])
    assert found is not None
    assert torch.equal(found(places), SentenceVectors(learner).of(read.train, places))


def test_means_of_word_vectors_are_the_splits_own_features():
    assert features_of("vectors", Spaces(films_corpus()), CPU) is None


def test_images_have_no_sentence_vectors():
    with pytest.raises(UsageError, match=r"minilm as features \(--features\) reads text, and the data are images"):
        features_of("minilm", Spaces(tiny_images()), CPU)


def test_what_examples_are_chosen_by_is_told_where_it_is_neither_usual_nor_without_effect():
    for name in ("herding", "k_center_teacher", "nearest_ensemble_plain"):
        assert unusual("minilm", name) == "minilm" and unusual("vectors", name) is None
    for name in ("random", "random_teacher_plain", "kmeans", "full", "optimised"):
        assert unusual("minilm", name) is None
