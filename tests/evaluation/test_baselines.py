"""Baselines are made of real examples, trained as the set they stand beside, and chosen on held-out data alone."""

from dataclasses import replace

import pytest
import torch
from plain import short_training
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import LENGTH as PIECES
from tiny_encoders import tiny_encoder, tiny_text_corpus
from tiny_images import tiny_images

from tdd.data.real_examples import class_means
from tdd.data.text import TextSplit
from tdd.distillation.accuracy import counts_of
from tdd.distillation.distiller import Distiller
from tdd.distillation.samples.start import first_rates
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.evaluation import evaluate
from tdd.evaluation.names import MEASURED, PLAIN, REAL, choice_and_labels
from tdd.evaluation.plain_training import Lesson, train_plainly
from tdd.evaluation.rate_search import LEAST_NETWORKS, RATES, choose, with_rate
from tdd.networks.kernels.parameters import unstack
from tdd.settings.plain_settings import plain_settings
from tdd.settings.recipe import Recipe

CORPUS = tiny_corpus(3)
SETTINGS = {"n": 12, "steps": 2, "epochs": 2, "outer_steps": 10, "full_epochs": 1, "validation_networks": 2}
QUICK = [name for name in MEASURED if name != "full"]


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


def baselines(corpus=CORPUS, draws=3, networks=7, **settings):
    return Baselines(tiny_recipe(**(SETTINGS | settings)), corpus, draws, networks)


def places_in(split, samples):
    """Which of the split's examples each sample is."""
    known = {split.batch(torch.tensor([place])).inputs()[0].numpy().tobytes(): place for place in range(len(split))}
    return [known[sample.numpy().tobytes()] for sample in samples]


# The sets


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_every_real_sample_bears_the_label_it_has_in_the_data(steps):
    for each in baselines(steps=steps).sets.random:
        assert each.samples.shape[:2] == each.labels.shape[:2] == (steps, 12 // steps)
        places = places_in(CORPUS.train, each.samples.flatten(0, 1))
        assert each.labels.flatten(0, 1).argmax(1).tolist() == CORPUS.train.labels[places].tolist()
        assert each.labels.flatten(0, 1).sort(1).values.tolist() == [[0, 0, 1]] * 12
        assert len(set(places)) == 12


def test_centroids_bear_the_label_of_the_class_they_are_of():
    means = class_means(CORPUS.train, 3, 3)
    for each in baselines(n=6, steps=2).sets.kmeans:
        for sample, label in zip(each.samples.flatten(0, 1), each.labels.flatten(0, 1).argmax(1).tolist(), strict=True):
            assert (sample - means).flatten(1).norm(dim=1).argmin().item() == label


def test_fewer_samples_than_classes_are_of_the_most_frequent_classes(monkeypatch):
    few = baselines(n=2, steps=1)
    labels = CORPUS.train.labels.clone()
    labels[(labels == 0).nonzero()[5:, 0]] = 2
    monkeypatch.setattr(CORPUS.train, "labels", labels)
    assert labels.bincount().argsort(descending=True).tolist() == [2, 1, 0]
    places = places_in(CORPUS.train, few.sets.random[0].samples.flatten(0, 1))
    assert labels[places].tolist() == few.sets.random[0].labels[0].argmax(1).tolist() == [2, 1]
    assert labels[few.sets.places("herding")[0]].tolist() == labels[few.sets.places("confident")[0]].tolist() == [2, 1]
    assert all(0 <= few.measure(name)["mean"] <= 1 for name in QUICK)


# How they are trained and chosen


def test_a_fixed_initialisation_is_that_which_the_set_is_distilled_for():
    theirs = Distiller(tiny_recipe(**SETTINGS), CORPUS).best().initialisation
    ours = baselines().initialisation
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)


