"""Sets read as words: what is replaced, what is fitted anew, and what is measured."""

from dataclasses import replace

import pytest
import torch
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.decoded import decoded_accuracy, refit, to_words
from tdd.evaluation.evaluation import evaluate
from tdd.runs.summary import describe_results

CORPUS = tiny_corpus()


def distilled(**settings):
    return Distiller(tiny_recipe(outer_steps=40, refit_steps=20, **settings), CORPUS).run()


@pytest.fixture(scope="module")
def fixed():
    return distilled()


@pytest.fixture(scope="module")
def random():
    return distilled(init="random", networks=2)


def test_every_position_becomes_the_vector_of_its_nearest_word_and_nothing_else_changes(fixed):
    words, similarity = to_words(fixed, CORPUS.train.vectors)
    table = torch.from_numpy(CORPUS.train.vectors.keyed.vectors)
    cosine = torch.nn.functional.cosine_similarity(fixed.samples[..., None, :], table, dim=-1)
    assert torch.equal(words.samples, table[cosine.argmax(-1)])
    assert similarity == pytest.approx(cosine.amax(-1).mean().item(), rel=1e-5)
    assert torch.equal(words.labels, fixed.labels) and torch.equal(words.learning_rates, fixed.learning_rates)
    assert words.initialisation is fixed.initialisation and words.results == {}


def test_a_fit_keeps_the_words_and_moves_labels_and_rates(fixed):
    words, _ = to_words(fixed, CORPUS.train.vectors)
    fitted, about = refit(words, CORPUS, "fixed")
    assert torch.equal(fitted.samples, words.samples)
    assert about["outer_steps"] == 20
    assert torch.equal(fitted.labels, words.labels) == (about["best_step"] == 0)
    assert fitted.learning_rates.shape == words.learning_rates.shape


def test_a_fit_has_a_single_course_whatever_those_of_the_run_were(fixed):
    words, _ = to_words(fixed, CORPUS.train.vectors)
    went_on = words.recipe.model_copy(update={"restarts": [6], "refit_steps": 3})
    steps = []
    _, about = refit(replace(words, recipe=went_on), CORPUS, "fixed", on_progress=lambda told: steps.append(told.step))
    assert max(steps) == about["outer_steps"] == 3


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_a_fit_is_never_worse_on_held_out_data_than_the_set_it_starts_from(fixed, init):
    words, _ = to_words(fixed, CORPUS.train.vectors)
    _, about = refit(words, CORPUS, init)
    if init == "fixed":
        start = evaluate(words, CORPUS.validation, init="fixed").mean
        assert about["validation_accuracy"] >= start - 1e-6
    else:
        assert about["validation_accuracy"] > 0.5


def test_momentum_stays_with_the_words_and_is_fitted_to_them():
    made = distilled(momentum=0.6)
    words, _ = to_words(made, CORPUS.train.vectors)
    assert torch.equal(words.momentum, made.momentum)
    fitted, about = refit(words, CORPUS, "fixed")
    assert fitted.momentum is not None
    assert torch.equal(fitted.momentum, words.momentum) == (about["best_step"] == 0)


def test_where_plain_training_leaves_nothing_to_fit_the_words_are_as_they_were():
    plain = {"inner": "plain", "inner_steps": [3, 6], "window": 2, "init": "random", "outer_steps": 2}
    made = Distiller(tiny_recipe(labels="hard", **plain), CORPUS).run()
    words, _ = to_words(made, CORPUS.train.vectors)
    fitted, about = refit(words, CORPUS, "random")
    assert fitted is words and about["outer_steps"] == 0 and 0 < about["validation_accuracy"] <= 1


def test_hard_labels_are_not_fitted():
    hard = distilled(labels="hard")
    words, _ = to_words(hard, CORPUS.train.vectors)
    fitted, _ = refit(words, CORPUS, "fixed")
    assert torch.equal(fitted.labels, hard.labels)


def test_decoded_accuracy_is_that_of_networks_trained_on_the_words(random):
    found = decoded_accuracy(random, CORPUS, "random", networks=3)
    words, similarity = to_words(random, CORPUS.train.vectors)
    assert found["similarity"] == similarity
    assert found["as_learned"]["accuracies"] == evaluate(words, CORPUS.test, 3).accuracies
    assert found["refitted"]["networks"] == 3 and found["refitted"]["outer_steps"] == 20


def test_decoded_accuracy_stands_in_the_description(fixed):
    found = decoded_accuracy(fixed, CORPUS, "fixed")
    fixed.results["decoded"] = {"fixed": found}
    text = describe_results(fixed, "run")
    reached = f"{100 * found['as_learned']['mean']:.2f} %"
    assert f"nearest words, labels and rates as learned, fixed initialisation: test accuracy {reached}" in text
    assert "labels and rates fitted to the words, fixed initialisation" in text


def test_a_set_of_pictures_has_no_words(fixed):
    pictures = DistilledSet(
        torch.zeros(1, 2, 1, 4, 4), torch.zeros(1, 2, 2), torch.ones(1, 1), fixed.classes, fixed.recipe
    )
    with pytest.raises(UsageError, match="pictures"):
        to_words(pictures, CORPUS.train.vectors)


def test_a_set_of_words_has_nothing_to_decode():
    corpus = tiny_corpus()
    made = Distiller(tiny_recipe(samples="words"), corpus).best()
    with pytest.raises(UsageError, match="made of words and reads as it trains: its accuracy as words is its own"):
        decoded_accuracy(made, corpus, "fixed")
