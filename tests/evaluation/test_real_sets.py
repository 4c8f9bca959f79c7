"""Real examples are chosen, cut to the words of a set, and labelled by teachers that were stopped early."""

import pytest
import torch
from learners import starts_of
from plain import CORPUS, TRAIN, short_training
from tiny import tiny_recipe
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from tdd.data.labelled_examples import inputs_at
from tdd.data.real_examples import herding, k_center, nearest_to_centroids
from tdd.evaluation import teachers
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.names import BY_VECTORS, CHOICES, RANDOM, REAL, choice_and_labels
from tdd.system.seeds import generator


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


def made(words=None, draws=3, **settings):
    recipe = tiny_recipe(**{"n": 12, "steps": 2, "validation_networks": 2, "dropout": 0.0} | settings)
    return Baselines(recipe, CORPUS, draws, 4, words=words)


def test_names_are_a_choice_and_labels():
    assert len(REAL) == 27
    assert choice_and_labels("k_center_minilm_teacher") == ("k_center_minilm", "teacher")
    assert choice_and_labels("k_center_teacher") == ("k_center", "teacher")
    assert choice_and_labels("random") == ("random", "hard")
    assert all(choice_and_labels(name)[0] in CHOICES for name in REAL)


@pytest.mark.parametrize("choice", [RANDOM, *BY_VECTORS])
def test_sample_i_is_of_class_i_mod_c_and_none_is_there_twice(choice):
    sets = made().sets
    assert len(sets.places(choice)) == (3 if choice in ("random", "nearest") else 1)
    for places in sets.places(choice):
        assert TRAIN.labels[places].tolist() == [0, 1, 2] * 4 and len(set(places.tolist())) == 12


def test_those_nearest_to_the_centroids_of_a_class_are():
    features = torch.zeros(len(TRAIN), 2)
    members = torch.arange(len(TRAIN))[TRAIN.labels == 0]
    features[members[::2]] = torch.tensor([10.0, 0.0]) + torch.rand(len(members[::2]), 2, generator=generator(0))
    features[members[3]], features[members[4]] = torch.tensor([0.01, 0.0]), torch.tensor([10.5, 0.5])
    others = [place for place in members.tolist() if place % 2 and place != members[3]]
    features[others] = torch.tensor([0.01, 0.0]) + torch.randn(len(others), 2, generator=generator(1)) * 0.5
    chosen = nearest_to_centroids(TRAIN, 6, 3, generator(2), lambda places: features[places].clone())[::3]
    near = features[chosen]
    assert sorted(near[:, 0].gt(5).tolist()) == [False, True]  # one of each heap
    for row, place in zip(near, chosen, strict=True):
        heap = members[(features[members][:, 0] > 5) == (row[0] > 5)]
        distances = (features[heap] - features[heap].mean(0)).norm(dim=1)
        assert heap[distances.argmin()] == place


@pytest.mark.parametrize("choose", [herding, k_center])
def test_other_features_choose_other_examples(choose):
    other = torch.randn(len(TRAIN), 3, generator=generator(0))
    assert not torch.equal(choose(TRAIN, 12, 3), choose(TRAIN, 12, 3, lambda places: other[places]))
    assert torch.equal(choose(TRAIN, 12, 3), choose(TRAIN, 12, 3, TRAIN.features))


@pytest.mark.parametrize("words", [12, 40, 61, 10**6])
def test_texts_have_no_more_words_than_the_set_and_as_many_as_fit(words):
    sets = made(words).sets
    for name in ("random", "herding", "k_center", "nearest"):
        for real in sets.real(name):
            assert real.words(TRAIN) <= words
            lengths = TRAIN.lengths[real.places]
            assert real.words(TRAIN) == lengths.clamp(max=real.most).sum()
            if real.most < lengths.max():
                assert lengths.clamp(max=real.most + 1).sum() > words
            as_steps = sets.by_steps(real)
            assert as_steps.mask.sum() == real.words(TRAIN)
            x, _ = inputs_at(real.examples(TRAIN), torch.arange(12))
            assert torch.equal(as_steps.samples.flatten(0, 1), x)


# Teachers


def test_a_teacher_is_the_network_after_some_epochs_of_all_the_data_at_a_temperature(monkeypatch):
    baselines = made(full_batch_size=16)
    teacher, places = baselines.sets.teachers, torch.tensor([7, 3, 99])
    network = baselines.learner.module
    x = inputs_at(TRAIN, torch.arange(len(TRAIN)))[0]
    each = []
    for index in range(2):
        start = starts_of(network, [generator(0, "teacher", index)])
        theta = {name: value[0].requires_grad_() for name, value in start.items()}
        optimiser = torch.optim.Adam(theta.values(), lr=0.001)
        reached = []
        for epoch in (1, 2):
            for chosen in torch.randperm(120, generator=generator(0, "teacher", "order", epoch)).split(16):
                optimiser.zero_grad()
                cross_entropy(functional_call(network, theta, (x[chosen],)), TRAIN.labels[chosen]).backward()
                optimiser.step()
            reached.append(functional_call(network, theta, (x[places],)).detach())
        each.append(reached)
    for epoch in (1, 2):
        for temperature in (1.0, 2.0):
            monkeypatch.setitem(vars(teacher), "chosen", {"epoch": epoch, "temperature": temperature})
            expected = torch.stack([(one[epoch - 1] / temperature).softmax(1) for one in each])
            torch.testing.assert_close(teacher.labels(places, "teacher"), expected[0], rtol=1e-3, atol=1e-4)
            torch.testing.assert_close(teacher.labels(places, "ensemble"), expected.mean(0), rtol=1e-3, atol=1e-4)


def test_epoch_and_temperature_are_those_whose_students_are_best_on_held_out_data(monkeypatch):
    baselines = made()
    teacher, asked = baselines.sets.teachers, []

    def taught(places, labels):
        assert torch.equal(places, baselines.sets.places("herding")[0])
        asked.extend(labels)
        return torch.tensor([0.1, 0.2, 0.9, 0.3])

    monkeypatch.setattr(teacher, "taught", taught)
    assert {key: teacher.chosen[key] for key in ("epoch", "temperature")} == {"epoch": 2, "temperature": 1.0}
    assert len(asked) == len(teachers.EPOCHS) * len(teachers.TEMPERATURES)
    assert torch.equal(asked[2], teacher.labels(baselines.sets.places("herding")[0], "teacher"))
    assert 0 < teacher.chosen["accuracy"] <= 1


def test_students_learn_plainly_from_the_labels_they_are_given():
    baselines = made(init="random")
    places = baselines.sets.places("herding")[0]
    right = torch.nn.functional.one_hot(TRAIN.labels[places], 3).float()
    found = baselines.sets.teachers.taught(places, [right, right.roll(1, 1), torch.full((12, 3), 1 / 3)])
    assert found.shape == (3,) and found[0] > found[1]
