"""Learning rate search: for sets without learned rates, choose a constant one by accuracy on held-out data."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Generic, TypeVar

import torch
from torch import Tensor

from tdd.data.protocols import Split
from tdd.distillation.accuracy import counts_of, inner_loop
from tdd.distillation.loops import train_by
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.plain_training import Lesson, train_plainly
from tdd.networks.kernels.parameters import Parameters, stack, unstack
from tdd.networks.learner import Learner
from tdd.settings.recipe import Recipe

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Learning rates that are tried, as in Wang et al. (arXiv 1811.10959, section 4), and larger ones."""
LEAST_NETWORKS = 20
"""Least number of fresh networks that judge a learning rate, over all sets together (random initialisation)."""

T = TypeVar("T")
"""A set, whatever it is."""


class Trainer(Generic[T]):
    """Trains a recipe's network on sets and tests it: `networks_at_once` networks together, on the same set or not.

    Attributes:
        seconds: time that the networks of the last test took to be trained, all together.

    Args:
        learner: the network.
        recipe: its initialisation, and how many networks are trained.
        corpus: the data: held-out examples to choose the rate, the test split to test.
        fixed: the parameters of a fixed initialisation; None: fresh networks.
        learn: trains stacked networks on a set, which has its rates, from where they start; told their indices.
        with_rate: a set with a constant rate.
        rates: those that are tried.
        on_progress: called with the networks done, their number, and their purpose.
        max_test: test on this many examples only.
    """

    def __init__(
        self,
        learner: Learner,
        recipe: Recipe,
        corpus: Corpus,
        fixed: dict[str, Tensor] | None,
        learn: Callable[[T, Parameters, Sequence[int]], Parameters],
        with_rate: Callable[[T, float], T],
        rates: Sequence[float],
        on_progress: Callable[[int, int, str], None] = lambda done, total, purpose: None,
        max_test: int | None = None,
    ):
        self.learner, self.recipe, self.corpus, self.on_progress = learner, recipe, corpus, on_progress
        self.fixed = None if fixed is None else learner.theta_of(fixed)
        self.learn, self.with_rate, self.rates = learn, with_rate, rates
        self.kernel, self.device = learner.kernel(), learner.device
        self.max_test, self.seconds = max_test, 0.0

    def held_out(self, sets: Sequence[T], networks: int | None = None) -> Tensor:
        """Mean held-out accuracy (sets, rates) of networks trained on each set with each of the rates.

        Each is judged by so many fresh `networks`; None: by those of a validation, and `LEAST_NETWORKS` over all sets.
        """
        fresh = networks or max(self.recipe.validation_networks, -(-LEAST_NETWORKS // len(sets)))
        count = 1 if self.fixed else fresh
        candidates = [self.with_rate(each, rate) for each in sets for rate in self.rates]
        jobs = [(candidate, index) for candidate in candidates for index in range(count)]
        (accuracies,) = self._accuracies(jobs, "validation", self._validation)
        return accuracies.view(len(sets), len(self.rates), count).mean(2)

    def tested(self, sets: Sequence[T], networks: int) -> list[float]:
        """Test accuracies of networks trained on the sets at the sets' own rates.

        A fixed initialisation is trained once on each set. Of fresh ones there are `networks` in all, the first ones of
        `tdd.evaluation.evaluation.evaluate`, or as many more as it takes to share them out evenly over the sets.
        """
        (tested,) = self._accuracies(self._jobs(sets, networks), "evaluation", self._test)
        return tested.tolist()

    def validated_and_tested(self, sets: Sequence[T], networks: int) -> tuple[float, list[float]]:
        """Mean held-out accuracy of the networks of `tested`, and what that gives."""
        held_out, tested = self._accuracies(self._jobs(sets, networks), "evaluation", self._validation, self._test)
        return held_out.mean().item(), tested.tolist()

    @property
    def _validation(self) -> tuple[Split, int | None]:
        return self.corpus.validation, self.recipe.max_validation

    @property
    def _test(self) -> tuple[Split, int | None]:
        return self.corpus.test, self.max_test

    def _jobs(self, sets: Sequence[T], networks: int) -> list[tuple[T, int]]:
        count = len(sets) if self.fixed else -(-networks // len(sets)) * len(sets)
        return [(each, index) for place, each in enumerate(sets) for index in range(place, count, len(sets))]

    def _accuracies(
        self, jobs: Sequence[tuple[T, int]], purpose: str, *tests: tuple[Split, int | None]
    ) -> list[Tensor]:
        """For each test, of a split and most examples of it, the accuracies of the networks of each set and index."""
        accuracies: list[list[Tensor]] = [[] for _ in tests]
        self.seconds = 0.0
        for start in range(0, len(jobs), self.recipe.networks_at_once):
            chunk = jobs[start : start + self.recipe.networks_at_once]
            trained: list[Parameters] = []
            begun = time.monotonic()
            for _, group in groupby(chunk, key=lambda job: id(job[0])):
                members = list(group)
                indices = [index for _, index in members]
                theta = self.fixed or self.learner.starts(self.recipe.seed, purpose, indices=indices)
                trained += unstack(self.learn(members[0][0], theta, indices))
            self.seconds += time.monotonic() - begun
            theta = stack(trained)
            for found, (split, most) in zip(accuracies, tests, strict=True):
                found.append(counts_of(self.kernel, theta, split, self.device, most).accuracy())
            self.on_progress(start + len(chunk), len(jobs), purpose)
        return [torch.cat(found) for found in accuracies]


def by_inner_loop(
    learner: Learner, own: bool = True
) -> Callable[[DistilledSet, Parameters, Sequence[int]], Parameters]:
    """Training by a set's own gradient steps; see `Trainer`. `own`: the learner is the set's own network."""
    kernel = learner.kernel()
    return lambda distilled, theta, indices: train_by(inner_loop(distilled, learner.device, own), kernel, theta)


def by_plain_training(learner: Learner, seed: int) -> Callable[[Lesson, Parameters, Sequence[int]], Parameters]:
    """Plain training; see `Trainer`."""
    kernel = learner.kernel()
    return lambda lesson, theta, indices: train_plainly(kernel, theta, lesson, seed, indices)


def with_rate(distilled: DistilledSet, rate: float) -> DistilledSet:
    """The set with one learning rate for every gradient step."""
    return replace(distilled, learning_rates=torch.full_like(distilled.learning_rates, rate))


def scaled(distilled: DistilledSet, factor: float) -> DistilledSet:
    """The set with all its learning rates times a factor."""
    return replace(distilled, learning_rates=distilled.learning_rates * factor)


def choose(held_out: Tensor, keep: int) -> tuple[int, list[int]]:
    """The setting whose best `keep` sets have the highest mean held-out accuracy, and these sets, in their order.

    Args:
        held_out: accuracies (sets, settings).
        keep: sets that count.
    """
    best = held_out.topk(keep, dim=0)
    setting = int(best.values.mean(0).argmax())
    return setting, sorted(best.indices[:, setting].tolist())
