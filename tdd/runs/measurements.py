"""Everything that is measured of a set by its own network, a method each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accelerate import Accelerator
from torch import nn

from tdd.data.corpus import Corpus
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.decoded import decoded_accuracy
from tdd.evaluation.evaluation import Evaluation, evaluate, teller
from tdd.evaluation.full_data import train_on_all
from tdd.evaluation.kept_tests import KeptTests
from tdd.evaluation.names import NETWORKS
from tdd.evaluation.pool_figures import better_of_pool, pooled_full
from tdd.evaluation.small_step import evaluation_step
from tdd.settings.recipe import Recipe
from tdd.system.reporter import Reporter
from tdd.system.threads import are_open, choose


def evaluate_on(
    corpus: Corpus,
    distilled: DistilledSet,
    networks: int,
    init: str | None = None,
    max_test: int | None = None,
    accelerator: Accelerator | None = None,
    reporter: Reporter | None = None,
    tell_figures: bool = True,
    network: str | nn.Module | None = None,
    kept: KeptTests | None = None,
) -> Evaluation:
    """Evaluate a set on a corpus's test split, with progress told to `reporter`, see `evaluate`.

    `networks` are the fresh ones of a random initialisation; a fixed one is tested alone.
    """
    reporter = reporter or Reporter(quiet=True)
    fresh = None if (init or distilled.recipe.init) == "fixed" else networks

    tell = teller(reporter, networks, "networks tested", kept, tell_figures)
    with reporter:
        return evaluate(
            *(distilled, corpus.test, fresh, init, distilled.recipe.seed, max_test, accelerator, tell, network),
            kept=kept,
        )


@dataclass(frozen=True)
class Measurements:
    """Everything that can be measured of a set, a method each; a method returns what ``results.json`` keeps of it.

    Attributes:
        distilled: the set.
        recipe: its recipe, with the place that the data are read from.
        corpus: the data it was distilled from.
        networks: fresh networks; None: the default of each measurement.
        max_test: test on this many examples only.
        accelerator: device and processes.
        reporter: where progress is told.
        kept: where the networks tested so far are kept.
        network: the user's own network, ``python:package.module:Class``; None: the recipe's.
    """

    distilled: DistilledSet
    recipe: Recipe
    corpus: Corpus
    networks: int | None
    max_test: int | None
    accelerator: Accelerator
    reporter: Reporter
    kept: KeptTests
    network: str | None = None

    def _choose_threads(self, init: str) -> None:
        if are_open(self.accelerator, self.recipe.threads):
            networks = 1 if init == "fixed" else self.networks or NETWORKS
            step = evaluation_step(self.distilled, self.corpus.test, networks, self.network, self.accelerator.device)
            self.reporter.note(f"{init} initialisation, {choose(step)}")

    def evaluation(self, init: str) -> dict[str, Any]:
        """Test accuracy of networks trained on the set, by initialisation."""
        self._choose_threads(init)
        evaluation = evaluate_on(
            self.corpus,
            self.distilled,
            self.networks or NETWORKS,
            init,
            self.max_test,
            self.accelerator,
            self.reporter,
            network=self.network,
            kept=self.kept,
        )
        return {init: evaluation.as_dict()}

    def decoded(self, init: str) -> dict[str, Any]:
        """Test accuracy of networks trained on the set's nearest words, by initialisation; see `decoded_accuracy`."""
        self._choose_threads(init)
        accuracies = decoded_accuracy(
            self.distilled,
            self.corpus,
            init,
            self.networks or NETWORKS,
            self.max_test,
            self.accelerator,
            on_fit=lambda progress: self.reporter.outer_step(progress, self.recipe.refit_steps),
            on_test=teller(self.reporter, self.networks or NETWORKS, "networks trained on words tested", self.kept),
            network=self.network,
            kept=self.kept,
        )
        return {init: accuracies}

    def full_data(self) -> dict[str, Any]:
        """Test accuracy of the same network, or each of the pool, trained on all the data; see `train_on_all`.

        It chooses its threads itself.
        """
        about = (self.corpus, self.accelerator, self.reporter)
        if self.recipe.pool:
            full = pooled_full({each: train_on_all(self.recipe.alone(each), *about) for each in self.recipe.pool})
        else:
            full = train_on_all(self.recipe, *about, self.network)
        return better_of_pool(self.distilled.results.get("full_data"), full)
