"""Evaluate the set in a run folder and add each measurement to its results as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import nn

from tdd.data.corpus import Corpus
from tdd.distilled_set.results import read_results
from tdd.distilled_set.run_folder import read_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.decoded import check_decodable, decoded_accuracy
from tdd.evaluation.evaluation import Evaluation, evaluate
from tdd.evaluation.full_data import better_tuned, train_on_all
from tdd.evaluation.names import NETWORKS
from tdd.evaluation.plain_text import NETWORKS as PLAIN_TEXT_NETWORKS
from tdd.evaluation.plain_text import plain_text_accuracy, sentences_of
from tdd.hub.layout import RESULTS
from tdd.networks.own import check_same_network
from tdd.publishing.card import write_card
from tdd.runs.open_data import open_corpus_of
from tdd.settings.recipe import Recipe
from tdd.system import processes
from tdd.system.files import write_json
from tdd.system.formatting import percent
from tdd.system.processes import check_one_process
from tdd.system.reporter import Reporter


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
) -> Evaluation:
    """Evaluate a set on a corpus's test split, with progress told to `reporter`, see `evaluate`.

    `networks` are the fresh ones of a random initialisation; a fixed one is tested alone.
    """
    reporter = reporter or Reporter(quiet=True)
    fresh = None if (init or distilled.recipe.init) == "fixed" else networks

    def tell(so_far: Evaluation) -> None:
        if so_far.init == "random":
            figures = f": {percent(so_far.mean, so_far.sd)}" if tell_figures else ""
            reporter.count(len(so_far.accuracies), networks, f"networks tested{figures}")

    with reporter:
        return evaluate(
            distilled, corpus.test, fresh, init, distilled.recipe.seed, max_test, accelerator, tell, network
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
        network: the user's own network, ``python:package.module:Class``; None: the recipe's.
    """

    distilled: DistilledSet
    recipe: Recipe
    corpus: Corpus
    networks: int | None
    max_test: int | None
    accelerator: Accelerator
    reporter: Reporter
    network: str | None = None

    def evaluation(self, init: str) -> dict[str, Any]:
        """Test accuracy of networks trained on the set, by initialisation."""
        evaluation = evaluate_on(
            self.corpus,
            self.distilled,
            self.networks or NETWORKS,
            init,
            self.max_test,
            self.accelerator,
            self.reporter,
            network=self.network,
        )
        return {init: evaluation.as_dict()}

    def decoded(self, init: str) -> dict[str, Any]:
        """Test accuracy of networks trained on the set's nearest words, by initialisation; see `decoded_accuracy`."""
        accuracies = decoded_accuracy(
            self.distilled,
            self.corpus,
            init,
            self.networks or NETWORKS,
            self.max_test,
            self.accelerator,
            on_fit=lambda progress: self.reporter.outer_step(progress, self.recipe.refit_steps),
            network=self.network,
        )
        return {init: accuracies}

    def full_data(self) -> dict[str, Any]:
        """Test accuracy of the same network trained on all the data; see `train_on_all`."""
        full = train_on_all(self.recipe, self.corpus, self.accelerator, self.reporter, self.network)
        return better_tuned(self.distilled.results.get("full_data"), full)

    def plain_text(self) -> dict[str, Any]:
        """Test accuracy of other learners on the set's sentences and labels alone; see `plain_text_accuracy`."""
        return plain_text_accuracy(
            self.distilled,
            self.corpus,
            self.networks or PLAIN_TEXT_NETWORKS,
            self.max_test,
            self.accelerator,
            self.reporter.count,
            self.network,
        )


@dataclass(frozen=True)
class Job:
    """A measurement to take.

    Attributes:
        key: where ``results.json`` keeps it.
        measure: takes it.
        is_measured: whether results hold it already.
    """

    key: str
    measure: Callable[[], dict[str, Any]]
    is_measured: Callable[[Mapping[str, Any]], bool] = lambda results: False


