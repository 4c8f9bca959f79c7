"""Training by Adam is what a plain loop of torch does, and each network is kept as it was when it was best."""

from itertools import count

import pytest
import torch
from tiny import tiny_corpus, tiny_recipe
from tiny_images import tiny_images
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from tdd.data.labelled_examples import LabelledExamples, inputs_at
from tdd.distillation.accuracy import counts_of
from tdd.evaluation.adam import Adam, adamw, give, starting_at, train_until_best
from tdd.networks.learner import make_learner
from tdd.system.seeds import generator

CPU = torch.device("cpu")
TEXTS, IMAGES = tiny_corpus(3), tiny_images()


def soft_examples(corpus, classes, n=14):
    """Some examples, one of them twice, with soft labels; their places and labels."""
    places = torch.arange(n).flip(0) * 3
    places[5] = places[2]
    labels = torch.rand(n, classes, generator=generator(0)).softmax(1)
    labels[5] = labels[2]
    return LabelledExamples.of(corpus.train, places, labels), places, labels


@pytest.mark.parametrize("corpus, network", [(TEXTS, "text_cnn"), (TEXTS, "mean_pool"), (IMAGES, "convnet")])
def test_every_network_is_the_best_of_a_plain_loop_of_torch(corpus, network):
    classes = len(corpus.classes)
    options = tiny_recipe(network=network).options if corpus is TEXTS else {"filters": 4}
    learner = make_learner(network, options, corpus.train.space, classes, CPU)
    kernel, start = learner.kernel(), learner.starts(3, "place", indices=range(2))
    before = {name: value.clone() for name, value in start.items()}
    examples, places, labels = soft_examples(corpus, classes)
    how = Adam(0.02, batch_size=5, epochs=9, patience=99, every=2, smoothing=0.3)
    found = train_until_best(
        kernel,
        start,
        examples,
        lambda theta: counts_of(kernel, theta, corpus.validation, CPU).accuracy(),
        how,
        7,
        "here",
    )
    assert all(torch.equal(start[name], before[name]) for name in start)
    x, mask = inputs_at(corpus.train, places)
    inputs = (x, mask) if learner.takes_mask else (x,)
    validation = corpus.validation.batch(torch.arange(len(corpus.validation)))
    for index in range(2):
        theta = {name: value[index].clone().requires_grad_() for name, value in before.items()}
        optimiser = torch.optim.Adam(theta.values(), lr=0.02)
        best = (-1.0, 0, {})
        for epoch in range(1, 10):
            for chosen in torch.randperm(14, generator=generator(7, "here", "order", epoch)).split(5):
                optimiser.zero_grad()
                logits = functional_call(learner.module, theta, tuple(part[chosen] for part in inputs))
                cross_entropy(logits, labels[chosen], label_smoothing=0.3).backward()
                optimiser.step()
            if epoch in (2, 4, 6, 8, 9):
                now = {name: value.detach().clone() for name, value in theta.items()}
                stacked = {n: v[None] for n, v in now.items()}
                reached = counts_of(kernel, stacked, corpus.validation, CPU).accuracy().item()
                best = max(best, (reached, epoch, now), key=lambda one: one[0])
        assert (found.accuracy[index].item(), found.epoch[index].item()) == (pytest.approx(best[0]), best[1])
        # What they say: a bias before a normalisation has no gradient but rounding, along which Adam steps as far.
        of_loop = kernel.logits({name: value[None] for name, value in best[2].items()}, validation)
        mine = kernel.logits({name: value[index : index + 1] for name, value in found.theta.items()}, validation)
        torch.testing.assert_close(mine, of_loop, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_a_fused_step_is_that_of_adamw_whatever_the_order_of_a_gradient_in_memory(decay):
    draw = generator(3)
    start = {"matrix": torch.randn(1, 4, 7, generator=draw), "bias": torch.randn(1, 7, generator=draw)}
    mine = starting_at({"matrix": start["matrix"].transpose(1, 2), "bias": start["bias"]})
    plain = [value.clone().requires_grad_() for value in (start["matrix"].transpose(1, 2), start["bias"])]
    fused, usual = adamw(mine, 0.1, decay), torch.optim.AdamW(plain, lr=0.1, weight_decay=decay)
    for _ in range(5):
        gradients = [
            torch.randn(1, 4, 7, generator=draw).transpose(1, 2),
            torch.randn(1, 1, generator=draw).expand(1, 7),
        ]
        give(mine, dict(zip(mine, gradients, strict=True)))
        fused.step()
        for value, gradient in zip(plain, gradients, strict=True):
            value.grad = gradient.clone()
        usual.step()
    for value, other in zip(mine.values(), plain, strict=True):
        torch.testing.assert_close(value, other.detach(), rtol=1e-5, atol=1e-6)


def test_training_ends_when_no_network_has_gained_for_the_epochs_of_its_patience():
    learner = make_learner("text_cnn", tiny_recipe().options, TEXTS.train.space, 3, CPU)
    seen, calls = [], count()
    scripted = [[0.5, 0.1], [0.4, 0.2], [0.5, 0.3], [0.3, 0.3], [0.2, 0.1], [0.9, 0.9]]

    def held_out(theta):
        seen.append({name: value.clone() for name, value in theta.items()})
        return torch.tensor(scripted[next(calls)], dtype=torch.float64)

    told = []
    found = train_until_best(
        learner.kernel(),
        learner.starts(0, "place", indices=range(2)),
        soft_examples(TEXTS, 3)[0],
        held_out,
        Adam(0.01, batch_size=7, epochs=100, patience=6, every=3, dropout=True),
        0,
        "here",
        lambda epoch, accuracy: told.append((epoch, pytest.approx(accuracy))),
    )
    assert told == [(3, 0.3), (6, 0.3), (9, 0.4), (12, 0.3), (15, 0.15)]
    assert found.accuracy.tolist() == [0.5, 0.3] and found.epoch.tolist() == [3, 9]
    for name, value in found.theta.items():
        assert torch.equal(value[0], seen[0][name][0]) and torch.equal(value[1], seen[2][name][1])
