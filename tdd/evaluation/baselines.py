"""What a distilled set of n samples is compared with (paper 4.1 and 4.3): each baseline, measured by its name.

Sets of real examples, or of points made of them, train the same network as the distilled set for the same number of
gradient steps, with one-hot labels and a constant learning rate; or real ones until it has converged
(`tdd.evaluation.convergence`). Rates, neighbours and draws are chosen on held-out training data; the test split is read
once a baseline, at its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from tdd.data.real_examples import LabelledExamples
from tdd.distillation.samples.start import first_labels
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation import convergence
from tdd.evaluation.convergence import Lesson, teachers_labels, until_converged
from tdd.evaluation.decoded import refit
from tdd.evaluation.evaluation import Evaluation
from tdd.evaluation.full_data import train_on_all
from tdd.evaluation.nearest_neighbours import NEIGHBOURS, neighbours_accuracy
from tdd.evaluation.rate_search import RATES, T, Trainer, by_inner_loop, choose, with_rate
from tdd.evaluation.real_sets import RealSets
from tdd.networks.learner import Learner, make_learner
from tdd.networks.own import network_to_use
from tdd.settings.pool_parts import check_one_network
from tdd.settings.recipe import Recipe
from tdd.system.formatting import percent
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.reporter import Progress, Reporter

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

OPTIMISED_SHARE = 0.2
"""Share of the random draws that "optimised" keeps (Wang et al., arXiv 1811.10959, section 4)."""
LABELS_DRAWS = 3
"""Most draws of random examples that labels are learned for, which takes long."""


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
        check_one_network(recipe, "baselines are")
        recipe = recipe.settled(len(corpus.classes), **corpus.found())
        self.recipe, self.corpus, self.draws, self.networks = recipe, corpus, draws, networks
        self.classes = len(corpus.classes)
        self.accelerator, self.reporter = accelerator or default_accelerator(), reporter or Reporter(quiet=True)
        self.network = network_to_use(recipe.network, network)
        space, device = corpus.train.space, self.accelerator.device
        learner = make_learner(self.network, recipe.options, space, self.classes, device, recipe.initialisation)
        self.initialisation = None
        if recipe.init == "fixed":
            self.initialisation = initialisation or learner.to_keep(learner.fixed_start(recipe.seed))
        self.learner, fixed = learner, self.initialisation
        self.sets = RealSets(recipe, corpus, draws, fixed)
        self.trainer = Trainer(learner, recipe, corpus, fixed, by_inner_loop(learner), with_rate, RATES, self._tell)
        self.converged = until_converged(learner, recipe, corpus, fixed, self._tell)

    def measure(self, name: str) -> dict[str, Any]:
        """Measure the baseline `name` of `tdd.evaluation.names.NAMES`.

        Returns:
            "mean" and "sd" of the "accuracies" on the test split, and what the deviation is "sd_over"; how many
            "draws" of samples and, where there are any, "networks", their "init" and "gradient_steps", or
            "most_gradient_steps" where training ends with the gain on held-out data; what was chosen ("learning_rate",
            "neighbours") by "validation_accuracy"; "test_examples", "test_split" and "seconds".
        """
        start, sets = time.monotonic(), self.sets
        result = {
            "random": lambda: self._trained(self.trainer, sets.random, self._random_held_out),
            "optimised": self._optimised,
            "kmeans": lambda: self._by_steps(sets.kmeans),
            "average": lambda: self._by_steps([sets.average]),
            "herding": lambda: self._by_steps([sets.at(sets.herding_places)]),
            "k_center": lambda: self._by_steps([sets.at(sets.k_center_places)]),
            "random_converged": lambda: self._converged(sets.random_places[: convergence.DRAWS]),
            "herding_converged": lambda: self._converged([sets.herding_places]),
            "k_center_converged": lambda: self._converged([sets.k_center_places]),
            "herding_teacher": lambda: self._converged([sets.herding_places], teachers_labels),
            "knn_random": lambda: self._neighbours(sets.random),
            "knn_kmeans": lambda: self._neighbours(sets.kmeans),
            "label_only": self._labels_learned,
            "full": self._full,
        }[name]()
        return result | {"seconds": round(time.monotonic() - start, 1)}

    @cached_property
    def _random_held_out(self) -> Tensor:
        return self.trainer.held_out(self.sets.random)

    def _optimised(self) -> dict[str, Any]:
        """The draws best on held-out data."""
        keep = max(1, round(OPTIMISED_SHARE * len(self.sets.random)))
        return self._trained(self.trainer, self.sets.random, self._random_held_out, keep)

    def _by_steps(self, sets: Sequence[DistilledSet]) -> dict[str, Any]:
        """Networks trained for as many gradient steps as the distilled set has."""
        return self._trained(self.trainer, sets, self.trainer.held_out(sets))

    def _converged(
        self, draws: Sequence[Tensor], label: Callable[[Learner, Recipe, Corpus, Tensor], Tensor] | None = None
    ) -> dict[str, Any]:
        """Networks trained to convergence on the examples at some places, with their own labels or others."""
        train, lessons = self.corpus.train, []
        for places in draws:
            labels = F.one_hot(train.labels[places], self.classes).float()
            if label is not None:
                labels = label(self.learner, self.recipe, self.corpus, places)
            lessons.append(Lesson(LabelledExamples.of(train, places, labels)))
        held_out = self.converged.held_out(lessons, -(-self.recipe.validation_networks // len(lessons)))
        networks, steps = min(self.networks, convergence.NETWORKS), convergence.EPOCHS * lessons[0].batches
        return self._trained(self.converged, lessons, held_out, networks=networks, most_gradient_steps=steps)

    def _trained(
        self, trainer: Trainer[T], sets: Sequence[T], held_out: Tensor, keep: int | None = None, **details: Any
    ) -> dict[str, Any]:
        """Networks trained on the `keep` best sets, or all, at the best learning rate."""
        setting, kept = choose(held_out, keep or len(sets))
        rate = trainer.rates[setting]
        details |= {"learning_rate": rate, "validation_accuracy": held_out[kept, setting].mean().item()}
        return self._tested(trainer, [trainer.with_rate(sets[place], rate) for place in kept], **details)

    def _tested(
        self, trainer: Trainer[T], sets: Sequence[T], networks: int | None = None, **details: Any
    ) -> dict[str, Any]:
        accuracies = trainer.tested(sets, networks or self.networks)
        fresh = self.initialisation is None
        sd_over = [name for name, varies in (("networks", fresh), ("draws", len(sets) > 1)) if varies]
        if "most_gradient_steps" not in details:
            details["gradient_steps"] = self.recipe.epochs * self.sets.steps
        return self._result(accuracies, sd_over, init=self.recipe.init, draws=len(sets), **details)

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
        labels = first_labels(self.sets.steps, self.sets.per_step, self.classes)
        for place, real in enumerate(self.sets.random[:LABELS_DRAWS]):

            def tell(progress: Progress, place: int = place) -> None:
                text = f"labels of draw {place + 1}: held-out {percent(max(progress.best_accuracy, 0))}"
                self.reporter.count(progress.step, recipe.outer_steps or 0, text)

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
        return self._tested(self.trainer, fitted, outer_steps=recipe.outer_steps, validation_accuracy=held_out)

    def _full(self) -> dict[str, Any]:
        full = train_on_all(self.recipe, self.corpus, self.accelerator, self.reporter, self.network)
        return self._result([full["accuracy"]], [], **full)

    def _result(self, accuracies: list[float], sd_over: Sequence[str], **details: Any) -> dict[str, Any]:
        size = len(self.corpus.test)
        evaluation = Evaluation(self.recipe.init, accuracies, size, size)
        return evaluation.as_dict() | {"sd_over": " and ".join(sd_over)} | details

    def _tell(self, done: int, total: int, purpose: str) -> None:
        self.reporter.count(done, total, f"networks trained for {purpose}")
