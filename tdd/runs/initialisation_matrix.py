"""What sets are worth to fresh networks of other initialisations: learned on x tested on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tdd.distilled_set.set import DistilledSet

RANDOM = "random"
"""The evaluation by fresh networks that are drawn as the set's own were; others add ", " and their initialisation."""


def initialisation_matrix(sets: Sequence[tuple[str, DistilledSet]]) -> list[tuple[str, dict[str, float]]]:
    """Mean accuracies by initialisation, a row for each set: its name and what it was learned on."""
    return [
        (f"{name} ({own_way(distilled)})", {way: result["mean"] for way, result in _by_way(distilled)})
        for name, distilled in sets
        if any(True for _ in _by_way(distilled))
    ]


def parts_of_initialisations(sets: Sequence[tuple[str, DistilledSet]]) -> list[str]:
    """Which of these figures are of a part of the test split, a line each."""
    return [
        f"{name} {way} on {result['test_examples']:,} of {result['test_split']:,} test examples"
        for name, distilled in sets
        for way, result in _by_way(distilled)
        if result["test_examples"] < result["test_split"]
    ]


def own_way(distilled: DistilledSet) -> str:
    """How the networks that a set was made for were drawn: ``xavier_normal``, or several of a pool."""
    ways = ", ".join(distilled.recipe.initialisation)
    return ways if distilled.recipe.init == RANDOM else f"fixed, {ways}"


def _by_way(distilled: DistilledSet) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The evaluations by fresh networks, by how they were drawn; asked for by name, its own stand there once."""
    own = ", ".join(distilled.recipe.initialisation)
    found: dict[str, Mapping[str, Any]] = {}
    for init, result in distilled.results.get("evaluation", {}).items():
        kind, _, way = init.partition(", ")
        if kind == RANDOM:
            found[way or own] = result
    yield from found.items()
