"""What a distilled set of n samples is compared with (paper 4.1 and 4.3): each baseline, measured by its name.

Sets of real examples, or of points made of them, train the same network as the distilled set for the same number of
gradient steps, with one-hot labels and a constant learning rate. Rates, neighbours and draws are chosen on held-out
training data; the test split is read once a baseline, at its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from tdd.data.corpus import Corpus
from tdd.data.protocols import Split
from tdd.data.real_examples import class_centroids, class_means, herding, inputs_at, k_center, random_examples
from tdd.distillation.samples.start import first_labels, mask_of
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.decoded import refit
from tdd.evaluation.evaluation import Evaluation
from tdd.evaluation.full_data import train_on_all
from tdd.evaluation.nearest_neighbours import NEIGHBOURS, neighbours_accuracy
from tdd.evaluation.rate_search import RATES, Trainer, choose, with_rate
from tdd.networks.learner import make_learner
from tdd.networks.own import network_to_use
from tdd.settings.recipe import Recipe
from tdd.system.formatting import percent
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.reporter import Progress, Reporter
from tdd.system.seeds import generator

OPTIMISED_SHARE = 0.2
"""Share of the random draws that "optimised" keeps (Wang et al., arXiv 1811.10959, section 4)."""
KMEANS_DRAWS, LABELS_DRAWS = 5, 3
"""Most draws of baselines that take long for each of them."""


class Baselines:
    """The baselines of a recipe's set on its data.

    Args:
        recipe: the set's settings: network, initialisation, n and its steps, epochs.
        corpus: the data.
        draws: random sets of n real examples.
        networks: fresh networks tested for each baseline (random initialisation), shared out over its draws.
        initialisation: the parameters of a fixed initialisation; None: those that `Distiller` draws.
        accelerator: the device.
        reporter: where progress is told, without test accuracies.
        network: the user's own network, see `make_learner`; None: the recipe's.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        draws: int,
        networks: int,
        initialisation: dict[str, Tensor] | None = None,
        accelerator: Accelerator | None = None,
        reporter: Reporter | None = None,
        network: str | nn.Module | None = None,
    ):
        self.recipe, self.corpus, self.draws, self.networks = recipe, corpus, draws, networks
        self.classes = len(corpus.classes)
        self.steps, self.per_step = recipe.split(self.classes)
        self.accelerator, self.reporter = accelerator or default_accelerator(), reporter or Reporter(quiet=True)
        self.network = network_to_use(recipe.network, network)
        space, device = corpus.train.space, self.accelerator.device
        learner = make_learner(self.network, recipe.options, space, self.classes, device)
        self.initialisation = None
        if recipe.init == "fixed":
            self.initialisation = initialisation or learner.to_keep(learner.fixed_start(recipe.seed))
        self.trainer = Trainer(learner, recipe, corpus, self.initialisation, self._tell)

    def measure(self, name: str) -> dict[str, Any]:
        """Measure the baseline `name` of `tdd.evaluation.names.NAMES`.

        Returns:
            "mean" and "sd" of the "accuracies" on the test split, and what the deviation is "sd_over"; how many
            "draws" of samples and, where there are any, "networks", their "init" and "gradient_steps"; what was chosen
            ("learning_rate", "neighbours") by "validation_accuracy"; "test_examples", "test_split" and "seconds".
        """
        start = time.monotonic()
        result = {
            "random": lambda: self._trained(self.random, self._random_held_out, len(self.random)),
            "optimised": self._optimised,
            "kmeans": lambda: self._trained(self.kmeans, self.trainer.held_out(self.kmeans), len(self.kmeans)),
            "average": lambda: self._single(class_means(self.corpus.train, self.recipe.n, self.classes)),
            "herding": lambda: self._single_of(herding),
            "k_center": lambda: self._single_of(k_center),
            "knn_random": lambda: self._neighbours(self.random),
            "knn_kmeans": lambda: self._neighbours(self.kmeans),
            "label_only": self._labels_learned,
            "full": self._full,
        }[name]()
        return result | {"seconds": round(time.monotonic() - start, 1)}

    # The samples

    @cached_property
    def random(self) -> list[DistilledSet]:
        """Sets of random real examples."""
        train = self.corpus.train
        return [
            self._set(*inputs_at(train, random_examples(train.labels, self.recipe.n, self.classes, draw_from)))
            for draw_from in self._generators("random", self.draws)
        ]

    @cached_property
    def kmeans(self) -> list[DistilledSet]:
        """Sets of the centroids of each class."""
        return [
            self._set(class_centroids(self.corpus.train, self.recipe.n, self.classes, draw_from))
            for draw_from in self._generators("kmeans", min(self.draws, KMEANS_DRAWS))
        ]

    @cached_property
    def _random_held_out(self) -> Tensor:
        return self.trainer.held_out(self.random)

    def _generators(self, name: str, count: int) -> list[torch.Generator]:
        return [generator(self.recipe.seed, "baseline", name, index) for index in range(count)]

    def _set(self, inputs: Tensor, mask: Tensor | None = None) -> DistilledSet:
        """Inputs (n, ...), classes in turn, as a set with one-hot labels and the recipe's split into steps."""
        labels = F.one_hot(torch.arange(len(inputs)) % self.classes, self.classes).float()
        return DistilledSet(
            inputs.view(self.steps, self.per_step, *inputs.shape[1:]),
            labels.view(self.steps, self.per_step, self.classes),
            torch.full((1, self.recipe.epochs * self.steps), self.recipe.learning_rate),
            self.corpus.classes,
            self.recipe,
            self.corpus.train.source(),
            self.initialisation,
            mask=None if mask is None else mask_of(mask, (self.steps, self.per_step, *inputs.shape[1:])),
        )

    # How they are used

    def _optimised(self) -> dict[str, Any]:
        """The draws best on held-out data."""
        return self._trained(self.random, self._random_held_out, max(1, round(OPTIMISED_SHARE * len(self.random))))

    def _single_of(self, pick: Callable[[Split, int, int], Tensor]) -> dict[str, Any]:
        train = self.corpus.train
        return self._single(*inputs_at(train, pick(train, self.recipe.n, self.classes)))

    def _single(self, inputs: Tensor, mask: Tensor | None = None) -> dict[str, Any]:
        sets = [self._set(inputs, mask)]
        return self._trained(sets, self.trainer.held_out(sets), 1)

    def _trained(self, sets: Sequence[DistilledSet], held_out: Tensor, keep: int) -> dict[str, Any]:
        """Networks trained on the `keep` best sets at the best learning rate."""
        setting, kept = choose(held_out, keep)
        return self._tested(
            [with_rate(sets[place], RATES[setting]) for place in kept],
            learning_rate=RATES[setting],
            validation_accuracy=held_out[kept, setting].mean().item(),
        )

    def _tested(self, sets: Sequence[DistilledSet], **details: Any) -> dict[str, Any]:
        accuracies = self.trainer.tested(sets, self.networks)
        fresh = self.initialisation is None
        sd_over = [name for name, varies in (("networks", fresh), ("draws", len(sets) > 1)) if varies]
        steps = self.recipe.epochs * self.steps
        return self._result(
            accuracies, sd_over, init=self.recipe.init, draws=len(sets), gradient_steps=steps, **details
        )

    def _neighbours(self, sets: Sequence[DistilledSet]) -> dict[str, Any]:
        tried = [k for k in NEIGHBOURS if k <= self.recipe.n]
        held_out = neighbours_accuracy(sets, tried, self.corpus.validation, self.recipe.max_validation)
        setting, _ = choose(held_out, len(sets))
        tested = neighbours_accuracy(sets, tried[setting : setting + 1], self.corpus.test, len(self.corpus.test))
        return self._result(
            tested[:, 0].tolist(),
            ["draws"] if len(sets) > 1 else [],
            networks=0,
            draws=len(sets),
            neighbours=tried[setting],
            validation_accuracy=held_out[:, setting].mean().item(),
        )

    def _labels_learned(self) -> dict[str, Any]:
        """Soft labels and learning rates learned for random real examples, as long as those of a distilled set.

        Bohdal et al. (arXiv 2006.08572).
        """
        # Real examples are free samples, whatever those of the recipe are.
        recipe = self.recipe.model_copy(update={"labels": "soft", "samples": "free"})
        momentum = torch.tensor(recipe.momentum) if recipe.momentum else None
        fitted, accuracies = [], []
        # With fewer samples than classes the others start with a share in them.
        labels = first_labels(self.steps, self.per_step, self.classes)
        for place, real in enumerate(self.random[:LABELS_DRAWS]):

            def tell(progress: Progress, place: int = place) -> None:
                text = f"labels of draw {place + 1}: held-out {percent(max(progress.best_accuracy, 0))}"
                self.reporter.count(progress.step, recipe.outer_steps, text)

            start = DistilledSet(
                real.samples,
                labels,
                real.learning_rates,
                real.classes,
                recipe,
                real.source,
                self.initialisation,
                momentum=momentum,
                mask=real.mask,
            )
            distilled, fit = refit(
                start, self.corpus, recipe.init, self.accelerator, tell, recipe.outer_steps, self.network
            )
            fitted.append(distilled)
            accuracies.append(fit["validation_accuracy"])
        held_out = sum(accuracies) / len(accuracies)
        return self._tested(fitted, outer_steps=recipe.outer_steps, validation_accuracy=held_out)

    def _full(self) -> dict[str, Any]:
        full = train_on_all(self.recipe, self.corpus, self.accelerator, self.reporter, self.network)
        return self._result([full["accuracy"]], [], **full)

    def _result(self, accuracies: list[float], sd_over: Sequence[str], **details: Any) -> dict[str, Any]:
        size = len(self.corpus.test)
        evaluation = Evaluation(self.recipe.init, accuracies, size, size)
        return evaluation.as_dict() | {"sd_over": " and ".join(sd_over)} | details

    def _tell(self, done: int, total: int, purpose: str) -> None:
        self.reporter.count(done, total, f"networks trained for {purpose}")
