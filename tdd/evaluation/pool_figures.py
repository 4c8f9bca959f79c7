"""Figures of a set for a pool: those of its networks together, and each network's own under "by_network"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tdd.evaluation.class_figures import mean_and_sd
from tdd.evaluation.names import how_many_tried

Result = dict[str, Any]
_SUMS = ("networks", "seconds")
_MEANS = ("validation_accuracy", "train_seconds")


def pooled(by_network: Mapping[str, Result]) -> Result:
    """A result of each network of a pool as one: accuracies one after the other, and what all have in common.

    "mean" and "sd" are those of all accuracies, "validation_accuracy" and "train_seconds" means over the networks,
    "networks" and "seconds" sums.
    """
    one, *others = results = list(by_network.values())
    common = {key: value for key, value in one.items() if all(other.get(key) == value for other in others)}
    accuracies = [accuracy for result in results for accuracy in result["accuracies"]]
    over = ["networks", *(["draws"] if one.get("draws", 1) > 1 else [])]
    return (
        common
        | {key: sum(result[key] for result in results) for key in _SUMS if key in one}
        | {key: sum(result[key] for result in results) / len(results) for key in _MEANS if key in one}
        | {"accuracies": accuracies, **mean_and_sd(accuracies), "sd_over": " and ".join(over)}
        | {"by_network": dict(by_network)}
    )


def pool_of(results: Mapping[str, Result]) -> list[str]:
    """The networks of a pool that results by name were measured by; none: a single one."""
    return next((list(result["by_network"]) for result in results.values() if "by_network" in result), [])


def of_network(results: Mapping[str, Result], network: str) -> dict[str, Result]:
    """What results by name say of one network of a pool."""
    return {
        name: result["by_network"][network]
        for name, result in results.items()
        if network in result.get("by_network", {})
    }


def pooled_full(by_network: Mapping[str, Result]) -> Result:
    """The results of each network of a pool trained on all the data as one: mean accuracies."""
    results = list(by_network.values())
    means = {key: sum(result[key] for result in results) / len(results) for key in ("accuracy", "validation_accuracy")}
    return means | {"test_examples": results[0]["test_examples"], "by_network": dict(by_network)}


def better_tuned(before: Result | None, now: Result) -> Result:
    """Of two results for the same set that which was chosen among more settings; the later one of equals."""
    if before is not None and how_many_tried(before) > how_many_tried(now):
        return before
    return now


def better_of_pool(before: Result | None, now: Result) -> Result:
    """See `better_tuned`, of each network of a pool where they are of one."""
    if "by_network" not in now:
        return better_tuned(before, now)
    old = (before or {}).get("by_network", {})
    return pooled_full({name: better_tuned(old.get(name), each) for name, each in now["by_network"].items()})
