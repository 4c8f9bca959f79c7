"""A run that starts from another distilled set: of another n, another network, or other words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.distillation.samples.start import first_rates
from tdd.distilled_set.probabilities import probabilities
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

REPEATED = 0.1
"""Standard deviation of the noise on a sample that was there before, in that of real inputs: equal samples of a step
would stay equal for ever."""


def started_from(before: DistilledSet, recipe: Recipe, corpus: Corpus) -> tuple[DistilledSet, str]:
    """A set of the shape of `recipe` to start from, with what `before` has learned.

    Samples are taken in their order, step by step, the classes in turn as sets have them at their start: the first ones
    where fewer are wanted, and from the first one on again, with a little noise, where more are. Learning rates are
    repeated over steps and epochs alike; those of another network are the set's first ones. Sentences are cut or padded
    to the length of the run's. Through plain training rates start anew, and labels are made probabilities.

    Args:
        before: the set.
        recipe: of the run, settled.
        corpus: its data.

    Returns:
        The set, and how its samples were taken, in a few words.

    Raises:
        UsageError: it tells other classes apart, or its samples are of other vectors or sizes.
    """
    if before.classes != corpus.classes:
        raise UsageError(
            f"start_from: the set tells {', '.join(before.classes)} apart, the data hold {', '.join(corpus.classes)}"
        )
    space, has = corpus.train.space, before.space
    if not space.holds(has):
        raise UsageError(f"start_from: the set's samples are {has}, those of this run would be {space}")
    steps, per_step = recipe.split(len(corpus.classes))
    n = steps * per_step
    places = torch.arange(n) % before.n
    samples, mask = before.samples.flatten(0, 1)[places].clone(), before.mask
    mask = None if mask is None else mask.flatten(0, 1)[places]
    again = torch.arange(n) >= before.n
    noise = torch.randn(samples.shape, generator=generator(recipe.seed, "start_from"))
    samples[again] += REPEATED * corpus.train.scale() * noise[again]
    if space.kind == "text":
        samples, mask = _of_length(samples, mask, recipe.length)
        samples = samples if mask is None else samples * mask[..., None]
    labels = before.labels.flatten(0, 1)[places]
    if recipe.inner == "plain":
        labels = probabilities(labels)
    if recipe.labels == "hard":
        labels = F.one_hot(labels.argmax(1), len(corpus.classes)).float()
    same_training = before.recipe.inner == recipe.inner == "learned"
    momentum = before.momentum if before.momentum is not None else torch.tensor(recipe.momentum)
    start = replace(
        before,
        samples=samples.unflatten(0, (steps, per_step)),
        labels=labels.unflatten(0, (steps, per_step)).clone(),
        learning_rates=_rates(before, recipe, steps) if same_training else first_rates(recipe, corpus),
        recipe=recipe,
        initialisation=_initialisation(before, recipe),
        results={},
        sentences=None,
        momentum=momentum if recipe.momentum else None,
        mask=None if mask is None or mask.all() else mask.unflatten(0, (steps, per_step)),
        attention=None,
    )
    return start, _how(before.n, n)


def _how(had: int, n: int) -> str:
    if n == had:
        return "all its samples"
    return f"the first {n} of its samples" if n < had else "its samples, repeated with a little noise"


def _of_length(samples: Tensor, mask: Tensor | None, length: int) -> tuple[Tensor, Tensor | None]:
    """Sentences (n, L, d) and their mask (n, L), cut or padded."""
    had = samples.shape[1]
    if had == length:
        return samples, mask
    mask = torch.ones(samples.shape[:2], dtype=torch.bool) if mask is None else mask
    more = max(0, length - had)
    return F.pad(samples[:, :length], (0, 0, 0, more)), F.pad(mask[:, :length], (0, more))


def _rates(before: DistilledSet, recipe: Recipe, steps: int) -> Tensor:
    """Learning rates (P, T) of the run: of each of its networks those of the same one, or else of the set's first."""
    had, known = len(before.samples), before.recipe.learners
    rows = [known.index(name) if name in known else 0 for name in recipe.learners]
    rates = before.learning_rates[rows].unflatten(1, (-1, had))
    epochs = torch.arange(recipe.epochs) % rates.shape[1]
    of_steps: Tensor = rates[:, epochs][:, :, torch.arange(steps) % had]
    return of_steps.flatten(1).clone()


def _initialisation(before: DistilledSet, recipe: Recipe) -> dict[str, Tensor] | None:
    """The one that the set was made for, where the run has the same networks."""
    same = (before.recipe.learners, before.recipe.options) == (recipe.learners, recipe.options)
    return before.initialisation if same and recipe.init == "fixed" else None
