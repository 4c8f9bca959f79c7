"""Soft labels and learning rates learned for real examples that stay as they are (Bohdal et al., arXiv 2006.08572)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from torch import nn

from tdd.distillation.samples.start import first_labels
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.decoded import refit
from tdd.evaluation.real_sets import RealSets
from tdd.system.formatting import percent
from tdd.system.reporter import Progress, Reporter

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

DRAWS = 3
"""Most draws of random examples that labels are learned for, which takes long."""


def learn_labels(
    sets: RealSets, corpus: Corpus, accelerator: Accelerator, reporter: Reporter, network: str | nn.Module
) -> tuple[list[DistilledSet], float]:
    """Random examples with labels and rates learned for as long as those of a distilled set, and held-out accuracy."""
    # Real examples are free samples, whatever those of the recipe are.
    recipe = sets.recipe.model_copy(update={"labels": "soft", "samples": "free"})
    momentum = torch.tensor(recipe.momentum) if recipe.momentum else None
    fitted, accuracies = [], []
    # With fewer samples than classes the others start with a share in them.
    labels = first_labels(sets.steps, sets.per_step, sets.classes)
    for place, real in enumerate(sets.random[:DRAWS]):

        def tell(progress: Progress, place: int = place) -> None:
            text = f"labels of draw {place + 1}: held-out {percent(max(progress.best_accuracy, 0))}"
            reporter.count(progress.step, recipe.outer_steps or 0, text)

        start = DistilledSet(
            real.samples,
            labels,
            real.learning_rates,
            real.classes,
            recipe,
            real.source,
            sets.initialisation,
            momentum=momentum,
            mask=real.mask,
        )
        distilled, fit = refit(start, corpus, recipe.init, accelerator, tell, recipe.outer_steps, network)
        fitted.append(distilled)
        accuracies.append(fit["validation_accuracy"])
    return fitted, sum(accuracies) / len(accuracies)
