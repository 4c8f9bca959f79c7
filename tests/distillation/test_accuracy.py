"""Accuracy is what a plain loop finds, to the last example."""

import pytest
import torch
from patches import spy
from reference import plain_accuracy
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation import accuracy
from tdd.networks.kernels.parameters import unstack
from tdd.networks.learner import make_learner


@pytest.fixture(scope="module")
def networks():
    """Six networks as they are drawn, and a test split."""
    corpus, recipe = tiny_corpus(), tiny_recipe(init="random")
    learner = make_learner(recipe.network, recipe.options, corpus.test.space, len(corpus.classes))
    return learner, learner.starts(5, indices=range(6)), corpus.test


def test_accuracy_is_that_of_a_plain_loop_to_the_last_example(networks):
    learner, stacked, test = networks
    reached = accuracy.counts_of(learner.kernel(), stacked, test, torch.device("cpu")).accuracy()
    for value, theta in zip(reached.tolist(), unstack(stacked), strict=True):
        assert value == plain_accuracy(learner.module, theta, test)


def test_what_a_network_gives_that_exploded_is_no_class(networks):
    learner, stacked, test = networks
    kernel = learner.kernel()
    exploded = {name: value.clone() for name, value in stacked.items()}
    for value in exploded.values():
        value[2] = float("nan")
    found, plain = (accuracy.counts_of(kernel, each, test, torch.device("cpu")) for each in (exploded, stacked))
    others = [0, 1, 3, 4, 5]
    assert found.accuracy()[2] == 0 and torch.equal(found.accuracy()[others], plain.accuracy()[others])
    assert not found.predicted[2].any() and found.macro_f1()[2] == 0
    assert found.confusion.sum() == 5 * len(test) and torch.equal(found.actual, plain.actual)


def test_a_split_larger_than_a_batch_is_read_to_its_end(networks, monkeypatch):
    learner, stacked, test = networks
    kernel = learner.kernel()
    expected = accuracy.counts_of(kernel, stacked, test, torch.device("cpu")).accuracy()
    assert len(test) < accuracy.TEST_BATCH
    for size in (1, 7, len(test) - 1):
        monkeypatch.setattr(accuracy, "TEST_BATCH", size)
        read = spy(monkeypatch, kernel, "logits")
        assert torch.equal(accuracy.counts_of(kernel, stacked, test, torch.device("cpu")).accuracy(), expected)
        assert len(read) == -(-len(test) // size)
