"""The outer loop: real batches, the unrolled gradient, Adam, validation, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from tdd.distillation.accuracy import counts_by_all
from tdd.distillation.attention_labels import first_attention
from tdd.distillation.batches import OuterBatches
from tdd.distillation.checkpoint import OuterState, run_fingerprint
from tdd.distillation.learned_tensors import momentum_of, rates_of, raw_of, to_learned
from tdd.distillation.outer_update import EPSILON, PRETRAINED_EPSILON, Outcome, adam, update
from tdd.distillation.samples.choice import parametrisation
from tdd.distillation.samples.start import first_set, parts_of
from tdd.distillation.schedule import Schedule
from tdd.distillation.truncation import window
from tdd.distillation.unroll import InnerLoop, train, unroll
from tdd.distilled_set.embedding import SavedEmbedding
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, OutOfTime, TddError
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.learner import make_learner
from tdd.networks.own import network_to_use, recipe_for
from tdd.settings.recipe import Recipe, check_kind_of_data
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.processes import share_out, sums
from tdd.system.reporter import Progress
from tdd.system.tensor_files import Tensors

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

# Draws of networks that an outer step may try: rarely, one explodes where all the others learn.
DRAWS = 5


class Distiller:
    """Learns a distilled set from a corpus (Algorithm 2 of the paper).

    Args:
        recipe: every setting.
        corpus: the data, encoded with the recipe's word vectors.
        checkpoint: file of the state, from which a run is resumed; None: nothing is kept.
        accelerator: device, processes and trackers.
        on_progress: called after every outer step.
        should_stop: asked in every outer step; True saves the state and raises `Interrupted`.
        start: a set of the recipe's shape to start from, and the best one until held-out data say otherwise.
        frozen: what is not learned, by the names of `raw_of`; hard labels are not in any case.
        network: the user's own network, see `make_learner`; None: the recipe's.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        checkpoint: Path | None = None,
        accelerator: Accelerator | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        should_stop: Callable[[], bool] = lambda: False,
        start: DistilledSet | None = None,
        frozen: Collection[str] = (),
        network: str | nn.Module | None = None,
    ):
        self.corpus, self.checkpoint = corpus, checkpoint
        self.accelerator = accelerator or default_accelerator()
        self.device = self.accelerator.device
        self.on_progress, self.should_stop = on_progress, should_stop
        classes, space = len(corpus.classes), corpus.train.space
        recipe, network = recipe_for(recipe, network), network_to_use(recipe.network, network)
        check_kind_of_data(recipe, space.kind)
        self.learner = make_learner(network, recipe.options, space, classes, self.device)
        self.recipe = recipe = recipe.settled(classes, **corpus.found())
        self.batches = OuterBatches.of(recipe, corpus.train, self.device)
        self.kernel, self.deadline = self.learner.kernel(recipe.unroll, recipe.precision), math.inf

        self.start, self.frozen = start, {*frozen, *(("labels",) if recipe.labels == "hard" else ())}
        samples, labels, mask, rates, momentum = first_set(recipe, corpus) if start is None else parts_of(start)
        self.learner.check_reads(samples.shape[2:])
        self.mask = None if mask is None else mask.to(self.device)
        self.parametrisation = parametrisation(recipe, corpus, mask, self.device)
        self.fixed: Parameters | None = None
        if recipe.init == "fixed":
            own = start.initialisation if start is not None else None
            self.fixed = self.learner.fixed_start(recipe.seed) if own is None else self.learner.theta_of(own)
        attention = first_attention(recipe, self.learner, samples, mask) if start is None else start.attention
        learned = {
            name: value.clone().to(self.device).requires_grad_(name not in self.frozen)
            for name, value in raw_of(self.parametrisation.start(samples), labels, rates, momentum, attention).items()
        }
        optimised = {name: value for name, value in learned.items() if name not in self.frozen}
        optimiser = adam(optimised, recipe, PRETRAINED_EPSILON if self.learner.pretrained else EPSILON)
        self.state = OuterState.at_start(learned, optimiser, Schedule.of(recipe))
        signatures = (self.learner.signature(), self.learner.frozen_signature())
        self.fingerprint = run_fingerprint(recipe, corpus, *signatures, *self.parametrisation.identity())
        if checkpoint is not None and checkpoint.exists():
            self.state.load(checkpoint, self.fingerprint)

    def run(self) -> DistilledSet:
        """Distil to the end of the recipe's outer steps.

        Returns:
            The averaged set that was best on held-out data, on the CPU.

        Raises:
            Interrupted: `should_stop` said so; the state is saved.
            OutOfTime: the recipe's minutes are over; the state is saved.
            TddError: the outer loss or its gradient is not finite any more.
        """
        recipe, state = self.recipe, self.state
        began = (session := time.monotonic()) - state.seconds
        self.deadline = session + 60 * recipe.max_minutes if recipe.max_minutes else math.inf
        if self.start is not None and state.step == 0:
            self._validate()
        while not state.is_done:
            outcome = self._finite_outer_step()
            state.step += 1
            due = state.is_done or state.step % recipe.validate_every == 0
            validation, last = self._validate() if due else None, state.is_done
            state.seconds = time.monotonic() - began
            best = state.best_accuracy
            self.on_progress(Progress(state.step, outcome.loss, validation, best, outcome.learning_rate, state.seconds))
            # Several processes agreed in the step's reduction; a single one asks again, not to do another step.
            alone = self.accelerator.num_processes == 1
            asked = outcome.asked or (alone and self.should_stop())
            out_of_time = outcome.out_of_time or (alone and self._out_of_time())
            if asked or out_of_time or last or state.step % recipe.checkpoint_every == 0:
                self._save()
            done = f"stopped after {state.step} of {state.schedule.last} outer steps"
            if asked and not last:
                raise Interrupted(done)
            if out_of_time and not last:
                raise OutOfTime(f"max_minutes are over: {done}")
        return self.best()

    def best(self) -> DistilledSet:
        """The best averaged set on held-out data so far."""
        return self._as_set(self.state.best or self.state.average)

    # One outer step

    def _outer_step(self, attempt: int = 0) -> Outcome:
        """One outer step (Algorithm 2 of the paper). Every `attempt` draws other networks.

        Where there are several processes, each works on some of the networks and on a shard of the batch.
        """
        recipe, state, learned = self.recipe, self.state, self.state.learned
        batch = self.batches.at(state.step)
        inner = self._inner_loop(learned, self.parametrisation.samples(learned["samples"]))
        total = [torch.zeros(1, device=self.device), *(torch.zeros_like(value) for value in learned.values())]
        for networks, shard in share_out(recipe.networks, recipe.networks_at_once, self.accelerator):
            real = batch.shard(*shard)
            if not len(real):  # there are more processes than examples
                continue
            theta_0 = self._draw_networks("network", state.step, *["again"] * attempt, networks=networks)
            trajectory = unroll(self.kernel, theta_0, inner, self._window(len(inner)), recipe.unroll)
            losses, g = self.kernel.loss(trajectory.theta, real, smoothing=recipe.label_smoothing or 0.0)
            gradient = trajectory.reverse({name: value / len(networks) for name, value in g.items()})
            share = len(networks) / recipe.networks * (len(real) / len(batch))
            parts = [losses.mean()[None], *to_learned(gradient, learned, self.parametrisation)]
            total = [sum_ + share * part for sum_, part in zip(total, parts, strict=True)]
        wishes = torch.tensor([self.should_stop(), self._out_of_time()], dtype=torch.float, device=self.device)
        loss, *gradients, wishes = sums([*total, wishes], self.accelerator)
        kept = {n: value for n, value in zip(learned, gradients, strict=True) if n not in self.frozen}
        return update(state, kept, loss, wishes, recipe.clip_norm, state.schedule.factor(state.step), recipe.ema or 0.0)

    def _finite_outer_step(self) -> Outcome:
        for attempt in range(1 if self.fixed else DRAWS):
            outcome = self._outer_step(attempt)
            if outcome.finite:
                return outcome
        self._save()
        raise TddError(
            f"the outer loss is no longer finite at outer step {self.state.step + 1}; the set is as it was before. "
            f"Lower learning_rate or samples_lr and start again in a new folder"
        )

    def _draw_networks(self, *place: str | int, networks: list[int]) -> Parameters:
        """Initial parameters of these networks: fresh ones, or the fixed ones."""
        return self.fixed or self.learner.starts(self.recipe.seed, *place, indices=networks)

    def _inner_loop(self, learned: Tensors, samples: Tensor) -> InnerLoop:
        labels, rates, momentum = learned["labels"], rates_of(learned)[0], momentum_of(learned)
        return InnerLoop(samples, labels, rates, momentum, self.mask, learned.get("attention"))

    def _window(self, inner_steps: int) -> range:
        recipe, step, planned = self.recipe, self.state.step, self.state.schedule.outer_steps
        return window(inner_steps, recipe.window, recipe.window_end, step, planned, recipe.seed)

    def _out_of_time(self) -> bool:
        return time.monotonic() >= self.deadline

    # Validation and what is kept

    def _validate(self) -> float:
        """Mean held-out `metric` of networks trained on the averaged set; the best set so far is kept."""
        recipe, state = self.recipe, self.state
        inner = self._inner_loop(state.average, self.parametrisation.finished(state.average["samples"])[0])
        count, kernel = 1 if self.fixed else recipe.validation_networks, self.learner.kernel()
        tested = counts_by_all(
            lambda networks: train(kernel, self._draw_networks("validation", networks=networks), inner),
            kernel,
            self.corpus.validation,
            count,
            len(self.corpus.classes),
            recipe.networks_at_once,
            self.accelerator,
            recipe.max_validation,
        )
        mean = tested.score(recipe.metric).mean().item()
        if mean > state.best_accuracy:
            state.best_accuracy, state.best_step = mean, state.step
            state.best = {name: value.detach().clone() for name, value in state.average.items()}
        state.schedule.after_validation(state.step, state.best_step)
        return mean

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            self.state.save(self.checkpoint, self.fingerprint)
        self.accelerator.wait_for_everyone()

    def _as_set(self, learned: Tensors) -> DistilledSet:
        samples, sentences = self.parametrisation.finished(learned["samples"])
        ready = {name: value.detach().cpu().clone() for name, value in (learned | {"samples": samples}).items()}
        source = {**self.corpus.source, "fingerprint": self.corpus.fingerprint, "network": self.learner.signature()}
        source |= self.learner.reference() | {"frozen": self.learner.frozen_signature()}
        return DistilledSet(
            ready["samples"],
            ready["labels"],
            rates_of(ready),
            self.corpus.classes,
            self.recipe,
            source,
            self.learner.to_keep(self.fixed) if self.fixed else None,
            sentences=sentences,
            momentum=momentum_of(ready),
            mask=None if self.mask is None else self.mask.cpu(),
            attention=ready.get("attention"),
            embedding=SavedEmbedding.of(self.corpus.train),
        )
