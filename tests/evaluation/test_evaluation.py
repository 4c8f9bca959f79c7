"""Evaluating is plain training and plain testing; networks do not depend on their company."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from reference import plain_accuracy
from tiny import tiny_corpus, tiny_recipe
from torch.func import functional_call

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distillation.learner_of_set import learner_of
from tdd.errors import UsageError
from tdd.evaluation.evaluation import Evaluation, evaluate
from tdd.settings.recipe import Recipe

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def corpus():
    return tiny_corpus()


@pytest.fixture(scope="module")
def distilled(corpus):
    return Distiller(tiny_recipe(init="random", outer_steps=30, epochs=2), corpus).run()


def with_at_once(distilled, count):
    distilled.recipe = distilled.recipe.model_copy(update={"networks_at_once": count})
    return distilled


def plainly_trained(distilled, theta):
    """One network after plain gradient descent on the set, by automatic differentiation."""
    network = learner_of(distilled, None, CPU).module
    momentum = 0 if distilled.momentum is None else distilled.momentum
    velocity = {name: torch.zeros_like(value) for name, value in theta.items()}
    for t, rate in enumerate(distilled.learning_rates[0]):
        step = t % len(distilled.samples)
        theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
        logits = functional_call(network, theta, (distilled.samples[step],))
        loss = -(distilled.labels[step] * F.log_softmax(logits, 1)).sum(1).mean()
        gradients = torch.autograd.grad(loss, list(theta.values()))
        velocity = {name: momentum * velocity[name] + g for name, g in zip(theta, gradients, strict=True)}
        theta = {name: value - rate * velocity[name] for name, value in theta.items()}
    return network, theta


@pytest.mark.parametrize("momentum", [None, 0.9])
def test_evaluating_is_plain_training_on_the_set_and_plain_testing(distilled, corpus, momentum):
    distilled = replace(distilled, momentum=None if momentum is None else torch.tensor(momentum))
    found = evaluate(distilled, corpus.test, networks=3, seed=7)
    learner = learner_of(distilled, None, CPU)
    for i, reached in enumerate(found.accuracies):
        start = {name: value[0] for name, value in learner.starts(7, "evaluation", indices=[i]).items()}
        network, theta = plainly_trained(distilled, start)
        # Rounding may tip one sentence that lies between the classes.
        assert reached == pytest.approx(plain_accuracy(network, theta, corpus.test), abs=1.01 / len(corpus.test))


def test_a_fixed_initialisation_is_a_single_network_kept_with_the_set(corpus):
    made = Distiller(tiny_recipe(), corpus).run()
    found = evaluate(made, corpus.test)
    assert (found.init, len(found.accuracies), found.sd) == ("fixed", 1, 0.0)
    network, theta = plainly_trained(made, made.initialisation)
    assert found.mean == pytest.approx(plain_accuracy(network, theta, corpus.test), abs=1.01 / len(corpus.test))
    assert evaluate(made, corpus.test, networks=3, init="random").init == "random"


def test_a_network_is_the_same_whatever_the_number_of_networks(distilled, corpus):
    alone = with_at_once(distilled, 1)
    five = evaluate(alone, corpus.test, networks=5).accuracies
    assert evaluate(alone, corpus.test, networks=3).accuracies == five[:3]
    assert evaluate(alone, corpus.test, networks=1).accuracies == five[:1]
    assert len(set(evaluate(alone, corpus.test, networks=8).accuracies)) > 1
    assert evaluate(alone, corpus.test, networks=5, seed=1).accuracies != five


@pytest.mark.parametrize("at_once", [2, 3, 7, 16])
def test_networks_at_once_change_nothing_but_rounding(distilled, corpus, at_once):
    alone = evaluate(with_at_once(distilled, 1), corpus.test, networks=7).accuracies
    together = evaluate(with_at_once(distilled, at_once), corpus.test, networks=7).accuracies
    assert together == pytest.approx(alone, abs=1.01 / len(corpus.test))


def test_the_deviation_is_that_of_a_sample():
    found = Evaluation("random", [0.5, 0.7, 0.9], 10, 10)
    assert found.mean == pytest.approx(0.7)
    assert found.sd == pytest.approx(0.2)  # n - 1; with n it would be 0.163
    assert Evaluation("random", [0.5], 10, 10).sd == 0.0
    assert found.as_dict()["networks"] == 3


def test_a_part_is_reported_as_a_part(distilled, corpus):
    for asked, examples in ((10, 10), (60, 60), (10**6, 60), (None, 60)):
        found = evaluate(distilled, corpus.test, 2, max_test=asked)
        assert (found.examples, found.of) == (examples, 60)
        assert all(round(value * examples, 9) == int(round(value * examples, 9)) for value in found.accuracies)


def test_progress_is_told_group_by_group(distilled, corpus):
    told = []
    found = evaluate(with_at_once(distilled, 2), corpus.test, 5, on_progress=told.append)
    assert [len(each.accuracies) for each in told] == [2, 4, 5]
    assert told[-1].accuracies == found.accuracies


def test_what_does_not_fit_is_refused(distilled, corpus):
    with pytest.raises(UsageError, match="holds no fixed one; test it by init random"):
        evaluate(distilled, corpus.test, init="fixed")
    distilled.samples, kept = distilled.samples[..., :-1], distilled.samples
    with pytest.raises(UsageError, match=r"samples are text \(10, 5\) .*, the data give text \(10, 6\) "):
        evaluate(distilled, corpus.test)
    distilled.samples = kept
    other = replace(distilled, source=distilled.source | {"vectors_checksum": "another"})
    with pytest.raises(UsageError, match=r"text \(10, 6\) in the vectors another, .* in the vectors checksum: "):
        evaluate(other, corpus.test)


NOT_A_COUNT = "is a whole number of at least 1, not"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"init": "rand"}, "init is 'fixed' or 'random', not 'rand'"),
        ({"init": ""}, "init is 'fixed' or 'random', not ''"),
        ({"networks": 0}, f"networks {NOT_A_COUNT} 0"),
        ({"networks": -1}, f"networks {NOT_A_COUNT} -1"),
        ({"networks": 2.0}, f"networks {NOT_A_COUNT} 2.0"),
        ({"networks": True}, f"networks {NOT_A_COUNT} True"),
        ({"max_test": 0}, f"max_test {NOT_A_COUNT} 0"),
        (
            {"network": 3},
            "network takes a torch.nn.Module, as in network=Net(...), or a name, python:module:Class, not 3",
        ),
        (
            {"network": "tfidf"},
            "network is a single network: test on others by tdd.transfer(distilled, corpus, ['tfidf'])",
        ),
        (
            {"network": ["gru", "lstm"]},
            "network is a single network: test on others by tdd.transfer(distilled, corpus, ['gru', 'lstm'])",
        ),
        (
            {"distilled": "runs/x"},
            "distilled is a DistilledSet, not a str: pass tdd.DistilledSet.from_pretrained(FOLDER)",
        ),
        ({"test": tiny_corpus()}, "test is a split of real examples, not a Corpus: pass corpus.test"),
    ],
)
def test_an_argument_that_means_nothing_is_refused_in_a_line(distilled, corpus, arguments, told):
    with pytest.raises(UsageError) as caught:
        evaluate(**({"distilled": distilled, "test": corpus.test} | arguments))
    assert str(caught.value) == told


def test_several_networks_are_refused_where_the_initialisation_is_a_single_one(corpus):
    made = Distiller(tiny_recipe(), corpus).best()
    assert len(evaluate(made, corpus.test, networks=1).accuracies) == 1
    with pytest.raises(UsageError, match="a fixed initialisation is a single one: use init='random'"):
        evaluate(made, corpus.test, networks=5)


def test_another_network_on_a_fixed_set_is_to_start_from_others(corpus):
    made = Distiller(tiny_recipe(), corpus).best()
    with pytest.raises(UsageError) as caught:
        evaluate(made, corpus.test, network="mean_pool")
    told = "the set's initialisation is one of text_cnn: test mean_pool from others, with init='random'"
    assert str(caught.value) == told
    assert evaluate(made, corpus.test, 2, "random", network="mean_pool").accuracies


def test_a_set_is_tested_on_the_classes_that_it_tells_apart_alone(distilled):
    three, other = tiny_corpus(3).test, tiny_corpus().test
    with pytest.raises(UsageError, match="the set tells 2 classes apart, and the data hold a label 2"):
        evaluate(distilled, three)
    other.classes = ["neg", "pos"]
    with pytest.raises(UsageError, match="the set tells class 0, class 1 apart, the data hold neg, pos"):
        evaluate(distilled, other)
    other.classes = ["class 0", "class 1"]
    assert evaluate(distilled, other, 2).accuracies


def test_the_splits_of_a_corpus_know_their_classes(given):
    data, vectors = given
    for recipe in (Recipe(dataset=str(data), vectors=str(vectors)), Recipe(dataset="digits", network="lenet")):
        corpus = load_corpus(recipe)
        assert corpus.train.classes == corpus.validation.classes == corpus.test.classes == corpus.classes
