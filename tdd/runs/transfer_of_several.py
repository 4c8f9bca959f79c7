"""Test the sets of several runs that differ in their seed alone on other learners, as one way to make a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from tdd.distilled_set.run_folder import read_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.several_sets import over_sets
from tdd.runs.asked import Asked
from tdd.runs.seeds_alone import check_seeds_differ
from tdd.runs.transfer import Results, tested_run
from tdd.settings.said import Where
from tdd.system.reporter import Reporter


def transfer_runs(
    folders: Sequence[Path], asked: Asked, data: Where = None, reporter: Reporter | None = None
) -> tuple[Results, float | None]:
    """Test the sets of several runs that differ in their seed alone, one after the other, see `transfer_run`.

    What is measured of one is kept until all are done.

    Returns:
        The figures over all sets, see `over_sets`, and the mean seconds that one took to distil; None: not known.

    Raises:
        UsageError: a run is named twice, the runs differ in more than their seed, or not in that; see `transfer_run`.
    """
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UsageError("a run is named twice: name each once")
    read = {folder: read_run(folder) for folder in folders}
    check_seeds_differ({str(folder): distilled.recipe for folder, distilled in read.items()})
    _check_same_test(read)
    tested = [tested_run(folder, asked, data, reporter) for folder in folders]
    for _, kept in tested:
        kept.clear()
    sets = [distilled for distilled, _ in tested]
    seconds = [distilled.results.get("distillation", {}).get("seconds") for distilled in sets]
    mean_seconds = None if None in seconds else sum(seconds) / len(seconds)
    if len(sets) == 1:
        return sets[0].results["transfer"], mean_seconds
    # What other commands have measured of one of them is not of the same tests.
    measured = [
        {network: asked.of_protocol(distilled.results["transfer"][network]) for network in asked.on}
        for distilled in sets
    ]
    return over_sets(measured), mean_seconds


def _check_same_test(sets: Mapping[Path, DistilledSet]) -> None:
    """Raise UsageError where data of the same name have other test examples, as far as that is known."""
    read = {folder: distilled.results.get("data", {}) for folder, distilled in sets.items()}
    tests = {folder: data["digests"]["test"] for folder, data in read.items() if "digests" in data}
    for first, folder in pairwise(tests):
        if tests[folder] != tests[first]:
            raise UsageError(
                f"'{folder}' was made of data with other test examples than '{first}': test runs "
                "together that differ in their seed alone"
            )
