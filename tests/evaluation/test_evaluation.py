"""Evaluating is plain training and plain testing; networks do not depend on their company."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from reference import plain_accuracy
from tiny import tiny_corpus, tiny_recipe
from torch.func import functional_call

from tdd.distillation.accuracy import learner_of
from tdd.distillation.distiller import Distiller
from tdd.errors import UsageError
from tdd.evaluation.evaluation import Evaluation, evaluate

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
    found = evaluate(made, corpus.test, networks=50)
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
    with pytest.raises(UsageError, match="holds no fixed one; use --init random"):
        evaluate(distilled, corpus.test, init="fixed")
    distilled.samples, kept = distilled.samples[..., :-1], distilled.samples
    with pytest.raises(UsageError, match=r"samples are text \(10, 5\) .*, the data give text \(10, 6\) "):
        evaluate(distilled, corpus.test)
    distilled.samples = kept
    other = replace(distilled, source=distilled.source | {"vectors_checksum": "another"})
    with pytest.raises(UsageError, match=r"text \(10, 6\) in the vectors another, .* in the vectors checksum: "):
        evaluate(other, corpus.test)
