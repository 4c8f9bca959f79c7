"""One network that a set is learned for: its starts, its gradient of an outer loss, and what it gets right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from tdd.data.protocols import RealBatch
from tdd.distillation.accuracy import counts_by_all
from tdd.distillation.learned_tensors import labels_of, momentum_of, rates_of
from tdd.distillation.loops import Loop, plain_loop, train_by, unroll_by
from tdd.distillation.metrics import Counts
from tdd.distillation.trajectory import SetGradient
from tdd.distillation.unroll import InnerLoop
from tdd.distilled_set.set import DistilledSet
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel
from tdd.networks.learner import Learner, make_learner
from tdd.settings.recipe import Recipe
from tdd.system.processes import share_out
from tdd.system.tensor_files import Tensors

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus


class Part(NamedTuple):
    """What some of the initialisations find of an outer step on a shard of its batch.

    Attributes:
        share: theirs of the whole.
        loss: () their mean outer loss.
        gradient: that of their mean outer loss to the set.
    """

    share: float
    loss: Tensor
    gradient: SetGradient


@dataclass
class Trainee:
    """One network that a set is learned for: one of a pool, or the only one.

    Attributes:
        recipe: the settings, as far as they are this network's.
        learner: the network.
        kernel: that of its outer steps.
        row: its place in the pool, and row of the learning rates.
        fixed: its own initialisation (1, ...); None: a fresh one each time.
    """

    recipe: Recipe
    learner: Learner
    kernel: Kernel
    row: int
    fixed: Parameters | None

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        network: str | nn.Module,
        corpus: Corpus,
        device: torch.device,
        row: int,
        start: DistilledSet | None,
    ) -> Trainee:
        """The trainee of a settled recipe of its own, which starts from the initialisation of `start` if that has one.

        Raises:
            UsageError: see `make_learner`.
        """
        space, classes = corpus.train.space, len(corpus.classes)
        learner = make_learner(network, recipe.options, space, classes, device, recipe.initialisation)
        fixed = None
        if recipe.init == "fixed":
            own = None if start is None else start.alone(recipe.network).initialisation
            fixed = learner.fixed_start(recipe.seed) if own is None else learner.theta_of(own)
        return cls(recipe, learner, learner.kernel(recipe.unroll, recipe.precision), row, fixed)

    def starts(self, *place: str | int, networks: list[int], before: int = 0) -> Parameters:
        """Initial parameters of these networks: fresh ones, see `Learner.starts`, or the fixed ones."""
        return self.fixed or self.learner.starts(self.recipe.seed, *place, indices=networks, before=before)

    def inner_loop(
        self, learned: Tensors, samples: Tensor, mask: Tensor | None, place: tuple[str | int, ...] = ()
    ) -> Loop:
        """The inner loop of this network, with samples that the learned ones stand for.

        `place` is that of an outer step, for which plain training is drawn anew; (): that of validation.
        """
        labels, rates, momentum = labels_of(learned), rates_of(learned)[self.row], momentum_of(learned)
        if self.recipe.inner == "plain":
            return plain_loop(self.recipe, samples, labels.detach(), mask, rates[0].item(), place)
        return InnerLoop(samples, labels, rates, momentum, mask, learned.get("attention"))

    def outer_gradient(
        self,
        inner: Loop,
        window: range,
        batch: RealBatch,
        accelerator: Accelerator,
        place: Sequence[str | int],
        turn: int,
    ) -> Iterator[Part]:
        """What this process finds of an outer loss and its gradient, the mean over initialisations, part by part.

        Where there are several processes, each works on some of the networks and on a shard of the batch.

        Args:
            inner: the set, as this network trains on it.
            window: the inner steps that the gradient flows through.
            batch: the real examples.
            accelerator: device and processes.
            place: of the draw of its initialisations.
            turn: how many outer steps were this network's before.
        """
        recipe = self.recipe
        for networks, shard in share_out(recipe.networks, recipe.networks_at_once, accelerator):
            real = batch.shard(*shard)
            if not len(real):  # there are more processes than examples
                continue
            theta_0 = self.starts(*place, networks=networks, before=turn * recipe.networks)
            trajectory = unroll_by(inner, self.kernel, theta_0, window, recipe.unroll)
            losses, g = self.kernel.loss(trajectory.theta, real, smoothing=recipe.label_smoothing or 0.0)
            gradient = trajectory.reverse({name: value / len(networks) for name, value in g.items()})
            yield Part(len(networks) / recipe.networks * (len(real) / len(batch)), losses.mean(), gradient)

    def validated(self, inner: Loop, corpus: Corpus, accelerator: Accelerator) -> Counts:
        """What networks trained on the set get right of the held-out data."""
        recipe, kernel = self.recipe, self.learner.kernel()
        return counts_by_all(
            lambda networks: train_by(inner, kernel, self.starts("validation", networks=networks)),
            kernel,
            corpus.validation,
            1 if self.fixed else recipe.validation_networks,
            len(corpus.classes),
            recipe.networks_at_once,
            accelerator,
            recipe.max_validation,
        )
