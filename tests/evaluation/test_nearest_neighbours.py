"""Nearest neighbours are those of a plain loop."""

import pytest
import torch
from patches import spy
from tiny import tiny_corpus, tiny_recipe

from tdd.evaluation.baselines import Baselines
from tdd.evaluation.nearest_neighbours import neighbours_accuracy

CORPUS = tiny_corpus(3)


def test_nearest_neighbours_are_those_of_a_plain_loop(monkeypatch):
    monkeypatch.setattr("tdd.evaluation.nearest_neighbours._BATCH", 7)
    sets = Baselines(tiny_recipe(n=12, steps=2), CORPUS, 3, 7).sets.random[:2]
    read = spy(monkeypatch, type(CORPUS.test), "batch")
    found = neighbours_accuracy(sets, (1, 3), CORPUS.test, len(CORPUS.test))
    assert len(read) == -(-len(CORPUS.test) // 7)
    for one, row in zip(sets, found, strict=True):
        samples, classes = one.samples.flatten(0, 1).flatten(1), one.labels.flatten(0, 1).argmax(1)
        for k, reached in zip((1, 3), row.tolist(), strict=True):
            right = 0
            for batch in CORPUS.test.batches(1):
                near = classes[(samples - batch.inputs()[0].flatten()).norm(dim=1).argsort()[:k]]
                right += int(torch.bincount(near, minlength=3).argmax()) == batch.labels.item()
            assert reached == pytest.approx(right / len(CORPUS.test))
