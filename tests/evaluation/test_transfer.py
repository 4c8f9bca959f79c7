"""Sets are given to learners they were not made for by two protocols, and nothing is chosen by a test figure."""

from dataclasses import replace

import pytest
from plain import CORPUS, short_training
from tiny import tiny_corpus, tiny_recipe
from tiny_images import tiny_images
from transfers import transfer_of

from tdd.distillation.distiller import Distiller
from tdd.errors import UsageError
from tdd.evaluation import transfer
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.evaluation import evaluate
from tdd.evaluation.given import GivenReal
from tdd.evaluation.learner_names import check_learner
from tdd.evaluation.names import SUBJECT
from tdd.evaluation.plain_training import Lesson, samples_or_texts
from tdd.evaluation.rate_search import scaled
from tdd.evaluation.transfer_cells import what_it_is
from tdd.networks.learner import make_learner
from tdd.settings.plain_settings import plain_settings


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


def made(init="random", corpus=CORPUS, **settings):
    recipe = tiny_recipe(n=6, steps=2, outer_steps=6, init=init, max_validation=30, **settings)
    return Distiller(recipe, corpus).run()


# Learned steps


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_the_sets_own_network_is_trained_by_its_own_steps(init):
    distilled = made(init)
    found = transfer_of(distilled).measure("text_cnn", "learned")["learned"][SUBJECT]
    networks = None if init == "fixed" else 3
    assert found["accuracies"] == evaluate(distilled, CORPUS.test, networks, init).accuracies
    assert found["init"] == init and "factor" not in found and found["gradient_steps"] == 2


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_another_network_has_the_rates_times_the_factor_that_is_best_on_held_out_data(init):
    distilled = made(init)
    found = transfer_of(distilled).measure("lstm", "learned")["learned"][SUBJECT]
    reached = {}
    learner = make_learner("lstm", {}, CORPUS.train.space, 3)
    for factor in transfer.FACTORS:
        trainer = transfer.Trainer(
            learner, distilled.recipe, CORPUS, None, transfer.by_inner_loop(learner, False), scaled, [factor]
        )
        reached[factor] = trainer.held_out([distilled], transfer.JUDGES).item()
    assert found["factor"] == max(reached, key=lambda factor: reached[factor])
    expected = evaluate(scaled(distilled, found["factor"]), CORPUS.test, 3, "random", network="lstm")
    assert found["accuracies"] == pytest.approx(expected.accuracies) and found["init"] == "random"


def test_the_steps_of_a_set_that_is_learned_through_plain_training_are_those_that_are_taken():
    recipe = tiny_recipe(n=6, outer_steps=2, init="random", max_validation=30, inner="plain", inner_steps=[2, 7])
    distilled = Distiller(recipe, CORPUS).run()
    found = transfer_of(distilled, networks=1)
    for network in ("text_cnn", "gru"):
        assert found.measure(network, "learned")["learned"][SUBJECT]["gradient_steps"] == 7
    assert Baselines(distilled.recipe, CORPUS, 1, 1).measure("herding")["gradient_steps"] == 7


def test_nothing_chosen_depends_on_the_test_split():
    distilled, other = made(), replace(CORPUS, test=tiny_corpus(3, seed=5).test)
    ours, theirs = (transfer_of(distilled, corpus).measure("gru", "both") for corpus in (CORPUS, other))
    for protocol in ("learned", "plain"):
        one, two = ours[protocol][SUBJECT], theirs[protocol][SUBJECT]
        assert one.get("factor") == two.get("factor") and one["validation_accuracy"] == two["validation_accuracy"]
    assert ours != theirs


# Plain training


@pytest.mark.parametrize("samples", ["free", "words"])
def test_plain_training_is_that_of_the_sets_samples_at_fixed_settings(samples):
    distilled = made(samples=samples)
    found = transfer_of(distilled).measure("mean_pool", "plain")["plain"][SUBJECT]
    learner = make_learner("mean_pool", {}, CORPUS.train.space, 3)
    how = plain_settings("mean_pool")
    trainer = transfer.Trainer(
        learner, distilled.recipe, CORPUS, None, transfer.by_plain_training(learner, 0), Lesson.at, [how.rate]
    )
    expected = trainer.tested([Lesson(samples_or_texts(distilled, CORPUS.train), how)], 3)
    assert found["accuracies"] == expected and found["gradient_steps"] == how.steps
    assert found["words"] == distilled.words and len(found["interval"]) == 2


def test_real_examples_beside_a_set_are_tested_in_the_same_way_over_their_draws():
    distilled = made(samples="words")
    sets = Baselines(distilled.recipe, CORPUS, 2, 1, distilled=distilled).sets
    rows = {name: [GivenReal(real, sets) for real in sets.real(name)] for name in ("random", "herding_teacher")}
    for network in ("gru", "tfidf"):
        found = transfer_of(distilled, rows=rows, networks=4).measure(network, "plain")["plain"]
        assert list(found) == [SUBJECT, "random", "herding_teacher"]
        assert found["random"]["draws"] == 2 and found["random"]["interval_over"] == "draws"
        assert found["random"]["networks"] == (0 if network == "tfidf" else 4)
        assert all(row["words"] <= distilled.words for row in found.values())


def test_how_fresh_networks_are_drawn_is_told_where_it_is_not_usual():
    rows = {}
    for ways in (["xavier_normal"], ["orthogonal", "torch*2"]):
        found = transfer_of(made(samples="words", initialisation=ways), networks=1)
        measured = {network: found.measure(network, "both") for network in ("gru", "tfidf")}
        rows[len(ways)] = [what_it_is(measured, protocol) for protocol in ("learned", "plain")]
        assert "initialisation" not in measured["tfidf"]["plain"][SUBJECT]  # it has no networks
    assert all("of seed 0, drawn by orthogonal, torch*2 as the set's own; ±" in told for told in rows[2])
    assert all("drawn by" not in told for told in rows[1])


def test_images_go_across_networks_of_one_space():
    corpus = tiny_images(side=28)
    recipe = tiny_recipe(network="lenet", n=4, outer_steps=2, init="random", max_length=400)
    distilled = Distiller(recipe, corpus).run()
    found = transfer_of(distilled, corpus, networks=1).measure("convnet", "both")
    assert 0 <= found["learned"][SUBJECT]["mean"] <= 1 and 0 <= found["plain"][SUBJECT]["mean"] <= 1
    with pytest.raises(UsageError, match="gru reads text and the data are images"):
        transfer_of(distilled, corpus).check("gru", "both")
    with pytest.raises(UsageError, match="tfidf reads text and the data are images"):
        transfer_of(distilled, corpus).check("tfidf", "both")


def test_names_that_are_none_are_told_with_the_nearest():
    with pytest.raises(UsageError, match="no network 'grue'; did you mean 'gru'"):
        check_learner("grue")
    with pytest.raises(UsageError, match="did you mean 'tfidf'"):
        check_learner("tfid")
    for name in ("tfidf", "frozen_minilm", "gru", "python:a:B", "hf:a/b"):
        check_learner(name)
