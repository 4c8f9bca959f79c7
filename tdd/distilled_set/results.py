"""What was measured of a set, ``results.json``, checked as far as it is computed with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tdd.errors import TddError
from tdd.system.files import read_json

_START = dict.fromkeys(("name", "n", "network", "samples", "same_data"))
"""What is told of a set that a run started from."""


def read_results(path: Path) -> dict[str, Any]:
    """What ``results.json`` holds, checked as far as it is computed with; nothing where there is none.

    Raises:
        TddError: it holds something else.
    """
    results = read_json(path) if path.exists() else {}
    figures = ("mean", "sd", "networks", "test_examples", "test_split")
    try:
        results = {kind: result for kind, result in results.items() if result is not None}
        distillation = results.get("distillation", {})
        protocols = [rows for network in results.get("transfer", {}).values() for rows in network.values()]
        nested = [*protocols, *results.get("decoded", {}).values()]
        tested = [value for kinds in nested for value in kinds.values() if not isinstance(value, int | float)]
        good = _numbers(
            distillation, *({"outer_steps", "seconds", "train_seconds", "words_changed"} & distillation.keys())
        )
        good &= isinstance(distillation.get("versions", {}), dict)
        good &= results.get("start", _START).keys() >= _START.keys()
        good &= "teacher" not in results or _numbers(results["teacher"], "epoch", "temperature", "accuracy")
        good &= all(_numbers(part, "outer_steps", "validation_accuracy") for part in distillation.get("parts", []))
        evaluations = list(results.get("evaluation", {}).values())
        of_pools = [each for evaluation in evaluations for each in evaluation.get("by_network", {}).values()]
        good &= all(_numbers(result, *figures) for result in [*evaluations, *of_pools, *tested])
        good &= all(
            _numbers(row, "train_seconds", "validation_accuracy", "seed") and len(row["interval"]) == 2
            for rows in protocols
            for row in rows.values()
        )
        compared = [*results.get("baselines", {}).values(), *([results["plain"]] if "plain" in results else [])]
        compared += [each for result in compared for each in result.get("by_network", {}).values()]
        good &= all(_numbers(result, "mean", "sd") for result in compared)
        if (full := results.get("full_data")) is not None:
            for each in [full, *full.get("by_network", {}).values()]:
                good &= _numbers(
                    each, "accuracy", *({"learning_rate", "label_smoothing", "weight_decay"} & each.keys())
                )
                good &= isinstance(each.get("tried", []), list)
    except (AttributeError, KeyError, TypeError):
        good = False
    if not good:
        raise TddError(f"{path} does not hold the results of a run; get a fresh copy, or remove it and evaluate again")
    return dict(results)


def results_of(results: dict[str, Any], network: str) -> dict[str, Any]:
    """What the results of a set for a pool say of one of its networks, as those of a set for that alone would."""
    found = dict(results)
    for kind in {"evaluation", "baselines"} & results.keys():
        of_each = {name: result.get("by_network", {}) for name, result in results[kind].items()}
        found[kind] = {name: of_pool[network] for name, of_pool in of_each.items() if network in of_pool}
    for kind in {"plain", "full_data"} & results.keys():
        of_pool = found.pop(kind).get("by_network", {})
        found |= {kind: of_pool[network]} if network in of_pool else {}
    return found


def _numbers(result: dict[str, Any], *names: str) -> bool:
    return all(isinstance(result[name], int | float) for name in names)
