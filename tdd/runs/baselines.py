"""Measure the baselines of a recipe or of a run, and keep each result as soon as it is measured."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import nn

from tdd.distillation.made_from import MadeFrom
from tdd.distilled_set.run_folder import locked, read_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted, UsageError, nearest
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.features import check_reads_text, minilm_features
from tdd.evaluation.full_data import CHOSEN, FULL_RESULTS
from tdd.evaluation.names import DRAWS, MEASURED, NAMES, NETWORKS, PLAIN, SUBJECT
from tdd.evaluation.pool_figures import better_of_pool, pooled, pooled_full
from tdd.evaluation.spaces import Spaces
from tdd.hub.layout import RESULTS
from tdd.networks.own import check_same_network
from tdd.publishing.card import write_card
from tdd.runs.baselines_file import BaselinesFile, Results
from tdd.runs.open_data import open_corpus, open_corpus_of
from tdd.settings.networks import entry_of
from tdd.settings.plain_settings import head_alone
from tdd.settings.recipe import Recipe
from tdd.settings.said import Where
from tdd.system import processes
from tdd.system.files import read_json, write_json
from tdd.system.formatting import percent
from tdd.system.processes import check_one_process
from tdd.system.reporter import Reporter
from tdd.system.threads import are_open, choose, restored


def measure_baselines(
    recipe: Recipe,
    folder: Path,
    draws: int = DRAWS,
    networks: int | None = None,
    only: Sequence[str] = (),
    reporter: Reporter | None = None,
    network: str | nn.Module | None = None,
) -> Results:
    """Measure the baselines of a recipe's set; those that `folder` holds already are reused.

    Those of a set for a pool are measured by each of its networks: results are those of all of them together, and under
    "by_network" each network's own.

    Args:
        recipe: the set's settings; the set need not have been distilled.
        folder: each baseline is kept in its ``baselines.json`` as soon as it is measured.
        draws: random sets of n real examples.
        networks: fresh networks for random initialisation; None: 200.
        only: names of `tdd.evaluation.names.NAMES`; none: all but those chosen by MiniLM.
        reporter: where progress is told; None: nowhere.
        network: a network of your own, see `tdd.runs.distill.distill`.

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
        check_reads_text(names, corpus)
        minilm = partial(minilm_features, Spaces(corpus), accelerator.device)
        recipe = recipe.settled(len(corpus.classes), **corpus.found())
        measured_by = {
            each: Baselines(
                recipe.alone(each), corpus, draws, networks, None, accelerator, reporter, network, minilm=minilm
            )
            for each in recipe.learners
        }
        return _measure(recipe, measured_by, names, folder, lambda name, result: None)


