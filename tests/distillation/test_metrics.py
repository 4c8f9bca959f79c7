"""Figures of predictions are those of scikit-learn, class by class and group by group."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score

from tdd.distillation.metrics import Counts

CPU = torch.device("cpu")


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), networks=st.integers(1, 3), classes=st.integers(2, 6), size=st.integers(1, 40))
def test_figures_are_those_of_scikit_learn(seed: int, networks: int, classes: int, size: int):
    g = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, (size,), generator=g)
    guesses = torch.randint(0, classes, (networks, size), generator=g)
    groups = torch.randint(0, 2, (size,), generator=g)
    counts = Counts.none(networks, 2, classes, CPU)
    for part in torch.arange(size).split(7):
        counts.add(guesses[:, part], labels[part], groups[part])
    every = {"labels": list(range(classes)), "zero_division": 0}
    present = labels.unique().tolist()
    for k in range(networks):
        true, found = labels.numpy(), guesses[k].numpy()
        assert counts.accuracy()[k].item() == pytest.approx(accuracy_score(true, found))
        np.testing.assert_allclose(counts.precision()[k], precision_score(true, found, average=None, **every))
        np.testing.assert_allclose(counts.recall()[k], recall_score(true, found, average=None, **every))
        f1 = f1_score(true, found, labels=present, average="macro", zero_division=0)
        assert counts.macro_f1()[k].item() == pytest.approx(f1)
        for group in (0, 1):
            mine = (groups == group).numpy()
            if mine.any():
                expected = accuracy_score(true[mine], found[mine])
                assert counts.group(group).accuracy()[k].item() == pytest.approx(expected)
    whole = sum(confusion_matrix(labels, guess, labels=range(classes)) for guess in guesses)
    assert counts.confusion.long().tolist() == whole.tolist()


def test_a_class_that_does_not_occur_is_no_part_of_macro_f1():
    counts = Counts.none(1, 1, 3, CPU)
    counts.add(torch.tensor([[0, 1]]), torch.tensor([0, 1]), torch.tensor([0, 0]))
    assert counts.score("macro_f1").tolist() == [1.0]
    assert counts.score("accuracy").tolist() == [1.0]
