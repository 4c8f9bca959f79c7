"""The outer loop: real batches, the unrolled gradient, Adam, validation, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from torch import nn

from tdd.distillation.attention_labels import first_attention
from tdd.distillation.batches import OuterBatches
from tdd.distillation.checkpoint import OuterState
from tdd.distillation.exchange import exchange
from tdd.distillation.learned_tensors import first_learned, labels_of, momentum_of, rates_of, to_learned
from tdd.distillation.made_from import MadeFrom
from tdd.distillation.outer_update import Outcome, adam, largest_norm, update
from tdd.distillation.pool import kept_initialisation, score_of_pool, source_of_pool, turns, whose_turn
from tdd.distillation.samples.choice import parametrisation
from tdd.distillation.samples.real import RealSamples
from tdd.distillation.samples.start import first_of_data, parts_of
from tdd.distillation.schedule import Schedule
from tdd.distillation.trainee import Trainee
from tdd.distillation.truncation import window
from tdd.distilled_set.embedding import SavedEmbedding
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, OutOfTime, TddError
from tdd.networks.own import network_to_use, recipe_for
from tdd.settings.faults import check_kind_of_data
from tdd.settings.recipe import Recipe
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.processes import sums
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
        network: the user's own network, see `make_learner`; None: the recipe's, or its pool.
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
        recipe = recipe_for(recipe, network)
        used: list[str | nn.Module] = [*recipe.pool] or [network_to_use(recipe.network, network)]
        check_kind_of_data(recipe, corpus.train.space.kind)
        self.recipe = recipe = recipe.settled(len(corpus.classes), **corpus.found())
        self.trainees = [
            Trainee.of(recipe.alone(name), network, corpus, self.device, row, start)
            for row, (name, network) in enumerate(zip(recipe.learners, used, strict=True))
        ]
        self.batches, self.deadline = OuterBatches.of(recipe, corpus.train, self.device), math.inf
        self.start = start
        samples, labels, mask, rates, momentum = first_of_data(recipe, corpus) if start is None else parts_of(start)
        learners = [trainee.learner for trainee in self.trainees]
        for learner in learners:
            learner.check_reads(samples.shape[2:])
        self.mask = None if mask is None else mask.to(self.device)
        self.parametrisation = parametrisation(recipe, corpus, mask, self.device, start)
        own = None if start is None else start.attention
        attention = first_attention(recipe, learners[0], samples, mask) if own is None else own
        first = (self.parametrisation.start(samples), labels, rates, momentum, attention)
        still = ["samples"] if isinstance(self.parametrisation, RealSamples) and self.parametrisation.stay else []
        learned = first_learned(recipe, *first, [*frozen, *still], self.device)
        optimised = {name: value for name, value in learned.items() if value.requires_grad}
        optimiser = adam(optimised, recipe, any(each.pretrained for each in learners))
        self.state = OuterState.at_start(learned, optimiser, Schedule.of(recipe))
        self.state.kept = [trainee.kept for trainee in self.trainees]
        signed = source_of_pool(self.trainees)
        words = self.parametrisation.identity()
        self.made_from = MadeFrom.of(recipe, corpus, network=signed["network"], frozen=signed["frozen"], samples=words)
        if checkpoint is not None and checkpoint.exists():
            self.state.load(checkpoint, self.made_from)

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
            exchange(recipe, state, self.parametrisation, self.trainees, self.batches, self.mask, self.accelerator)
            state.step += 1
            due = state.step >= state.schedule.last or state.step % recipe.validate_every == 0
            validation, last = self._validate() if due else None, state.is_done
            state.seconds = time.monotonic() - began
            best = state.best_accuracy
            self.on_progress(Progress(state.step, outcome.loss, validation, best, outcome.learning_rate, state.seconds))
            # Several processes agreed in the step's reduction; a single one asks again, not to do another step.
            alone = self.accelerator.num_processes == 1
            asked = outcome.asked or (alone and self.should_stop())
            out_of_time = outcome.out_of_time or (alone and self._out_of_time())
            state.schedule.after_step(state.step)
            if asked or out_of_time or last or state.step % recipe.checkpoint_every == 0:
                self.save()
            done = f"stopped after {state.step} of {state.schedule.last} outer steps"
            if (asked or out_of_time) and not last:
                raise Interrupted(done) if asked else OutOfTime(f"max_minutes are over: {done}")
        return self.best()

    def best(self) -> DistilledSet:
        """The best averaged set on held-out data so far."""
        return self._as_set(self.state.best or self.state.average)

    # One outer step

    def gradient(self, attempt: int = 0) -> tuple[list[torch.Tensor], float]:
        """Mean outer loss of the next outer step's networks, and its gradient to each learned tensor.

        Nothing is updated but kept networks. Every `attempt` draws other networks.

        Returns:
            The loss (1,) and the gradients, and the weight of the networks whose turn it is.
        """
        recipe, state, learned = self.recipe, self.state, self.state.learned
        batch = self.batches.at(state.step)
        place: list[str | int] = ["network", state.step, *["again"] * attempt]
        samples = self.parametrisation.samples(learned["samples"])
        total = [torch.zeros(1, device=self.device), *(torch.zeros_like(value) for value in learned.values())]
        taken = list(turns(recipe, self.trainees, state.step))
        for trainee, weight, before in taken:
            inner = trainee.inner_loop(learned, samples, self.mask, (state.step,), trainee.steps_of_kept)
            steps = self._window(len(inner))
            for found in trainee.outer_gradient(inner, steps, batch, self.accelerator, place, before):
                about = (self.parametrisation, trainee.row, recipe.label_pull)
                gradients = to_learned(found.gradient, learned, *about)
                parts, share = [found.loss[None], *gradients], weight * found.share
                total = [sum_ + share * part for sum_, part in zip(total, parts, strict=True)]
        return total, sum(turn.weight for turn in taken)

    def _outer_step(self, attempt: int = 0) -> Outcome:
        """One outer step (Algorithm 2 of the paper)."""
        recipe, state, learned = self.recipe, self.state, self.state.learned
        total, weight = self.gradient(attempt)
        wishes = torch.tensor([self.should_stop(), self._out_of_time()], dtype=torch.float, device=self.device)
        loss, *gradients, wishes = sums([*total, wishes], self.accelerator)
        kept = {n: value for n, value in zip(learned, gradients, strict=True) if learned[n].requires_grad}
        turn, factor = whose_turn(recipe, self.trainees, state.step), state.schedule.factor(state.step)
        clip_norm = largest_norm(recipe, state, turn)
        return update(state, kept, loss, wishes, clip_norm, weight, turn, factor, recipe.ema or 0.0)

    def _finite_outer_step(self) -> Outcome:
        for attempt in range(1 if self.recipe.init == "fixed" else DRAWS):
            outcome = self._outer_step(attempt)
            if outcome.finite:
                return outcome
        self.save()
        raise TddError(
            f"the outer loss is no longer finite at outer step {self.state.step + 1}; the set is as it was before. "
            f"Lower learning_rate or samples_lr and start again in a new folder"
        )

    def _window(self, inner_steps: int) -> range:
        recipe, step, planned = self.recipe, self.state.step, self.state.schedule.outer_steps
        return window(inner_steps, recipe.window, recipe.window_end, step, planned, recipe.seed)

    def _out_of_time(self) -> bool:
        return time.monotonic() >= self.deadline

    # Validation and what is kept

    def _validate(self) -> float:
        """Held-out `metric` of networks trained on the averaged set, over the pool; the best set so far is kept."""
        recipe, state, average = self.recipe, self.state, self.state.average
        samples = self.parametrisation.finished(average["samples"])[0]
        scores = []
        for trainee in self.trainees:
            inner = trainee.inner_loop(average, samples, self.mask)
            tested = trainee.validated(inner, self.corpus, self.accelerator)
            scores.append(tested.score(recipe.metric).mean().item())
        score = score_of_pool(recipe, scores)
        if score > state.best_accuracy:
            state.best_accuracy, state.best_of_each, state.best_step = score, scores, state.step
            state.best = {name: value.detach().clone() for name, value in average.items()}
        state.schedule.after_validation(state.step, state.best_step)
        return score

    def save(self) -> None:
        """Write the state, if it has a file."""
        if self.checkpoint is None:
            return
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            self.state.save(self.checkpoint, self.made_from)
        self.accelerator.wait_for_everyone()

    def _as_set(self, learned: Tensors) -> DistilledSet:
        samples, sentences = self.parametrisation.finished(learned["samples"])
        ready = {name: value.detach().cpu().clone() for name, value in (learned | {"samples": samples}).items()}
        source = {**self.corpus.source, "fingerprint": self.corpus.fingerprint, **source_of_pool(self.trainees)}
        return DistilledSet(
            ready["samples"],
            labels_of(ready),
            rates_of(ready),
            self.corpus.classes,
            self.recipe,
            source,
            kept_initialisation(self.recipe, self.trainees),
            sentences=sentences,
            momentum=momentum_of(ready),
            mask=None if self.mask is None else self.mask.cpu(),
            attention=ready.get("attention"),
            embedding=SavedEmbedding.of(self.corpus.train),
            test_rows=self.corpus.test_rows,
        )
