"""Figures of several distilled sets that differ in their seed alone, as those of one way to make a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tdd.evaluation.class_figures import mean_and_sd
from tdd.evaluation.differences import accuracy_interval

Transfer = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]
"""Figures by network, protocol and row, as in ``results.json``."""


def over_sets(transfers: Sequence[Transfer]) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """What was measured of every set, with the mean accuracy of each set as one value.

    Networks that are trained on one set are alike, so intervals and differences are over sets. The real examples
    beside each set were chosen by its seed.

    Args:
        transfers: of two sets or more.
    """
    found: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for network, by_protocol in transfers[0].items():
        for protocol, rows in by_protocol.items():
            of_each = [transfer.get(network, {}).get(protocol, {}) for transfer in transfers]
            for name in rows:
                if all(name in each for each in of_each):
                    of_network = found.setdefault(network, {}).setdefault(protocol, {})
                    of_network[name] = _over_sets([each[name] for each in of_each])
    return found


def _over_sets(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    means = [float(result["mean"]) for result in results]
    first, count = results[0], len(results)
    words = [result["words"] for result in results]
    factors = sorted({result["factor"] for result in results if "factor" in result})
    return {
        **mean_and_sd(means),
        "accuracies": means,
        "networks": sum(result["networks"] for result in results),
        "draws": count,
        "sd_over": "sets",
        "interval": list(accuracy_interval(means) or (means[0], means[0])),
        "interval_over": "sets",
        "validation_accuracy": sum(result["validation_accuracy"] for result in results) / count,
        "test_examples": first["test_examples"],
        "test_split": first["test_split"],
        "seeds": [result["seed"] for result in results],
        "train_seconds": sum(result["train_seconds"] for result in results) / count,
        "words": None if None in words else round(sum(words) / count),
        **{key: first[key] for key in ("init", "inner", "initialisation") if key in first},
        **({"factors": factors} if factors else {}),
    }
