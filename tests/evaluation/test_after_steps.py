"""Accuracy after each inner step is that of a network trained by so many of them."""

from dataclasses import replace

import pytest
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.accuracy import counts_of, inner_loop
from tdd.distillation.distiller import Distiller
from tdd.distillation.unroll import train
from tdd.evaluation.after_steps import accuracy_after_steps
from tdd.evaluation.predictor import trained_on
from tdd.system.memory import CPU

CORPUS = tiny_corpus()


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_it_begins_before_the_first_step_and_ends_with_the_trained_network(momentum):
    recipe = tiny_recipe(epochs=2, momentum=momentum)
    distilled = Distiller(recipe, CORPUS).run()
    found = accuracy_after_steps(distilled, CORPUS.validation)
    steps = recipe.epochs * len(distilled.samples)
    assert list(found) == list(range(steps + 1))
    learner, theta = trained_on(distilled)
    kernel, start = learner.kernel(), learner.theta_of(distilled.initialisation)
    assert found[0] == counts_of(kernel, start, CORPUS.validation, CPU).accuracy()[0].item()
    assert found[steps] == counts_of(kernel, theta, CORPUS.validation, CPU).accuracy()[0].item()
    inner = inner_loop(distilled, CPU)
    one = train(kernel, start, replace(inner, learning_rates=inner.learning_rates[:1]))
    assert found[1] == counts_of(kernel, one, CORPUS.validation, CPU).accuracy()[0].item()


def test_of_very_many_steps_some_are_left_out_but_not_the_last():
    distilled = Distiller(tiny_recipe(epochs=45), CORPUS).best()
    found = list(accuracy_after_steps(distilled, CORPUS.validation, most=20))
    assert len(found) <= 61 and found[0] == 0 and found[-1] == 45 * len(distilled.samples)