@pytest.mark.parametrize("init", ["fixed", "random"])
@pytest.mark.parametrize("at_once", [1, 4, 16])
def test_held_out_accuracies_are_those_of_each_set_trained_by_itself(init, at_once):
    made = baselines(init=init, networks_at_once=at_once)
    found = made.trainer.held_out(made.sets.random)
    assert found.shape == (3, len(RATES))
    starts = [made.initialisation]
    if init == "random":
        starts = unstack(made.trainer.learner.starts(0, "validation", indices=range(-(-LEAST_NETWORKS // 3))))
    for row, column in ((0, 2), (2, 5), (1, 7)):
        one = with_rate(made.sets.random[row], RATES[column])
        assert one.learning_rates[0].tolist() == pytest.approx([RATES[column]] * 4)
        each = [evaluate(replace(one, initialisation=start), CORPUS.validation, init="fixed").mean for start in starts]
        expected = sum(each) / len(each)
        assert found[row, column].item() == pytest.approx(expected, abs=1.01 / len(CORPUS.validation))


@pytest.mark.parametrize("networks, sets, tested", [(7, 1, 7), (6, 3, 6), (7, 3, 9), (1, 3, 3)])
def test_fresh_networks_are_those_of_an_evaluation_shared_out_over_the_sets(networks, sets, tested):
    made = baselines(init="random", networks_at_once=4)
    chosen = [with_rate(one, 0.3) for one in made.sets.random[:sets]]
    found = made.trainer.tested(chosen, networks)
    expected = [
        evaluate(one, CORPUS.test, tested, "random").accuracies[place::sets] for place, one in enumerate(chosen)
    ]
    assert found == pytest.approx([reached for part in expected for reached in part], abs=1.01 / len(CORPUS.test))


def test_a_network_that_diverged_counts_as_wrong_throughout():
    made = baselines()
    assert made.trainer.tested([with_rate(made.sets.random[0], 1e30)], 1) == [0.0]


def test_the_setting_is_best_for_the_sets_that_are_kept():
    held_out = torch.tensor([[0.5, 0.9, 0.1], [0.6, 0.2, 0.1], [0.7, 0.2, 0.1], [0.4, 0.8, 0.1]])
    assert choose(held_out, 4) == (0, [0, 1, 2, 3])
    assert choose(held_out, 2) == (1, [0, 3])
    assert choose(held_out[:, :1], 1) == (0, [2])


def test_choices_do_not_depend_on_the_test_split():
    other = replace(CORPUS, test=tiny_corpus(3, seed=5).test)
    chosen = ("learning_rate", "neighbours", "validation_accuracy", "draws")
    ours, theirs = baselines(draws=5), baselines(other, draws=5)
    moved = 0
    for name in QUICK:
        one, two = ours.measure(name), theirs.measure(name)
        assert {key: one[key] for key in chosen if key in one} == {key: two[key] for key in chosen if key in two}
        moved += one["mean"] != two["mean"]
    assert moved > 4


def test_the_test_split_is_read_once_a_baseline(monkeypatch):
    read = []
    batches = TextSplit.batches
    monkeypatch.setattr(
        TextSplit, "batches", lambda self, *rest: read.append(self is CORPUS.test) or batches(self, *rest)
    )
    made = baselines(networks_at_once=1000)
    for count, name in enumerate(QUICK, 1):
        made.measure(name)
        assert sum(read) == count
        assert read[-1] and len(read) > count


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_results_say_what_was_measured_and_over_what(init):
    made = baselines(init=init, draws=5)
    for name in QUICK:
        found = made.measure(name)
        values = torch.tensor(found["accuracies"], dtype=torch.float64)
        assert found["mean"] == pytest.approx(values.mean().item())
        assert found["sd"] == pytest.approx(values.std().item() if len(values) > 1 else 0)
        real = choice_and_labels(name.removesuffix(PLAIN))
        several = real[0] in ("random", "nearest") or name in ("kmeans", "knn_random", "knn_kmeans")
        expected = 2 if name.endswith(PLAIN) else 5
        assert found["draws"] == (3 if name == "label_only" else expected if several else 1)
        over = ["networks"] * (init == "random" and "knn" not in name) + ["draws"] * (found["draws"] > 1)
        assert found["sd_over"] == " and ".join(over)
        if "knn" in name:
            assert found["networks"] == 0 and "gradient_steps" not in found
        else:
            asked = 3 if name.endswith(PLAIN) else 7
            fresh = -(-asked // found["draws"]) * found["draws"]  # each draw has as many
            assert found["networks"] == (fresh if init == "random" else found["draws"])
            assert found["gradient_steps"] == (8 if name.endswith(PLAIN) else 4) and found["init"] == init
            assert found["train_seconds"] >= 0
        if name.removesuffix(PLAIN) in REAL:
            assert found["words"] > 12 and ("teacher" in found) == (real[1] != "hard")
        elif name == "optimised":
            (best,) = choose(made.trainer.held_out(made.sets.random), 1)[1]
            assert found["words"] == made.sets.real("random")[best].words(CORPUS.train)


def test_labels_and_rates_are_learned_for_real_samples_that_stay(monkeypatch):
    made = baselines(labels="hard", learning_rate=0.4, labels_lr=0.2)
    tested = []
    monkeypatch.setattr(made.trainer, "tested", lambda sets, networks: tested.extend(sets) or [0.5] * len(sets))
    made.measure("label_only")
    pairs = list(zip(made.sets.random, tested, strict=True))
    assert all(torch.equal(fitted.samples, start.samples) for start, fitted in pairs)
    assert any(not torch.equal(fitted.labels, start.labels) for start, fitted in pairs)
    assert any(fitted.learning_rates.sub(0.4).abs().max() > 1e-3 for fitted in tested)


def test_labels_are_learned_through_plain_training_by_its_own_step_size(monkeypatch):
    plain = {"init": "random", "inner": "plain", "inner_steps": [4, 8], "window": 2}
    made = Baselines(tiny_recipe(n=6, **plain), CORPUS, 3, 2)
    tested = []
    monkeypatch.setattr(made.trainer, "tested", lambda sets, networks: tested.extend(sets) or [0.5] * len(sets))
    made.measure("label_only")
    assert len(tested) == 3
    for fitted in tested:
        assert torch.allclose(fitted.learning_rates, first_rates(made.recipe, CORPUS))


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_a_baseline_trained_plainly_is_that_plain_training(init):
    made = baselines(init=init, networks=2)
    found = made.measure("herding_plain")
    (real,) = made.sets.real("herding")
    rate = found["learning_rate"]
    usual = plain_settings("text_cnn").rate
    assert rate in (pytest.approx(usual), pytest.approx(3 * usual))
    lesson = Lesson(real.examples(CORPUS.train), replace(plain_settings("text_cnn"), rate=rate))
    kernel, learner = made.learner.kernel(), made.learner
    indices = (0,) if init == "fixed" else (0, 1)
    own = made.initialisation
    start = learner.theta_of(own) if init == "fixed" else learner.starts(0, "evaluation", indices=indices)
    theta = train_plainly(kernel, start, lesson, 0, indices)
    expected = counts_of(kernel, theta, CORPUS.test, learner.device).accuracy().tolist()
    assert found["accuracies"] == pytest.approx(expected)


def test_the_set_beside_them_is_trained_in_the_same_way():
    settings = SETTINGS | {"samples": "words", "padding": "end"}
    distilled = Distiller(tiny_recipe(**settings), CORPUS).run()
    made = Baselines(distilled.recipe, CORPUS, 2, 2, distilled.initialisation, distilled=distilled)
    found = made.measure("set_plain")
    assert found["words"] == distilled.words and found["gradient_steps"] == 8
    assert made.sets.words == distilled.words
    assert made.measure("random")["words"] <= distilled.words


@pytest.mark.parametrize("network", ["encoder", "lstm", "lenet", "convnet"])
def test_every_kind_of_network_is_trained_plainly_with_a_teachers_labels(network):
    if network == "encoder":
        corpus, options = tiny_text_corpus(), {"train": "last:1"}
        recipe = Recipe(network=tiny_encoder(), max_length=PIECES - 2, n=4, init="random", options=options)
    elif network == "lstm":
        corpus, recipe = CORPUS, tiny_recipe(n=4, network="lstm", hidden=4)
    else:
        corpus = tiny_images(side=28 if network == "lenet" else 8)
        recipe = Recipe(network=network, n=4, options={"filters": 4} if network == "convnet" else {})
    found = Baselines(recipe, corpus, 2, 2).measure("herding_ensemble_plain")
    assert 0 <= found["mean"] <= 1 and found["networks"] == (2 if network == "encoder" else 1)