def evaluate_run(
    folder: str | Path,
    networks: int | None = None,
    init: str | None = None,
    full: bool = False,
    max_test: int | None = None,
    data: str | None = None,
    decoded: bool = False,
    reporter: Reporter | None = None,
    only_missing: bool = False,
    plain_text: bool = False,
    network: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    full_search: bool = False,
) -> DistilledSet:
    """Evaluate the set in a run folder on its data set's test split, and add the figures to ``results.json``.

    Each figure is kept as soon as it is measured.

    Args:
        folder: the run folder.
        networks: fresh networks; None: 200 for random initialisation.
        init: "fixed" or "random"; None: the one the set was made for, and with `networks` given, fresh ones too.
        full: also train the same network on all the data, for the distillation ratio.
        max_test: test on this many examples only.
        data: read the data from here instead of where the recipe says.
        decoded: also replace every position by its nearest word, see `tdd.evaluation.decoded.decoded_accuracy`.
        reporter: where progress is told; None: nowhere.
        only_missing: leave out accuracies that the run's results hold already, for as many networks on the whole test
            split, and those with all the data.
        plain_text: also train other learners on the sentences and labels alone, see
            `tdd.evaluation.plain_text.plain_text_accuracy`.
        network: ``python:package.module:Class``, where the set was made for a network of your own.
        device, threads: where it is computed; None: as for any run.
        full_search: as `full`, by the best of the recipe's `full_search` on held-out data, or else of the usual one.

    Raises:
        UsageError: there is no finished run in `folder`, the data are not those the set was distilled from, or its
            words are asked for (`decoded`) and it is made of them, or plain text is and it is not, or several
            `networks` are given for a fixed initialisation.
    """
    accelerator = processes.accelerator(device, threads)
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    folder = Path(folder)
    distilled = read_run(folder)
    if init == "fixed" and (networks or 1) > 1 and not plain_text:
        raise UsageError("--networks counts fresh networks, and --init fixed is a single one: leave one of them out")
    check_same_network(distilled.recipe, network)
    if decoded:
        check_decodable(distilled)
    if plain_text:
        check_one_process(accelerator, "--plain-text is")
        sentences_of(distilled)
    recipe, corpus = open_corpus_of(distilled, data, reporter)
    if full_search:
        recipe = recipe.model_copy(update={"full_search": recipe.full_search or "usual"})
    measurements = Measurements(distilled, recipe, corpus, networks, max_test, accelerator, reporter, network)

    inits = [init] if init else [recipe.init]
    if recipe.init == "fixed" and init is None and networks is not None:
        inits.append("random")
    jobs: list[Job] = []
    for network_init in inits:
        is_measured = partial(is_tested, init=network_init, networks=networks or NETWORKS)
        jobs.append(Job("evaluation", partial(measurements.evaluation, network_init), is_measured))
        if decoded:
            jobs.append(Job("decoded", partial(measurements.decoded, network_init)))
    if full or full_search:
        jobs.append(Job("full_data", measurements.full_data, lambda results: "full_data" in results))
    if plain_text:
        jobs.append(Job("plain_text", measurements.plain_text))

    for job in jobs:
        if only_missing and job.is_measured(distilled.results):
            continue
        with reporter:
            figures = job.measure()
        # At once, since the next measurement may be stopped.
        keep_figures(figures, job.key, distilled, folder if accelerator.is_main_process else None)
    return distilled


def keep_figures(figures: dict[str, Any], key: str, distilled: DistilledSet, folder: Path | None) -> None:
    """Add figures to a set's results, and to those in `folder`, beside what another command has added meanwhile."""
    if folder is not None:
        distilled.results = read_results(folder / RESULTS)
    distilled.results[key] = (distilled.results.get(key) or {}) | figures
    if folder is not None:
        write_json(folder / RESULTS, distilled.results)
        write_card(distilled, folder)


def is_tested(results: Mapping[str, Any], init: str, networks: int) -> bool:
    """Whether results hold an evaluation of at least so many networks (one, where fixed) on the whole test split."""
    evaluation = results.get("evaluation", {}).get(init)
    if evaluation is None or evaluation["test_examples"] < evaluation["test_split"]:
        return False
    return bool(evaluation["networks"] >= (1 if init == "fixed" else networks))
