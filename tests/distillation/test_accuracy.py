"""Accuracy is what a plain loop finds, to the last example."""

import pytest
import torch
from patches import spy
from reference import plain_accuracy
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation import accuracy
from tdd.networks.initialisation import draw
from tdd.networks.kernels.choice import make_kernel
from tdd.networks.kernels.parameters import unstack
from tdd.networks.registry import build_network
from tdd.system.seeds import generator


@pytest.fixture(scope="module")
def networks():
    """Six networks as they are drawn, and a test split."""
    corpus, recipe = tiny_corpus(), tiny_recipe(init="random")
    network = build_network(recipe, corpus.test.sample_shape, len(corpus.classes)).eval()
    return network, draw(network, [generator(5, i) for i in range(6)]), corpus.test


def test_accuracy_is_that_of_a_plain_loop_to_the_last_example(networks):
    network, stacked, test = networks
    reached = accuracy.accuracy(make_kernel(network, "auto"), stacked, test, torch.device("cpu"))
    for value, theta in zip(reached.tolist(), unstack(stacked), strict=True):
        assert value == plain_accuracy(network, theta, test)


def test_a_split_larger_than_a_batch_is_read_to_its_end(networks, monkeypatch):
    network, stacked, test = networks
    kernel = make_kernel(network, "auto")
    expected = accuracy.accuracy(kernel, stacked, test, torch.device("cpu"))
    assert len(test) < accuracy.TEST_BATCH
    for size in (1, 7, len(test) - 1):
        monkeypatch.setattr(accuracy, "TEST_BATCH", size)
        read = spy(monkeypatch, kernel, "logits")
        assert torch.equal(accuracy.accuracy(kernel, stacked, test, torch.device("cpu")), expected)
        assert len(read) == -(-len(test) // size)
