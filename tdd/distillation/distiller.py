"""The outer loop: real batches, the unrolled gradient, Adam, validation, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from tdd.data.corpus import Corpus
from tdd.data.protocols import RealBatch
from tdd.distillation.accuracy import accuracy_of_set
from tdd.distillation.checkpoint import OuterState, run_fingerprint
from tdd.distillation.learned_tensors import Tensors, first_learned, gradients_of, momentum_of, rates_of
from tdd.distillation.outer_update import adam, update
from tdd.distillation.samples.choice import parametrisation
from tdd.distillation.truncation import window
from tdd.distillation.unroll import outer_gradient
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, TddError
from tdd.networks.initialisation import draw
from tdd.networks.kernels.choice import make_kernel
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.registry import build_network
from tdd.settings.recipe import Recipe
from tdd.system.processes import anyone, gather, sums
from tdd.system.reporter import Progress
from tdd.system.seeds import generator

# Draws of networks that an outer step may try: rarely, one explodes where all the others learn.
DRAWS = 5


class Distiller:
    """Learns a distilled set from a corpus (Algorithm 2 of the paper).

    Args:
        recipe: every setting.
        corpus: the data, encoded with the recipe's word vectors.
        checkpoint: file that keeps the state; an existing one is gone on with. None: nothing is kept.
        accelerator: device, processes and trackers.
        on_progress: called after every outer step.
        should_stop: asked after every outer step; True saves the state and raises `Interrupted`.
        start: a set of the recipe's shape to start from, and the best one until held-out data say otherwise.
        frozen: names of what is not learned, of "samples", "labels", "raw_rates" and "raw_momentum"; hard labels are
            not in any case.
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
    ):
        self.corpus, self.checkpoint = corpus, checkpoint
        self.accelerator = accelerator or Accelerator()
        self.on_progress, self.should_stop = on_progress, should_stop
        self.recipe = recipe.model_copy(update={"steps": recipe.split(len(corpus.classes))[0]})
        self.network = build_network(recipe, corpus.train.sample_shape, len(corpus.classes))
        self.kernel = make_kernel(self.network, recipe.unroll, self.accelerator.autocast)
        self.start, self.frozen = start, {*frozen, *(("labels",) if recipe.labels == "hard" else ())}
        self.parametrisation = parametrisation(recipe, corpus, self.accelerator.device)
        self.fixed = self._fixed() if recipe.init == "fixed" else None
        learned = {
            name: value.clone().to(self.accelerator.device).requires_grad_(name not in self.frozen)
            for name, value in first_learned(self.recipe, corpus, self.parametrisation, start).items()
        }
        self.state = OuterState(learned, adam(recipe, learned), {k: v.detach().clone() for k, v in learned.items()})
        self.fingerprint = run_fingerprint(self.recipe, corpus, *self.parametrisation.identity())
        if checkpoint is not None and checkpoint.exists():
            self.state.load(checkpoint, self.fingerprint)

    def run(self) -> DistilledSet:
        """Distil to the end of the recipe's outer steps.

        Returns:
            The averaged set that was best on held-out data, on the CPU.

        Raises:
            Interrupted: `should_stop` said so; the state is saved.
            TddError: the outer loss or its gradient is not finite any more.
        """
        recipe, state = self.recipe, self.state
        began = time.monotonic() - state.seconds
        if self.start is not None and state.step == 0:
            self._validate()
        while state.step < recipe.outer_steps:
            outer_loss = self._outer_step()
            state.step += 1
            last = state.step == recipe.outer_steps
            validation = self._validate() if state.step % recipe.validate_every == 0 or last else None
            state.seconds = time.monotonic() - began
            self.on_progress(
                Progress(
                    state.step,
                    outer_loss,
                    validation,
                    state.best_accuracy,
                    rates_of(state.learned).mean().item(),
                    state.seconds,
                )
            )
            stop = anyone(self.should_stop(), self.accelerator)
            if stop or last or state.step % recipe.checkpoint_every == 0:
                self._save()
            if stop and not last:
                raise Interrupted(f"stopped after {state.step} of {recipe.outer_steps} outer steps")
        return self.best()

    def best(self) -> DistilledSet:
        """The best averaged set on held-out data so far."""
        return self._as_set(self.state.best or self.state.average)

    # One outer step

    def _outer_step(self) -> float:
        """A real batch, the unrolled gradient, Adam. Returns the outer loss."""
        batch = self._batch()
        for attempt in range(1 if self.fixed else DRAWS):
            loss, gradients = self._outer_gradient(batch, attempt)
            norm = torch.stack([gradient.norm() for gradient in gradients]).norm().item()
            if math.isfinite(loss) and math.isfinite(norm):
                update(self.recipe, self.state, gradients, norm)
                return loss
        self._save()
        raise TddError(
            f"the outer loss is no longer finite at outer step {self.state.step + 1}; the set is as it was before. "
            f"Lower learning_rate or samples_lr and start again in a new folder"
        )

    def _batch(self) -> RealBatch:
        recipe, step = self.recipe, self.state.step
        batch = self.corpus.train.batch(self._batch_indices(step))
        return batch.augmented(recipe, step).to(self.accelerator.device)

    def _batch_indices(self, step: int) -> Tensor:
        """Training examples of an outer step: a new order every epoch, a function of seed and step alone."""
        examples = len(self.corpus.train)
        size = min(self.recipe.batch_size, examples)
        epoch, place = divmod(step, examples // size)
        order = torch.randperm(examples, generator=generator(self.recipe.seed, "order", epoch))
        return order[place * size : (place + 1) * size]

    def _outer_gradient(self, batch: RealBatch, attempt: int) -> tuple[float, list[Tensor]]:
        """The outer loss and the gradient to each learned tensor, means over the step's networks in all processes.

        Every `attempt` draws other networks.
        """
        recipe, state, world = self.recipe, self.state, self.accelerator
        learned = state.learned
        samples, rates = self.parametrisation.samples(learned["samples"]), rates_of(learned)
        total = [torch.zeros(1, device=world.device), *(torch.zeros_like(value) for value in learned.values())]
        mine = list(range(recipe.networks))[world.process_index :: world.num_processes]
        for start in range(0, len(mine), recipe.networks_at_once):
            group = mine[start : start + recipe.networks_at_once]
            found = outer_gradient(
                self.kernel,
                self.fixed or self._draw("network", state.step, *["again"] * attempt, networks=group),
                samples,
                learned["labels"],
                rates,
                batch,
                recipe.unroll,
                momentum_of(learned),
                window=window(recipe, len(rates), state.step),
                smoothing=recipe.label_smoothing,
            )
            parts = [found.losses.mean()[None], *gradients_of(learned, self.parametrisation, found)]
            share = len(group) / recipe.networks
            total = [sum_ + share * part for sum_, part in zip(total, parts, strict=True)]
        loss, *gradients = sums(total, world)
        return loss.item(), [part * (name not in self.frozen) for name, part in zip(learned, gradients, strict=True)]

    # Validation and what is kept

    def _validate(self) -> float:
        recipe, state, world = self.recipe, self.state, self.accelerator
        count = 1 if self.fixed else recipe.validation_networks
        mine = list(range(count))[world.process_index :: world.num_processes]
        found: dict[int, float] = {}
        for start in range(0, len(mine), recipe.networks_at_once):
            group = mine[start : start + recipe.networks_at_once]
            theta = self.fixed or self._draw("validation", networks=group)
            reached = accuracy_of_set(
                self.network,
                theta,
                self._as_set(state.average),
                self.corpus.validation,
                world.device,
                recipe.max_validation,
            )
            found |= dict(zip(group, reached.tolist(), strict=True))
        mean = sum(gather(found, count, world)) / count
        if mean > state.best_accuracy:
            state.best_accuracy, state.best_step = mean, state.step
            state.best = {name: value.detach().clone() for name, value in state.average.items()}
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
        return DistilledSet(
            ready["samples"],
            ready["labels"],
            rates_of(ready),
            self.corpus.classes,
            self.recipe,
            {**self.corpus.source, "fingerprint": self.corpus.fingerprint},
            {name: value[0].cpu() for name, value in self.fixed.items()} if self.fixed else None,
            sentences=sentences,
            momentum=momentum_of(ready),
        )

    # Networks

    def _draw(self, *place: str | int, networks: list[int] | None = None) -> Parameters:
        generators = [generator(self.recipe.seed, *place, index) for index in (networks or [0])]
        return draw(self.network, generators, self.accelerator.device)

    def _fixed(self) -> Parameters:
        if self.start is None or self.start.initialisation is None:
            return self._draw("network")
        return {name: value[None].to(self.accelerator.device) for name, value in self.start.initialisation.items()}
