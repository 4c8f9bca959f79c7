"""How sure a classifier is of examples that it did not learn from, and the examples that are chosen by it."""

from types import SimpleNamespace

import pytest
import torch
from tiny import tiny_corpus

from tdd.data.confidence import FOLDS, confidence
from tdd.data.real_examples import CONFIDENT, confident, herding
from tdd.system.seeds import generator

TRAIN = tiny_corpus(3).train


def heaps(per_class: int = 30, classes: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """Features around one corner for each class, and the classes."""
    labels = torch.arange(per_class * classes) % classes
    return torch.eye(classes)[labels] * 4 + torch.randn(len(labels), classes, generator=generator(5)) * 0.3, labels


def test_what_carries_the_label_of_another_class_is_told_by_the_others():
    features, labels = heaps()
    wrong = torch.tensor([3, 8, 20])
    labels[wrong] = 1 - labels[wrong]
    sure = confidence(features, labels, generator(0))
    assert sure.shape == labels.shape and sure[wrong].max() < 0.5
    assert sure[~torch.isin(torch.arange(len(labels)), wrong)].min() > 0.5


def test_nothing_is_learned_from_an_example_itself():
    # By itself each could be told by a feature of its own.
    labels = torch.arange(40) % 2
    sure = confidence(torch.eye(40), labels, generator(0))
    assert (sure - 0.5).abs().max() < 0.1


def test_the_scale_of_the_features_does_not_count():
    features, labels = heaps()
    torch.testing.assert_close(
        confidence(features * 1000, labels, generator(0)), confidence(features, labels, generator(0)), rtol=0, atol=1e-4
    )


@pytest.mark.parametrize("members", [1, 2, FOLDS])
def test_a_class_of_few_members_is_no_fault(members):
    features, labels = heaps()
    labels[:members] = 2
    sure = confidence(features, labels, generator(0))
    assert sure.isfinite().all() and ((sure >= 0) & (sure <= 1)).all()
    if members == 1:
        assert sure[0] == 0  # the others know no such class


def test_where_the_others_are_of_one_class_that_one_is_sure():
    features = torch.tensor([[0.0], [0.0], [1.0]])
    found = confidence(features, torch.tensor([0, 0, 1]), generator(0))
    assert found[2] == 0 and 0.4 < found[0] < 1 and 0.4 < found[1] < 1


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12])
def test_the_confident_are_herded_among_the_surest_of_each_class(n):
    found = confident(TRAIN, n, 3, generator(4))
    assert TRAIN.labels[found].tolist() == [i % 3 for i in range(n)] and len(set(found.tolist())) == n
    own = confidence(TRAIN.features(torch.arange(len(TRAIN))), TRAIN.labels, generator(4))
    sure = torch.zeros(len(TRAIN), dtype=torch.bool)
    for label in range(3):
        members = (TRAIN.labels == label).nonzero()[:, 0]
        count = max(round(CONFIDENT * len(members)), -(-(n - label) // 3))
        sure[members[own[members].argsort(descending=True, stable=True)[:count]]] = True
    assert found.tolist() == herding(TRAIN, n, 3, None, sure).tolist()


def test_those_left_out_are_not_chosen():
    among = torch.arange(len(TRAIN)) % 2 == 0
    assert among[confident(TRAIN, 6, 3, generator(0), among=among)].all()


def test_a_class_with_fewer_examples_than_samples_has_them_again():
    features, _ = heaps()
    labels = torch.zeros(len(features), dtype=torch.int64)
    labels[[4, 9]] = 1
    found = confident(SimpleNamespace(labels=labels), 8, 2, generator(0), features.__getitem__, labels >= 0)
    assert set(found[1::2].tolist()) == {4, 9} and len(set(found[0::2].tolist())) == 4
