"""The tasks that are measured: their inputs, our way beside the plain one, and how far the results are apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from bench import plain
from bench.inputs import SCALE, TREC, Problem, Sizes, word_vectors
from learners import kernel_of, outer_gradient
from torch import Tensor

from tdd.data.text_batch import TextBatch
from tdd.distillation.accuracy import counts_of
from tdd.distillation.unroll import InnerLoop, train
from tdd.embeddings.word_vectors import WordVectors
from tdd.evaluation.evaluation import evaluate
from tdd.networks.kernels.parameters import Parameters, unstack
from tdd.networks.learner import Mode
from tdd.system.seeds import generator

# Sentences in IMDB's test split.
REVIEWS = 25_000
NEAREST = 5


def relative(expected: Tensor, found: Tensor) -> float:
    """|found - expected| / |expected|, both as one long vector."""
    return ((found - expected).norm() / expected.norm()).item()


# One outer step


def our_step(problem: Problem, mode: Mode = "auto") -> Any:
    """Outer loss and gradients as the distiller computes them, from token ids or pixels on."""
    batch = problem.real.batch(problem.batch)
    if isinstance(batch, TextBatch):
        batch = replace(batch, words=batch.words.to(problem.samples.dtype))
    kernel = kernel_of(problem.network, mode)
    found = outer_gradient(kernel, problem.theta, problem.samples, problem.labels, problem.rates, batch, mode)
    return [found.losses, found.samples, found.labels, found.learning_rates]


def step_error(_: Problem, expected: list[Tensor], found: list[Tensor]) -> float:
    """The largest error among loss and gradients."""
    return max(relative(*pair) for pair in zip(expected, found, strict=True))


def losses(result: list[Tensor]) -> Tensor:
    """The outer losses: steady where two nearly equal windows change places, unlike single entries of a gradient."""
    return result[0]


def prepared(full: Sizes, small: bool) -> Problem:
    """The problem of these sizes, or a small one of the same kind."""
    if small:
        full = replace(full, sentences=256, batch=64, steps=3, epochs=2, length=100, dim=20)
    return full.problem()


STEP = Sizes(epochs=5)
TREC_STEP = Sizes(text=TREC, batch=512, per_step=6, epochs=5, classes=6)
MODES = Sizes(batch=256, epochs=2, dim=50, length=200)
TOGETHER = Sizes(networks=16)

# Testing


def reviews(small: bool) -> Problem:
    """A network and reviews to test it on."""
    return Sizes(sentences=1_000 if small else REVIEWS, batch=1).problem()


def plain_part(problem: Problem) -> Tensor:
    """The reviews that stand for all of them on the plain side."""
    return torch.arange(min(2_000, len(problem.real) // 10))


def plain_test(problem: Problem) -> Tensor:
    """Logits of the reviews in `plain_part`."""
    return plain.logits(problem.network, unstack(problem.theta)[0], problem.real, plain_part(problem))


def our_test(problem: Problem) -> Tensor:
    """Accuracy on all reviews."""
    return counts_of(kernel_of(problem.network, "auto"), problem.theta, problem.real, torch.device("cpu")).accuracy()


def testing_error(problem: Problem, expected: Tensor, _: Tensor) -> float:
    """Error of our logits of the reviews in `plain_part`."""
    part = plain_part(problem)
    order = problem.real.lengths[part].argsort(stable=True)
    found = kernel_of(problem.network, "auto").logits(problem.theta, problem.real.batch(part))[0]
    return relative(expected[order], found)


# Nearest words


def queries(small: bool) -> tuple[WordVectors, Tensor]:
    """A table and the positions of 20 sentences of 400."""
    words, positions = (20_000, 400) if small else (400_000, 8_000)
    return word_vectors(words, 50), torch.randn(positions, 50, generator=generator(0, "queries")) * SCALE


def plain_nearest(inputs: tuple[WordVectors, Tensor]) -> tuple[Tensor, Tensor]:
    """The nearest words of the first 100 positions."""
    return plain.nearest(inputs[0], inputs[1][:100], NEAREST)


def our_nearest(inputs: tuple[WordVectors, Tensor]) -> tuple[Tensor, Tensor]:
    """The nearest words of all positions."""
    return inputs[0].nearest(inputs[1], NEAREST)


def nearest_error(_: object, expected: tuple[Tensor, Tensor], found: tuple[Tensor, Tensor]) -> float:
    """Error of the similarities, or the share of words that differ where that is more than 1 %."""
    differ = (expected[0] != found[0][: len(expected[0])]).double().mean().item()
    return max(relative(expected[1], found[1][: len(expected[1])]), differ - 0.01)


# Networks trained from random initialisations


def our_training(problem: Problem) -> Parameters:
    """All networks of the problem trained on the distilled set together."""
    kernel = kernel_of(problem.network, "auto")
    return train(kernel, problem.theta, InnerLoop(problem.samples, problem.labels, problem.rates))


def weights(trained: Parameters) -> Tensor:
    """The classifiers' weights."""
    return trained["classifier.weight"]


def training_error(_: Problem, expected: Parameters, found: Parameters) -> float:
    """The largest error among the trained parameters."""
    return max(relative(expected[name], found[name]) for name in expected)


def plain_evaluation(problem: Problem) -> float:
    """Accuracy of the first network trained and tested on the reviews in `plain_part`."""
    one = replace(problem, theta={name: value[:1] for name, value in problem.theta.items()})
    part = plain_part(problem)[:500]
    found = plain.logits(problem.network, unstack(plain.train(one))[0], problem.real, part).argmax(1)
    return (found == problem.real.labels[part]).double().mean().item()


def our_evaluation(problem: Problem) -> list[float]:
    """Accuracies on all reviews of fresh networks trained on the distilled set."""
    return evaluate(problem.distilled(), problem.real, len(problem.theta["classifier.bias"])).accuracies


def evaluation_error(problem: Problem, expected: float, _: list[float]) -> float:
    """Difference in the accuracy of the first network on the reviews that the plain side read."""
    part = plain_part(problem)[:500]
    kernel = kernel_of(problem.network, "auto")
    theta = {name: value[:1] for name, value in our_training(problem).items()}
    batch = problem.real.batch(part)
    found = (kernel.logits(theta, batch)[0].argmax(1) == batch.labels).double().mean().item()
    return abs(found - expected)


def to_evaluate(small: bool) -> Problem:
    """Networks and reviews to test them on."""
    return Sizes(sentences=500 if small else REVIEWS, batch=1, networks=2 if small else 8).problem()
