"""Measure the baselines of a recipe or of a run, and keep each result as soon as it is measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import nn

from tdd.distillation.checkpoint import run_fingerprint
from tdd.distilled_set.run_folder import locked, read_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, TddError, UsageError, nearest
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.features import FeaturesOf, features_of
from tdd.evaluation.full_data import CHOSEN, FULL_RESULTS, better_tuned
from tdd.evaluation.names import DRAWS, NAMES, NETWORKS, PLAIN, SUBJECT
from tdd.evaluation.spaces import Spaces
from tdd.hub.layout import RESULTS
from tdd.networks.own import check_same_network
from tdd.publishing.card import write_card
from tdd.runs.open_data import open_corpus, open_corpus_of
from tdd.settings.networks import entry_of
from tdd.settings.recipe import Recipe
from tdd.system import processes
from tdd.system.files import read_json, write_json
from tdd.system.formatting import percent
from tdd.system.processes import check_one_process
from tdd.system.reporter import Reporter
from tdd.system.threads import are_open, choose, restored

FILE = "baselines.json"
"""Where a folder keeps the baselines measured so far."""

Results = dict[str, dict[str, Any]]


def measure_baselines(
    recipe: Recipe,
    folder: Path,
    draws: int = DRAWS,
    networks: int | None = None,
    only: Sequence[str] = (),
    reporter: Reporter | None = None,
    network: str | nn.Module | None = None,
    features: FeaturesOf = "vectors",
) -> Results:
    """Measure the baselines of a recipe's set; those that `folder` holds already are reused.

    Args:
        recipe: the set's settings; the set need not have been distilled.
        folder: each baseline is kept in its ``baselines.json`` as soon as it is measured.
        draws: random sets of n real examples.
        networks: fresh networks for random initialisation; None: 200.
        only: names of `tdd.evaluation.names.NAMES`; none: all.
        reporter: where progress is told; None: nowhere.
        network: a network of your own, see `tdd.runs.distill.distill`.
        features: what herding, k-center and k-means choose examples by.

    Returns:
        Results of `tdd.evaluation.baselines.Baselines.measure` by name.

    Raises:
        UsageError: a name is unknown, the folder is in use or its baselines were measured with other settings or data,
            or the recipe does not fit the data.
        Interrupted: Ctrl-C; what was measured is kept.
        TddError: any other failure.
    """
    names, networks = _names(only), _networks(recipe, networks)
    accelerator, reporter = _one_process(recipe.device, recipe.threads), reporter or Reporter(quiet=True)
    with locked(folder), reporter:
        corpus = open_corpus(recipe, reporter)
        chosen_by = features_of(features, Spaces(corpus), accelerator.device)
        baselines = Baselines(recipe, corpus, draws, networks, None, accelerator, reporter, network, features=chosen_by)
        return _measure(baselines, names, folder, lambda name, result: None, features)


def measure_baselines_of_run(
    folder: Path,
    data: str | None = None,
    draws: int = DRAWS,
    networks: int | None = None,
    only: Sequence[str] = (),
    reporter: Reporter | None = None,
    network: str | nn.Module | None = None,
    device: str | None = None,
    threads: int | None = None,
    features: FeaturesOf = "vectors",
) -> tuple[Results, DistilledSet]:
    """Measure the baselines of the set in a run folder, and add them to its ``results.json`` and its card.

    Arguments and errors are those of `measure_baselines` and `tdd.runs.evaluate.evaluate_run`.

    Returns:
        Results by name, and the set with all its results.
    """
    names, distilled = _names(only), read_run(folder)
    check_same_network(distilled.recipe, network)
    networks = _networks(distilled.recipe, networks)
    accelerator, reporter = _one_process(device, threads), reporter or Reporter(quiet=True)
    with locked(folder), reporter:
        recipe, corpus = open_corpus_of(distilled, data, reporter)
        recipe = recipe.model_copy(update={"threads": threads})
        start = distilled.initialisation
        chosen_by = features_of(features, Spaces(corpus), accelerator.device)
        about = (accelerator, reporter, network, distilled)
        baselines = Baselines(recipe, corpus, draws, networks, start, *about, features=chosen_by)

        def keep(name: str, result: dict[str, Any]) -> None:
            results = read_json(folder / RESULTS) if (folder / RESULTS).exists() else {}
            if name == SUBJECT + PLAIN:
                results["plain"] = result
            elif name == "full":
                found = {key: result[key] for key in (*FULL_RESULTS, *CHOSEN) if key in result}
                results["full_data"] = better_tuned(results.get("full_data"), found)
            else:
                results.setdefault("baselines", {})[name] = result
            write_json(folder / RESULTS, results)

        if any(name.endswith(PLAIN) for name in names):  # the set beside them
            names = [*names, SUBJECT + PLAIN]
        measured = _measure(baselines, names, folder, keep, features)
        measured.pop(SUBJECT + PLAIN, None)
        distilled = read_run(folder)
        write_card(distilled, folder)
        if "full" in measured:  # the run may hold one that was tuned further
            full = distilled.results["full_data"]
            measured["full"] |= full | {"mean": full["accuracy"], "accuracies": [full["accuracy"]]}
        return measured, distilled


def _measure(
    baselines: Baselines,
    names: Sequence[str],
    folder: Path,
    keep: Callable[[str, dict[str, Any]], None],
    features: FeaturesOf,
) -> Results:
    """Measure the baselines that `folder` does not hold yet, and call `keep` with the result of every one."""
    recipe = baselines.recipe.model_copy(update={"steps": baselines.sets.steps})
    fingerprint = _fingerprint(recipe, baselines, features)
    settings = {
        "fingerprint": fingerprint,
        "settings": recipe.model_dump(),
        "draws": baselines.draws,
        "networks": baselines.networks,
    }
    results = _read_results(folder / FILE, fingerprint)
    missing = [name for name in names if name not in results]
    with restored():
        if missing not in ([], ["full"]) and are_open(baselines.accelerator, baselines.recipe.threads):
            baselines.reporter.note(choose(baselines.small_step()))
        return _measure_each(baselines, names, results, settings, folder / FILE, keep)


def _measure_each(
    baselines: Baselines,
    names: Sequence[str],
    results: Results,
    settings: dict[str, Any],
    path: Path,
    keep: Callable[[str, dict[str, Any]], None],
) -> Results:
    try:
        for name in names:
            if name not in results:
                results[name] = result = baselines.measure(name)
                write_json(path, settings | {"baselines": results})
                held_out = percent(result["validation_accuracy"])
                about = NAMES.get(name, "this distilled set, plain training")
                baselines.reporter.note(f"{about}: held-out accuracy {held_out}, {result['seconds']:.0f} s")
            keep(name, results[name])
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; what was measured is kept, and the same command goes on with the rest"
        ) from None
    return {name: results[name] for name in names}


def _read_results(path: Path, fingerprint: str) -> Results:
    """The baselines in a file, none if it does not exist.

    Raises:
        UsageError: they were measured with other settings or data.
        TddError: the file does not hold baselines.
    """
    if not path.exists():
        return {}
    content = read_json(path)
    try:
        same, baselines = content["fingerprint"] == fingerprint, content["baselines"]
        valid = all(
            isinstance(result[key], int | float)
            for name, result in baselines.items()
            for key in ("mean", "sd", *(FULL_RESULTS if name == "full" else ()))
        )
    except (AttributeError, KeyError, TypeError):
        same, valid, baselines = True, False, {}
    if not valid:
        raise TddError(f"{path} does not hold baselines; remove it to measure them again")
    if not same:
        raise UsageError(
            f"{path} holds baselines measured with other settings or data; remove it, or choose another --output "
            "(without --run)"
        )
    return dict(baselines)


def _fingerprint(recipe: Recipe, baselines: Baselines, features: FeaturesOf) -> str:
    about = [run_fingerprint(recipe, baselines.corpus), baselines.draws, baselines.networks, _all_data(recipe)]
    about += [features, asdict(baselines.how), baselines.sets.words, recipe.outer_steps]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


def _all_data(recipe: Recipe) -> list[Any]:
    """The settings of training on all the data."""
    rates = recipe.full_rates(entry_of(recipe.network).pretrained is not None)
    return [rates, bool(recipe.full_search), recipe.full_epochs, recipe.full_batch_size]


def check_names(names: Sequence[str]) -> None:
    """Raise UsageError for a name that is none of a baseline."""
    for name in names:
        if name not in NAMES:
            raise UsageError(f"no baseline '{name}'{nearest(name, list(NAMES))}")


def _names(only: Sequence[str]) -> list[str]:
    check_names(only)
    return [name for name in NAMES if not only or name in only]


def _networks(recipe: Recipe, networks: int | None) -> int:
    if networks is not None and recipe.init == "fixed":
        raise UsageError("a fixed initialisation is one network for each draw: use --draws, or --init random")
    return networks or NETWORKS


def _one_process(device: str | None, threads: int | None) -> Accelerator:
    accelerator = processes.accelerator(device, threads)
    check_one_process(accelerator, "baselines are")
    return accelerator
