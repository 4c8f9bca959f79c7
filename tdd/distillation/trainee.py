"""One network that a set is learned for: its starts, its gradient of an outer loss, and what it gets right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from tdd.data.protocols import RealBatch
from tdd.distillation.accuracy import counts_by_all
from tdd.distillation.kept_networks import KeptNetworks
from tdd.distillation.learned_tensors import labels_of, momentum_of, rates_of
from tdd.distillation.loops import Loop, drawn_steps, plain_loop, train_by, unroll_by
from tdd.distillation.metrics import Counts
from tdd.distillation.plain_loop import PlainLoop, train_on
from tdd.distillation.trajectory import SetGradient
from tdd.distillation.unroll import InnerLoop
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
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
        kept: networks in plain training that outer steps go on with, see `Recipe.inner_kept`.
    """

    recipe: Recipe
    learner: Learner
    kernel: Kernel
    row: int
    fixed: Parameters | None
    kept: KeptNetworks = field(default_factory=KeptNetworks)

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

    @property
    def steps_of_kept(self) -> int | None:
        """How many steps kept networks take in an outer step; None: there are none."""
        return self.recipe.window if self.recipe.inner_kept else None

    def inner_loop(
        self,
        learned: Tensors,
        samples: Tensor,
        mask: Tensor | None,
        place: tuple[str | int, ...] = (),
        steps: int | None = None,
    ) -> Loop:
        """The inner loop of this network, with samples that the learned ones stand for.

        `place` is that of an outer step, for which plain training is drawn anew, of so many `steps` where they are not
        None; (): that of validation.
        """
        labels, rates, momentum = labels_of(learned), rates_of(learned)[self.row], momentum_of(learned)
        if self.recipe.inner == "plain":
            return plain_loop(self.recipe, samples, labels.detach(), mask, rates[0].item(), place, steps)
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
        if recipe.inner_kept and accelerator.num_processes > 1:
            raise UsageError(
                "inner_kept: networks are kept by one process: start without torchrun or accelerate launch"
            )
        for networks, shard in share_out(recipe.networks, recipe.networks_at_once, accelerator):
            real = batch.shard(*shard)
            if not len(real):  # there are more processes than examples
                continue
            if recipe.inner_kept and isinstance(inner, PlainLoop):
                yield from self._of_kept(inner, networks, real, len(real) / len(batch), place, turn)
                continue
            theta_0 = self.starts(*place, networks=networks, before=turn * recipe.networks)
            trajectory = unroll_by(inner, self.kernel, theta_0, window, recipe.unroll)
            losses, g = self.kernel.loss(trajectory.theta, real, smoothing=recipe.label_smoothing or 0.0)
            gradient = trajectory.reverse({name: value / len(networks) for name, value in g.items()})
            yield Part(len(networks) / recipe.networks * (len(real) / len(batch)), losses.mean(), gradient)

    def _of_kept(
        self,
        inner: PlainLoop,
        networks: list[int],
        real: RealBatch,
        share: float,
        place: Sequence[str | int],
        turn: int,
    ) -> Iterator[Part]:
        """The same of kept networks, which are at different steps: one after the other."""
        recipe = self.recipe
        for index in networks:

            def fresh(index: int = index) -> tuple[Parameters, int]:
                before = turn * recipe.networks
                return self.starts(*place, networks=[index], before=before), drawn_steps(recipe, *place, index)

            at = (turn * recipe.networks + index) % recipe.inner_kept
            if "again" in place:  # it has led to an outer loss that is not finite
                self.kept.drop(at)
            kept = self.kept.at(at, len(inner), fresh)
            trajectory, kept.network = train_on(self.kernel, kept.network, replace(inner, done=kept.done))
            kept.done += len(inner)
            losses, g = self.kernel.loss(trajectory.theta, real, smoothing=recipe.label_smoothing or 0.0)
            yield Part(share / recipe.networks, losses.mean(), trajectory.reverse(g))

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
