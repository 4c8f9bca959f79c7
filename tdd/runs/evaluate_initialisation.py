"""Evaluate the set in a run folder with networks drawn otherwise than those that it was made for."""

from __future__ import annotations

from pathlib import Path

from tdd.distilled_set.run_folder import read_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.evaluation import evaluate, teller
from tdd.evaluation.kept_tests import KeptTests
from tdd.evaluation.names import NETWORKS
from tdd.evaluation.small_step import evaluation_step
from tdd.networks.own import check_same_network
from tdd.runs.evaluate import going_on
from tdd.runs.keep import keep_figures
from tdd.runs.open_data import open_corpus_of
from tdd.settings.initialisations import Initialisation
from tdd.settings.said import Where
from tdd.system import processes
from tdd.system.reporter import Reporter
from tdd.system.threads import are_open, choose, restored


def evaluate_initialisation(
    folder: str | Path,
    initialisation: str,
    networks: int | None = None,
    max_test: int | None = None,
    data: Where = None,
    reporter: Reporter | None = None,
    network: str | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> DistilledSet:
    """Evaluate a run's set with fresh networks drawn by `initialisation`, and add the figures to ``results.json``.

    They are kept under "evaluation" as "random, " and its name, beside those of networks drawn as the set's were.

    Args:
        folder: the run folder.
        initialisation: see `tdd.settings.initialisations`.
        networks: fresh networks of each network of the set; None: 200.
        max_test, data, reporter, network, device, threads: as for `tdd.runs.evaluate.evaluate_run`.

    Raises:
        UsageError: there is no such initialisation, or see `tdd.runs.evaluate.evaluate_run`.
    """
    try:
        Initialisation.of(initialisation)
    except ValueError as error:
        raise UsageError(f"--initialisation: {error}") from None
    accelerator, folder = processes.accelerator(device, threads), Path(folder)
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)
    distilled = read_run(folder)
    check_same_network(distilled.recipe, network)
    recipe, corpus = open_corpus_of(distilled, data, reporter)
    count = networks or NETWORKS

    kept = KeptTests(folder)
    tell = teller(reporter, count, f"networks tested, {initialisation}", kept)
    with reporter, restored(), going_on():
        if are_open(accelerator, threads):
            place = accelerator.device
            reporter.note(choose(evaluation_step(distilled, corpus.test, count, network, place, initialisation)))
        found = evaluate(
            *(distilled, corpus.test, count, "random", recipe.seed, max_test, accelerator, tell, network),
            initialisation=initialisation,
            kept=kept,
        )
    figures = {f"random, {initialisation}": found.as_dict()}
    keep_figures(figures, "evaluation", distilled, folder if accelerator.is_main_process else None)
    kept.clear()
    return distilled
