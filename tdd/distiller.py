"""The outer loop: real batches, the unrolled gradient, Adam, validation, checkpoints."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor

from tdd.checkpoint import OuterState, Tensors
from tdd.data import Corpus
from tdd.distilled import DistilledSet
from tdd.errors import TddError
from tdd.evaluation import accuracy_of_set, gather
from tdd.networks import build_network
from tdd.networks.kernel import Parameters, draw
from tdd.parametrisation import first_samples, parametrisation
from tdd.recipe import Recipe
from tdd.seeds import generator
from tdd.unroll import SetGradient, make_kernel, outer_gradient
from tdd.window import window

# The float32 next below 1, to which a large raw momentum would be rounded.
MOST_MOMENTUM = 1 - 2**-24

# Settings that a run may be gone on with changed: they have no part in the set.
NO_PART = {"report_to", "checkpoint_every", "data", "test_networks", "networks_at_once", "refit_steps"}


@dataclass(frozen=True)
class Progress:
    """Where the outer loop stands, told after every outer step.

    Attributes:
        step: outer steps done.
        outer_loss: mean outer loss of the step's networks.
        validation_accuracy: held-out accuracy, where the step ended with a validation.
        best_accuracy: best held-out accuracy so far, below 0 before the first validation.
        learning_rate: mean of the learned inner learning rates.
        seconds: time spent so far, over all sessions of the run.
    """

    step: int
    outer_loss: float
    validation_accuracy: float | None
    best_accuracy: float
    learning_rate: float
    seconds: float


class Interrupted(TddError):
    """The run was asked to stop; its state is saved."""

    exit_code = 130


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
        steps, per_step = recipe.split(len(corpus.classes))
        self.recipe = recipe.model_copy(update={"steps": steps})
        self.network = build_network(recipe, corpus.train.sample_shape, len(corpus.classes))
        self.kernel = make_kernel(self.network, recipe.unroll, self.accelerator.autocast)
        self.start, self.frozen = start, {*frozen, *(("labels",) if recipe.labels == "hard" else ())}
        self.parametrisation = parametrisation(recipe, corpus, self.accelerator.device)
        self.fixed = self._fixed() if recipe.init == "fixed" else None
        learned = self._start(steps, per_step)
        self.state = OuterState(learned, self._optimiser(learned), {k: v.detach().clone() for k, v in learned.items()})
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
                    F.softplus(state.learned["raw_rates"]).mean().item(),
                    state.seconds,
                )
            )
            stop = self._anyone(self.should_stop())
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
        recipe, state, world = self.recipe, self.state, self.accelerator
        indices = list(range(recipe.networks))[world.process_index :: world.num_processes]
        batch = self.corpus.train.batch(self._batch_indices(state.step))
        if recipe.word_dropout:
            batch = batch.drop_words(recipe.word_dropout, generator(recipe.seed, "word_dropout", state.step))
        batch = batch.to(world.device)
        learned = state.learned
        samples, rates = self.parametrisation.samples(learned["samples"]), F.softplus(learned["raw_rates"])
        total = [torch.zeros(1, device=world.device), *(torch.zeros_like(value) for value in learned.values())]
        for start in range(0, len(indices), recipe.networks_at_once):
            group = indices[start : start + recipe.networks_at_once]
            theta = self.fixed or self._draw("network", state.step, networks=group)
            found = outer_gradient(
                self.kernel,
                theta,
                samples,
                learned["labels"],
                rates,
                batch,
                recipe.unroll,
                momentum_of(learned),
                window=window(recipe, len(rates), state.step),
                smoothing=recipe.label_smoothing,
            )
            share = len(group) / recipe.networks
            total = [sum_ + share * part for sum_, part in zip(total, self._parts(found), strict=True)]
        loss, *gradients = self._over_processes(total)
        gradients = [part * (name not in self.frozen) for name, part in zip(learned, gradients, strict=True)]
        norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
        if not (math.isfinite(loss.item()) and math.isfinite(norm.item())):
            self._save()
            raise TddError(
                f"the outer loss is no longer finite at outer step {state.step + 1}; the set is as it was before. "
                f"Lower learning_rate or samples_lr and start again in a new folder"
            )
        scale = min(1.0, recipe.clip_norm / max(norm.item(), 1e-12))
        factor = self._schedule(state.step)
        for sizes, value, gradient in zip(state.optimiser.param_groups, learned.values(), gradients, strict=True):
            sizes["lr"] = sizes["base_lr"] * factor
            value.grad = gradient * scale
        state.optimiser.step()
        self._update_average()
        return loss.item()

    def _parts(self, found: SetGradient) -> list[Tensor]:
        """The outer loss and the gradient to each learned tensor, in their order."""
        learned = self.state.learned
        samples = self.parametrisation.gradient(learned["samples"], found.samples)
        raw_rates = found.learning_rates * torch.sigmoid(learned["raw_rates"])
        parts = [found.losses.mean()[None], samples, found.labels, raw_rates]
        momentum = momentum_of(learned)
        if found.momentum is not None and momentum is not None:
            parts.append(found.momentum * momentum * (1 - momentum))
        return parts

    def _over_processes(self, parts: list[Tensor]) -> list[Tensor]:
        """Sums over processes, by one flat reduction."""
        if self.accelerator.num_processes == 1:
            return parts
        flat = self.accelerator.reduce(torch.cat([part.flatten() for part in parts]), "sum")
        sizes = [part.numel() for part in parts]
        return [piece.view_as(part) for piece, part in zip(flat.split(sizes), parts, strict=True)]

    def _anyone(self, wants: bool) -> bool:
        """Whether any process wants to, so that all of them stop after the same step."""
        if self.accelerator.num_processes == 1:
            return wants
        return bool(self.accelerator.reduce(torch.tensor(float(wants), device=self.accelerator.device), "sum").item())

    def _update_average(self) -> None:
        # Early on the average follows closely, so that it is not held back by the start.
        decay = min(self.recipe.ema, (1 + self.state.step) / (10 + self.state.step))
        with torch.no_grad():
            for name, value in self.state.learned.items():
                self.state.average[name].lerp_(value, 1 - decay)

    def _schedule(self, step: int) -> float:
        """Factor of the Adam step sizes at an outer step."""
        recipe = self.recipe
        rise = min(1.0, (step + 1) / recipe.warmup) if recipe.warmup else 1.0
        if recipe.schedule == "constant":
            return rise
        return rise * 0.5 * (1 + math.cos(math.pi * step / recipe.outer_steps))

    def _batch_indices(self, step: int) -> Tensor:
        """Training examples of an outer step: a new order every epoch, a function of seed and step alone."""
        examples = len(self.corpus.train)
        size = min(self.recipe.batch_size, examples)
        epoch, place = divmod(step, examples // size)
        order = torch.randperm(examples, generator=generator(self.recipe.seed, "order", epoch))
        return order[place * size : (place + 1) * size]

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
            F.softplus(ready["raw_rates"]),
            self.corpus.classes,
            self.recipe,
            {**self.corpus.source, "fingerprint": self.corpus.fingerprint},
            {name: value[0].cpu() for name, value in self.fixed.items()} if self.fixed else None,
            sentences=sentences,
            momentum=momentum_of(ready),
        )

    # The start

    def _draw(self, *place: str | int, networks: list[int] | None = None) -> Parameters:
        generators = [generator(self.recipe.seed, *place, index) for index in (networks or [0])]
        return draw(self.network, generators, self.accelerator.device)

    def _start(self, steps: int, per_step: int) -> Tensors:
        recipe, corpus = self.recipe, self.corpus
        if self.start is not None:
            samples, labels, rates = self.start.samples, self.start.labels, self.start.learning_rates
            momentum = self.start.momentum
        else:
            samples = first_samples(recipe, corpus, steps, per_step)
            labels = first_labels(steps, per_step, len(corpus.classes))
            rates = torch.full((recipe.epochs * steps,), recipe.learning_rate)
            momentum = torch.tensor(recipe.momentum) if recipe.momentum else None
        raw = (rates.double() + (-torch.expm1(-rates.double())).log()).float()  # the inverse of softplus
        learned = {"samples": self.parametrisation.start(samples), "labels": labels, "raw_rates": raw}
        if momentum is not None:
            learned["raw_momentum"] = torch.logit(momentum.double(), eps=1e-12).float()
        return {
            name: value.clone().to(self.accelerator.device).requires_grad_(name not in self.frozen)
            for name, value in learned.items()
        }

    def _fixed(self) -> Parameters:
        if self.start is None or self.start.initialisation is None:
            return self._draw("network")
        return {name: value[None].to(self.accelerator.device) for name, value in self.start.initialisation.items()}

    def _optimiser(self, learned: Tensors) -> torch.optim.Adam:
        samples, labels, rates = self.recipe.samples_lr, self.recipe.labels_lr, self.recipe.rates_lr
        sizes = {"samples": samples, "labels": labels, "raw_rates": rates, "raw_momentum": rates}
        groups: list[dict[str, Any]] = [
            {"params": [value], "lr": sizes[name], "base_lr": sizes[name]} for name, value in learned.items()
        ]
        return torch.optim.Adam(groups)


def momentum_of(learned: Tensors) -> Tensor | None:
    """The learned momentum, below 1 for any raw number; None where there is none."""
    raw = learned.get("raw_momentum")
    return None if raw is None else torch.sigmoid(raw).clamp(max=MOST_MOMENTUM)


def first_labels(steps: int, per_step: int, classes: int) -> Tensor:
    """One-hot labels (paper 3.2), classes in turn; with fewer samples than classes each sample stands for several."""
    n = steps * per_step
    labels = torch.zeros(n, classes)
    for place in range(max(n, classes)):
        labels[place % n, place % classes] = 1.0
    return (labels / labels.sum(1, keepdim=True)).view(steps, per_step, classes)


def run_fingerprint(recipe: Recipe, corpus: Corpus, *more: int) -> str:
    """What a checkpoint belongs to: the settings that shape the set, the data, and `more`."""
    settings = recipe.model_dump(exclude=NO_PART)
    return hashlib.sha256(json.dumps([settings, corpus.fingerprint, *more]).encode()).hexdigest()
