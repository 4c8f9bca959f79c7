"""The accuracy section of a card: everything measured, in one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tdd.evaluation.names import NAMES, PLAIN, how_trained
from tdd.evaluation.paired import paired_difference, strongest
from tdd.publishing.card_data import class_table

_KINDS = {
    "evaluation": "this set",
    "decoded": "its nearest words",
    "plain": "this set",
    "baselines": "baseline",
}


def accuracy_section(results: Mapping[str, Any], init: str) -> str:
    """The section as Markdown, from what ``results.json`` holds; `init` is the one that the set was made for."""
    full_data = results.get("full_data") or {}
    full = full_data.get("accuracy")
    lines = [
        "## Accuracy",
        "",
        "On the real test split. A ratio is that to the same network trained on all the data.",
        "",
        "| trained on | networks | test accuracy | ratio |",
        "|---|---|---|---|",
    ]
    before = len(lines)
    baselines = results.get("baselines") or {}
    first = strongest(baselines)
    ordered = {**({first: baselines[first]} if first else {}), **baselines}
    measured = dict(results) | {"baselines": ordered, "plain": {"plain training": results.get("plain") or {}}}
    for kind, trained_on in _KINDS.items():
        for path, evaluation in _evaluations(measured.get(kind) or {}):
            networks = evaluation.get("networks", 1) or "–"
            accuracy = f"{100 * evaluation['mean']:.2f} %"
            if evaluation["sd"]:
                accuracy += f" ± {100 * evaluation['sd']:.2f}"
            ratio = f"{100 * evaluation['mean'] / full:.1f} %" if full else ""
            if evaluation.get("test_examples", 0) < evaluation.get("test_split", 0):
                accuracy += f" on {evaluation['test_examples']:,} of {evaluation['test_split']:,} examples"
            names = list(path)
            if kind == "baselines":
                names[0] = NAMES.get(path[0], path[0])
            if "init" in evaluation:
                names.append(str(evaluation["init"]))
            if kind == "baselines" and path[0] == first:
                names.append("the strongest on held-out data")
            described = ", ".join(names).replace("_", " ").replace("|", "/")
            lines.append(f"| {trained_on}: {described} | {networks} | {accuracy} | {ratio} |")
    if full:
        lines.append(f"| all the data | 1 | {100 * full:.2f} % | 100.0 % |")
    if len(lines) == before:
        return "## Accuracy\n\nNot measured yet."
    explanation = "± is the standard deviation over networks and, of a baseline, draws of its samples. *Fixed* is the \
network initialisation that comes with the set, *random* a fresh one for each network."
    if first and (against := against_strongest(results, first, init)):
        explanation += f" {against}"
    if how := how_trained(full_data):
        explanation += f" With all the data: {how}."
    own = (results.get("evaluation") or {}).get(init) or {}
    if "by_network" in own:
        explanation += " What stands without the name of a network is the mean over those that the set was made for."
    return "\n".join([*lines, "", explanation, *(["", table] if (table := class_table(own)) else [])])


def against_strongest(results: Mapping[str, Any], first: str, init: str) -> str:
    """How much better the set is than its strongest baseline, in a sentence; nothing where that was not measured."""
    plainly = first.endswith(PLAIN)
    ours = results.get("plain") if plainly else (results.get("evaluation") or {}).get(init)
    if not ours or "accuracies" not in ours or "accuracies" not in results["baselines"][first]:
        return ""
    difference = paired_difference(ours, results["baselines"][first])
    how = "trained plainly too" if plainly else "by as many gradient steps"
    within = " (95 % interval, over networks or draws of the same seeds)" if difference.interval else ""
    return f"The set is better than its strongest baseline, {how}, by {difference} points{within}."


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
