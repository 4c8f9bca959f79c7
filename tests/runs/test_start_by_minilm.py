"""Runs that start from real examples chosen by MiniLM's sentence vectors."""

import pytest
import torch
from films_words import films_corpus, films_recipe
from tiny_encoders import tiny_encoder

from tdd.distillation.distiller import Distiller
from tdd.errors import UsageError
from tdd.evaluation import features, spaces
from tdd.evaluation.features import minilm_features
from tdd.evaluation.names import CHOICES, RANDOM
from tdd.evaluation.real_sets import RealSets
from tdd.evaluation.spaces import Spaces
from tdd.runs import start_from
from tdd.runs.start_from import keep_start, starting_set
from tdd.settings.recipe import Recipe
from tdd.settings.set_parts import CHOSEN
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.reporter import Reporter


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    for module in (features, spaces):
        monkeypatch.setattr(module, "MINILM", tiny_encoder())


def started(folder=None, **settings):
    recipe = films_recipe(samples_init="herding_minilm", **settings)
    recipe = recipe.settled(2, **films_corpus().found())
    return recipe, starting_set(None, recipe, films_corpus(), folder, default_accelerator(), Reporter(quiet=True))


@pytest.mark.parametrize(
    "more", [{"samples": "real"}, {"samples": "real", "no_exchange": True}, {"samples": "phrases"}]
)
def test_real_texts_are_those_that_the_baseline_by_minilm_chooses(more):
    corpus = films_corpus()
    recipe, start = started(**more)
    found = minilm_features(Spaces(corpus), torch.device("cpu"))
    places = RealSets(recipe, corpus, 1, minilm=lambda: found).places("herding_minilm")[0]
    assert places.tolist() != RealSets(recipe, corpus, 1).places("herding")[0].tolist()
    rows = [corpus.train.row(place).tolist() for place in places.tolist()]
    expected = [[token for token in row if token > 0] for row in rows]
    texts = [[token for token in row if token] for row in start.sentences.tokens.flatten(0, 1).tolist()]
    assert texts == expected
    first = Distiller(recipe, corpus, start=start).best()
    assert torch.equal(first.sentences.tokens, start.sentences.tokens)
    assert torch.equal(first.samples, start.samples)


@pytest.mark.parametrize("samples", ["free", "words", "real"])
def test_the_start_is_kept_with_the_run_and_nothing_is_read_again(tmp_path, monkeypatch, samples):
    recipe, start = started(samples=samples)
    keep_start(start, tmp_path)
    monkeypatch.setattr(start_from, "minilm_features", lambda *_: pytest.fail("read again"))
    _, again = started(tmp_path, samples=samples)
    assert torch.equal(again.samples, start.samples) and torch.equal(again.labels, start.labels)
    whole, other = (Distiller(recipe, films_corpus(), start=each).run() for each in (start, again))
    assert torch.equal(whole.samples, other.samples) and torch.equal(whole.labels, other.labels)
    if samples == "real":
        assert torch.equal(whole.sentences.tokens, other.sentences.tokens)


def test_a_teacher_labels_the_examples_that_minilm_chooses(monkeypatch):
    seen = []
    monkeypatch.setattr(
        start_from, "_taught", lambda places, *_: seen.append(places) or (torch.full((4, 2), 0.5), {"epoch": 1})
    )
    recipe, start = started(samples="real", labels_init="teacher")
    found = minilm_features(Spaces(films_corpus()), torch.device("cpu"))
    expected = RealSets(recipe, films_corpus(), 1, minilm=lambda: found).places("herding_minilm")[0]
    assert seen[0].tolist() == expected.tolist()
    assert start.results == {"teacher": {"epoch": 1}} and start.labels.unique().tolist() == [0.5]


def test_a_network_that_reads_images_does_not_go_with_it():
    with pytest.raises(UsageError, match="herding_minilm reads sentences, and lenet reads images: use herding"):
        Recipe.build({"samples_init": "herding_minilm", "network": "lenet"})


def test_a_run_may_start_from_what_any_baseline_of_real_examples_chooses():
    assert {*CHOSEN} == {*CHOICES} - {RANDOM}
