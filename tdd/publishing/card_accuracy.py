"""The accuracy section of a card: everything measured, in one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tdd.distilled_set.results import results_of
from tdd.evaluation.differences import better_than, strongest
from tdd.evaluation.names import NAMES, PLAIN, WITHOUT_NETWORKS, how_trained
from tdd.evaluation.pool_figures import of_network, pool_of
from tdd.publishing.card_data import class_table

_KINDS = {
    "evaluation": "this set",
    "decoded": "its nearest words",
    "plain": "this set",
    "baselines": "baseline",
}


_EXPLANATION = """± is the standard deviation over networks and, of a baseline, draws of its samples. *Fixed* is the \
network initialisation that comes with the set, *random* a fresh one for each network."""


def accuracy_section(results: Mapping[str, Any], init: str) -> str:
    """The section as Markdown, from what ``results.json`` holds; `init` is the one that the set was made for."""
    lines = [*_rows(results), *_rows_of_all_data(results.get("full_data") or {})]
    if not lines:
        return "## Accuracy\n\nNot measured yet."
    head = [
        "## Accuracy",
        "",
        "On the real test split. A ratio is that to the same network trained on all the data.",
        "",
        "| trained on | networks | test accuracy | ratio |",
        "|---|---|---|---|",
    ]
    explanation = " ".join([_EXPLANATION, *_sentences(results, init)])
    table = class_table((results.get("evaluation") or {}).get(init) or {})
    return "\n".join([*head, *lines, "", explanation, *(["", table] if table else [])])


def _rows(results: Mapping[str, Any]) -> Iterator[str]:
    """A row for the set, in every way that it was tested, and for each baseline, the strongest first.

    Of a pool for each of its networks too, of baselines the strongest one there.
    """
    full_data, baselines = results.get("full_data") or {}, results.get("baselines") or {}
    first = strongest(baselines)
    of_each = {network: strongest(of_network(baselines, network)) for network in pool_of(baselines)}
    ordered = {**({first: baselines[first]} if first else {}), **baselines}
    measured = dict(results) | {"baselines": ordered, "plain": {"plain training": results.get("plain") or {}}}
    for kind, trained_on in _KINDS.items():
        for path, evaluation in _evaluations(measured.get(kind) or {}):
            names, is_first = list(path), False
            if kind == "baselines":
                is_first = path[0] == (of_each[path[1]] if path[1:] else first)
                if path[1:] and not is_first:
                    continue
                names[0] = NAMES.get(path[0], path[0])
            networks = evaluation.get("networks", 1) or "–"
            accuracy = f"{100 * evaluation['mean']:.2f} %"
            if evaluation["sd"]:
                accuracy += f" ± {100 * evaluation['sd']:.2f}"
            all_data = full_data.get("by_network", {}).get(path[-1], full_data).get("accuracy")
            ratio = f"{100 * evaluation['mean'] / all_data:.1f} %" if all_data else ""
            if evaluation.get("test_examples", 0) < evaluation.get("test_split", 0):
                accuracy += f" on {evaluation['test_examples']:,} of {evaluation['test_split']:,} examples"
            names += [str(evaluation["init"])] if "init" in evaluation else []
            names += ["the strongest on held-out data"] if is_first else []
            yield f"| {trained_on}: {_described(names)} | {networks} | {accuracy} | {ratio} |"


def _rows_of_all_data(full: Mapping[str, Any]) -> Iterator[str]:
    """A row for the same network, or each of a pool, trained on all the data."""
    for network, each in full.get("by_network", {"": full}).items():
        if each.get("accuracy"):
            about = f"all the data: {_described([network])}" if network else "all the data"
            yield f"| {about} | 1 | {100 * each['accuracy']:.2f} % | 100.0 % |"


def _described(names: Sequence[str]) -> str:
    return ", ".join(names).replace("_", " ").replace("|", "/")


def _sentences(results: Mapping[str, Any], init: str) -> Iterator[str]:
    """What explains the table beside what is the same for all."""
    baselines = results.get("baselines") or {}
    if (first := strongest(baselines)) and (against := against_strongest(results, first, init)):
        yield against
    for network in pool_of(baselines):
        alone = results_of(dict(results), network)
        if (first := strongest(alone["baselines"])) and (against := against_strongest(alone, first, init)):
            yield f"By {network}, of which the strongest is {NAMES[first]}: {against[0].lower()}{against[1:]}"
    full_data = results.get("full_data") or {}
    for network, each in full_data.get("by_network", {"": full_data}).items():
        if how := how_trained(each):
            yield f"With all the data{f', {network}' if network else ''}: {how}."
    if "by_network" in ((results.get("evaluation") or {}).get(init) or {}):
        yield "What stands without the name of a network is the mean over those that the set was made for."


def against_strongest(results: Mapping[str, Any], first: str, init: str) -> str:
    """The difference of the set to its strongest baseline, in a sentence; nothing where that was not measured."""
    difference = better_than(results, first, init)
    if difference is None:
        return ""
    how = "trained plainly too" if first.endswith(PLAIN) else "by as many gradient steps"
    if first in WITHOUT_NETWORKS:
        how = NAMES[first]
    within = ", with its 95 % interval over networks, draws or sets" if difference.interval else ""
    return f"Difference of the set to its strongest baseline, {how}: {difference} points{within}."


def _evaluations(
    values: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every result in nested `values` that is an accuracy, with the names that lead to it."""
    for name, value in values.items():
        if isinstance(value, dict) and "mean" in value:
            yield (*path, name), value
            yield from _evaluations(value.get("by_network", {}), (*path, name))
        elif isinstance(value, dict):
            yield from _evaluations(value, (*path, name))
