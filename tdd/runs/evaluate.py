"""Evaluate the set in a run folder and add each measurement to its results as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tdd.distilled_set.run_folder import read_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, UsageError
from tdd.evaluation.decoded import check_decodable
from tdd.evaluation.kept_tests import KeptTests
from tdd.evaluation.names import NETWORKS, how_many_tried
from tdd.networks.own import check_same_network
from tdd.runs.keep import keep_figures
from tdd.runs.measurements import Measurements
from tdd.runs.open_data import open_corpus_of
from tdd.runs.summary import protocol
from tdd.settings.said import Where
from tdd.system import processes
from tdd.system.reporter import Reporter
from tdd.system.threads import restored


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
    data: Where = None,
    decoded: bool = False,
    reporter: Reporter | None = None,
    only_missing: bool = False,
    network: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    full_search: bool = False,
) -> DistilledSet:
    """Evaluate the set in a run folder on its data set's test split, and add the figures to ``results.json``.

    Each figure is kept as soon as it is measured, and each group of networks as soon as it is tested: the same call
    goes on with the rest.

    Args:
        folder: the run folder.
        networks: fresh networks; None: 200 for random initialisation.
        init: "fixed" or "random"; None: the one the set was made for, and with `networks` given, fresh ones too.
        full: also train the same network on all the data, for the distillation ratio.
        max_test: test on this many examples only.
        data: where the data are read from, and how they are written, where that is not as the recipe says: a file or
            folder, or settings, as in ``{"data": "moved.csv", "delimiter": ";"}``.
        decoded: also replace every position by its nearest word, see `tdd.evaluation.decoded.decoded_accuracy`.
        reporter: where progress is told; None: nowhere.
        only_missing: leave out accuracies that the run's results hold already, for as many networks on the whole test
            split, and those with all the data.
        network: ``python:package.module:Class``, where the set was made for a network of your own.
        device, threads: where it is computed; None: as for any run.
        full_search: as `full`, by the best of the recipe's `full_search` on held-out data, or else of the usual one.

    Raises:
        UsageError: there is no finished run in `folder`, the data are not those the set was distilled from, or its
            words are asked for (`decoded`) and it is made of them, or several `networks` are given for a fixed
            initialisation.
        Interrupted: Ctrl-C; the same call goes on with the rest.
    """
    accelerator = processes.accelerator(device, threads)
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    folder = Path(folder)
    distilled = read_run(folder)
    if init == "fixed" and (networks or 1) > 1:
        raise UsageError("--networks counts fresh networks, and --init fixed is a single one: leave one of them out")
    check_same_network(distilled.recipe, network)
    if decoded:
        check_decodable(distilled)
    recipe, corpus = open_corpus_of(distilled, data, reporter)
    recipe = recipe.model_copy(update={"threads": threads})
    if full_search:
        recipe = recipe.model_copy(update={"full_search": recipe.full_search or "usual"})
    kept = KeptTests(folder)
    measurements = Measurements(distilled, recipe, corpus, networks, max_test, accelerator, reporter, kept, network)

    inits = [init] if init else [recipe.init]
    if recipe.init == "fixed" and init is None and networks is not None:
        inits.append("random")
    jobs: list[Job] = []
    for network_init in inits:
        is_measured = partial(is_tested, init=network_init, networks=networks or NETWORKS)
        if line := protocol(distilled.recipe.init, network_init):
            reporter.note(line)
        jobs.append(Job("evaluation", partial(measurements.evaluation, network_init), is_measured))
        if decoded:
            jobs.append(Job("decoded", partial(measurements.decoded, network_init)))
    if full or full_search:
        jobs.append(Job("full_data", measurements.full_data, is_searched if full_search else _on_all_data))

    for job in jobs:
        if only_missing and job.is_measured(distilled.results):
            continue
        with reporter, restored(), going_on():
            figures = job.measure()
        # At once, since the next measurement may be stopped.
        keep_figures(figures, job.key, distilled, folder if accelerator.is_main_process else None)
        kept.clear()
    return distilled


@contextmanager
def going_on() -> Iterator[None]:
    """Say that a measurement that is stopped goes on when it is asked for again."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what was tested is kept, and the same command goes on with the rest") from None


def is_searched(results: Mapping[str, Any]) -> bool:
    """Whether results hold the same network trained on all the data by the best of several settings."""
    return _on_all_data(results) and how_many_tried(results["full_data"]) > 1


def is_tested(results: Mapping[str, Any], init: str, networks: int) -> bool:
    """Whether results hold an evaluation of at least so many networks (one, where fixed) on the whole test split."""
    evaluation = results.get("evaluation", {}).get(init)
    if evaluation is None or evaluation["test_examples"] < evaluation["test_split"]:
        return False
    return bool(evaluation["networks"] >= (1 if init == "fixed" else networks))


def _on_all_data(results: Mapping[str, Any]) -> bool:
    return "full_data" in results
