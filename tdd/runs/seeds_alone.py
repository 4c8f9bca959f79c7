"""Runs that differ in their seed alone, so that their sets are draws of one way to make a set."""

from __future__ import annotations

from collections.abc import Mapping

from tdd.errors import UsageError
from tdd.settings.found import as_said
from tdd.settings.recipe import Recipe

_NOT_COMPARED = {"seed", "found", "data", "device", "threads"}
"""What recipes of one set after the other may differ in."""


def check_seeds_differ(recipes: Mapping[str, Recipe]) -> None:
    """Raise UsageError unless the recipes, by the names of their runs, differ in their seed and in nothing else."""
    said = {folder: as_said(recipe).model_dump(exclude=_NOT_COMPARED) for folder, recipe in recipes.items()}
    first, *others = said
    for folder in others:
        if other := [name for name, value in said[folder].items() if value != said[first][name]]:
            raise UsageError(
                f"'{folder}' was made with another {other[0]} than '{first}': test runs together that differ in their "
                "seed alone"
            )
    if len({recipe.seed for recipe in recipes.values()}) < len(recipes):
        raise UsageError("two of these runs have the same seed: test runs together that differ in their seed alone")
