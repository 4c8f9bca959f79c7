"""Real examples are trained on until nothing is gained on held-out data, with their own labels or a teacher's."""

import pytest
import torch
from learners import starts_of
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import LENGTH, tiny_encoder, tiny_text_corpus
from tiny_images import tiny_images
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from tdd.data.real_examples import inputs_at
from tdd.distillation.accuracy import counts_of
from tdd.evaluation import convergence
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.convergence import Lesson, teachers_labels
from tdd.settings import full
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

CORPUS = tiny_corpus(3)
KINDS = ["random_converged", "herding_converged", "k_center_converged", "herding_teacher"]


@pytest.fixture(autouse=True)
def short(monkeypatch):
    for name, value in (("EPOCHS", 12), ("PATIENCE", 6), ("EVERY", 3), ("BATCH", 8), ("DRAWS", 2), ("NETWORKS", 3)):
        monkeypatch.setattr(convergence, name, value)


def made(corpus=CORPUS, draws=3, networks=7, **settings):
    return Baselines(tiny_recipe(**{"n": 12, "steps": 2, "validation_networks": 2} | settings), corpus, draws, networks)


def heard(baselines, monkeypatch):
    """The lessons that are tested."""
    lessons = []
    tested = baselines.converged.tested
    monkeypatch.setattr(
        baselines.converged, "tested", lambda sets, networks: lessons.extend(sets) or tested(sets, networks)
    )
    return lessons


def test_the_network_tested_is_that_of_a_plain_loop_of_torch_when_it_was_best(monkeypatch):
    baselines = made()
    lessons = heard(baselines, monkeypatch)
    found = baselines.measure("herding_converged")
    (lesson,), places = lessons, baselines.sets.herding_places
    x, labels = inputs_at(CORPUS.train, places)[0], CORPUS.train.labels[places]
    learner, kernel = baselines.learner, baselines.learner.kernel()
    reached = {}
    for rate in (0.001, 0.003, 0.01, 0.03):
        start = starts_of(learner.module, [generator(0, "network", 0)])
        theta = {name: value[0].requires_grad_() for name, value in start.items()}
        optimiser = torch.optim.Adam(theta.values(), lr=rate)
        readings = []
        for epoch in range(1, 13):
            for chosen in torch.randperm(12, generator=generator(0, "converged", "order", epoch)).split(6):
                optimiser.zero_grad()
                cross_entropy(functional_call(learner.module, theta, (x[chosen],)), labels[chosen]).backward()
                optimiser.step()
            if epoch % 3 == 0:
                stacked = {name: value.detach().clone()[None] for name, value in theta.items()}
                both = [
                    counts_of(kernel, stacked, split, learner.device).accuracy().item()
                    for split in (CORPUS.validation, CORPUS.test)
                ]
                readings.append(both)
        reached[rate] = max(readings, key=lambda one: one[0])
    best = max(reached, key=lambda rate: reached[rate][0])
    assert (lesson.rate, found["learning_rate"]) == (best, best)
    assert (found["validation_accuracy"], found["mean"]) == pytest.approx(reached[best], abs=1.01 / 60)
    assert found["most_gradient_steps"] == 24 and found["networks"] == found["draws"] == 1


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_the_examples_bear_their_own_labels_or_those_of_the_teacher(init, monkeypatch):
    baselines = made(init=init)
    for name in KINDS:
        lessons = heard(baselines, monkeypatch)
        found = baselines.measure(name)
        count = 2 if name == "random_converged" else 1
        assert found["draws"] == len(lessons) == count
        assert found["networks"] == (count if init == "fixed" else 3)
        assert found["init"] == init and found["learning_rate"] == lessons[0].rate
        places = {
            "random_converged": baselines.sets.random_places[:2],
            "k_center_converged": [baselines.sets.k_center_places],
        }.get(name, [baselines.sets.herding_places])
        for lesson, chosen in zip(lessons, places, strict=True):
            assert torch.equal(lesson.examples.places, chosen)
            for index, place in enumerate(chosen):
                batch, real = lesson.examples.batch(torch.tensor([index])), CORPUS.train.batch(place[None])
                assert torch.equal(batch.inputs()[0], real.inputs()[0])
                assert batch.labels.shape == (1, 3) and batch.labels.sum().item() == pytest.approx(1)
                assert (batch.labels.max().item() == 1) == (name != "herding_teacher")
                if name != "herding_teacher":
                    assert batch.labels.argmax().item() == real.labels.item()


def test_a_teacher_has_seen_all_the_data_twice_at_most(monkeypatch):
    monkeypatch.setattr(full, "DRAWN_LR", 0.01)
    baselines = made(full_batch_size=16)
    learner, places = baselines.learner, torch.tensor([7, 3, 99])
    found = teachers_labels(learner, baselines.recipe, CORPUS, places)
    start = starts_of(learner.module, [generator(0, "full", "network", 0)])
    theta = {name: value[0].requires_grad_() for name, value in start.items()}
    optimiser, x = torch.optim.Adam(theta.values(), lr=0.01), inputs_at(CORPUS.train, torch.arange(120))[0]
    learner.module.eval()  # without the dropout that the teacher has, which is drawn otherwise here
    own = made(full_batch_size=16, dropout=0.0)
    plain = teachers_labels(own.learner, own.recipe, CORPUS, places)
    expected, reached = [], []
    for epoch in (1, 2):
        for chosen in torch.randperm(120, generator=generator(0, "full", "order", epoch)).split(16):
            optimiser.zero_grad()
            loss = cross_entropy(functional_call(learner.module, theta, (x[chosen],)), CORPUS.train.labels[chosen])
            loss.backward()
            optimiser.step()
        now = {name: value.detach().clone()[None] for name, value in theta.items()}
        reached.append(counts_of(learner.kernel(), now, CORPUS.validation, learner.device).accuracy().item())
        expected.append(functional_call(learner.module, theta, (x[places],)).softmax(1))
    best = expected[reached[1] > reached[0]]
    torch.testing.assert_close(plain, best.detach(), rtol=1e-3, atol=1e-4)
    assert found.sum(1).tolist() == pytest.approx([1, 1, 1]) and not torch.allclose(found, plain)


@pytest.mark.parametrize("count, size, batches", [(1, 1, 1), (8, 8, 1), (9, 5, 2), (16, 8, 2), (17, 6, 3)])
def test_batches_are_as_even_as_can_be(count, size, batches):
    lesson = Lesson([0] * count)
    assert (lesson.batch_size, lesson.batches) == (size, batches)


@pytest.mark.parametrize("network", ["encoder", "lstm", "lenet", "convnet"])
def test_every_kind_of_network_is_trained(network):
    if network == "encoder":
        corpus = tiny_text_corpus()
        options = {"train": "last:1"}
        recipe = Recipe(network=tiny_encoder(), max_length=LENGTH - 2, n=4, init="random", options=options)
    elif network == "lstm":
        corpus, recipe = CORPUS, tiny_recipe(n=4, network="lstm", hidden=4)
    else:
        corpus = tiny_images(side=28 if network == "lenet" else 8)
        recipe = Recipe(network=network, n=4, options={"filters": 4} if network == "convnet" else {})
    found = Baselines(recipe, corpus, 2, 2).measure("herding_teacher")
    assert 0 <= found["mean"] <= 1 and found["networks"] == (2 if network == "encoder" else 1)