def measure_baselines_of_run(
    folder: Path,
    data: Where = None,
    draws: int = DRAWS,
    networks: int | None = None,
    only: Sequence[str] = (),
    reporter: Reporter | None = None,
    network: str | nn.Module | None = None,
    device: str | None = None,
    threads: int | None = None,
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
        check_reads_text(names, corpus)
        minilm = partial(minilm_features, Spaces(corpus), accelerator.device)
        measured_by = {}
        for each in recipe.learners:
            alone = distilled.alone(each)
            about = (alone.initialisation, accelerator, reporter, network, alone)
            measured_by[each] = Baselines(recipe.alone(each), corpus, draws, networks, *about, minilm=minilm)

        def keep(name: str, result: dict[str, Any]) -> None:
            results = read_json(folder / RESULTS) if (folder / RESULTS).exists() else {}
            if name == SUBJECT + PLAIN:
                results["plain"] = result
            elif name == "full":
                results["full_data"] = better_of_pool(results.get("full_data"), _of_all_data(result))
            else:
                results.setdefault("baselines", {})[name] = result
            write_json(folder / RESULTS, results)

        if any(name.endswith(PLAIN) for name in names):  # the set beside them
            names = [*names, SUBJECT + PLAIN]
        measured = _measure(recipe, measured_by, names, folder, keep)
        measured.pop(SUBJECT + PLAIN, None)
        distilled = read_run(folder)
        write_card(distilled, folder)
        if "full" in measured:  # the run may hold one that was tuned further
            measured["full"] = _tuned(measured["full"], distilled.results["full_data"])
        return measured, distilled


def _measure(
    recipe: Recipe,
    measured_by: Mapping[str, Baselines],
    names: Sequence[str],
    folder: Path,
    keep: Callable[[str, dict[str, Any]], None],
) -> Results:
    """Measure the baselines that `folder` does not hold yet, by every network, and `keep` the result of each."""
    one = next(iter(measured_by.values()))
    about = {
        "fingerprint": _fingerprint(recipe, list(measured_by.values())),
        "settings": recipe.model_dump() if recipe.pool else _with_steps(one).model_dump(),
        "draws": one.draws,
        "networks": one.networks,
    }
    file = BaselinesFile.open(folder, about, recipe.pool)
    missing = [name for name in names if any(file.get(name, network) is None for network in measured_by)]
    with restored():
        if missing not in ([], ["full"]) and are_open(one.accelerator, recipe.threads):
            one.reporter.note(choose(one.small_step()))
        return _measure_each(measured_by, names, file, recipe, keep)


def _measure_each(
    measured_by: Mapping[str, Baselines],
    names: Sequence[str],
    file: BaselinesFile,
    recipe: Recipe,
    keep: Callable[[str, dict[str, Any]], None],
) -> Results:
    try:
        for name in names:
            for network, baselines in measured_by.items():
                if file.get(name, network) is None:
                    result = baselines.measure(name)
                    file.put(name, network, result)
                    told = NAMES.get(name, "this distilled set, plain training")
                    told += f", {network}" if recipe.pool else ""
                    held_out = percent(result["validation_accuracy"])
                    baselines.reporter.note(f"{told}: held-out accuracy {held_out}, {result['seconds']:.0f} s")
            keep(name, file.results[name])
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; what was measured is kept, and the same command goes on with the rest"
        ) from None
    return {name: file.results[name] for name in names}


def _of_all_data(result: dict[str, Any]) -> dict[str, Any]:
    """The baseline "full" as ``results.json`` keeps it."""
    if "by_network" in result:
        return pooled_full({network: _of_all_data(each) for network, each in result["by_network"].items()})
    return {key: result[key] for key in (*FULL_RESULTS, *CHOSEN, "tried") if key in result}


def _tuned(result: dict[str, Any], full: Mapping[str, Any]) -> dict[str, Any]:
    """The baseline "full" with what ``results.json`` keeps of it."""
    if "by_network" in result:
        return pooled({name: _tuned(each, full["by_network"][name]) for name, each in result["by_network"].items()})
    return result | dict(full) | {"mean": full["accuracy"], "accuracies": [full["accuracy"]]}


def _with_steps(baselines: Baselines) -> Recipe:
    return baselines.recipe.model_copy(update={"steps": baselines.sets.steps})


def _fingerprint(recipe: Recipe, measured_by: Sequence[Baselines]) -> str:
    about = []
    for each in measured_by:
        signed = {"network": each.learner.signature(), "frozen": each.learner.frozen_signature()}
        made_from = MadeFrom.of(_with_steps(each), each.corpus, **signed).digest()
        own = [made_from, each.draws, each.networks, _all_data(each.recipe)]
        about.append([*own, asdict(each.how), each.sets.words, each.recipe.outer_steps])
    return hashlib.sha256(json.dumps(about if recipe.pool else about[0]).encode()).hexdigest()


def _all_data(recipe: Recipe) -> list[Any]:
    """The settings of training on all the data."""
    rates = recipe.full_rates(entry_of(recipe.network).pretrained is not None and not head_alone(recipe.options))
    return [rates, bool(recipe.full_search), recipe.full_epochs, recipe.full_batch_size]


def check_names(names: Sequence[str]) -> None:
    """Raise UsageError for a name that is none of a baseline."""
    for name in names:
        if name not in NAMES:
            raise UsageError(f"no baseline '{name}'{nearest(name, list(NAMES))}")


def _names(only: Sequence[str]) -> list[str]:
    check_names(only)
    return [name for name in NAMES if name in (only or MEASURED)]


def _networks(recipe: Recipe, networks: int | None) -> int:
    if networks is not None and recipe.init == "fixed":
        raise UsageError("a fixed initialisation is one network for each draw: use --draws, or --init random")
    return networks or NETWORKS


def _one_process(device: str | None, threads: int | None) -> Accelerator:
    accelerator = processes.accelerator(device, threads)
    check_one_process(accelerator, "baselines are")
    return accelerator
