"""Real examples are chosen by the vectors that are asked for."""

import pytest
import torch
from films_words import films_corpus, films_recipe
from tiny_encoders import tiny_encoder
from tiny_images import tiny_images

from tdd.data.real_examples import herding
from tdd.errors import UsageError
from tdd.evaluation import features, spaces
from tdd.evaluation.features import check_reads_text, minilm_features
from tdd.evaluation.names import NAMES, REAL, is_by_minilm
from tdd.evaluation.real_sets import RealSets
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
    found = minilm_features(all_spaces, CPU)
    read = all_spaces.of(tiny_encoder())
    learner = make_learner(tiny_encoder(), {"train": "head"}, read.train.space, 2)
    places = torch.tensor([3, 0, 7])
    assert torch.equal(found(places), SentenceVectors(learner).of(read.train, places))


def test_their_names_say_so_and_they_are_those_that_the_vectors_choose():
    corpus, all_spaces = films_corpus(), Spaces(films_corpus())
    sets = RealSets(films_recipe(n=4), corpus, 1, minilm=lambda: minilm_features(all_spaces, CPU))
    found = sets.places("herding_minilm")[0]
    expected = herding(corpus.train, 4, 2, minilm_features(all_spaces, CPU))
    assert torch.equal(found, expected) and not torch.equal(found, sets.places("herding")[0])
    assert REAL["confident_minilm_teacher"] == "herding of the surest by MiniLM, teacher's labels"
    assert [name for name in NAMES if is_by_minilm(name)] == [name for name in NAMES if "minilm" in name]


def test_images_are_not_chosen_by_it():
    images = tiny_images()
    for name in ("herding_minilm", "k_center_minilm_teacher_plain"):
        with pytest.raises(UsageError, match=f"{name} is chosen by MiniLM, which reads text, and the data are images"):
            check_reads_text(["random", name], images)
    check_reads_text(["random", "herding", "full"], images)
    check_reads_text(["herding_minilm"], films_corpus())
