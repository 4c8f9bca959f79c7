"""Runs that differ in their seed alone, so that their sets are draws of one way to make a set."""

from __future__ import annotations

from collections.abc import Mapping

from tdd.errors import UsageError
from tdd.settings.found import as_said
from tdd.settings.recipe import Recipe, settings_that_keep_the_run


def check_seeds_differ(recipes: Mapping[str, Recipe]) -> None:
    """Raise UsageError unless the recipes, by the names of their runs, make the same set but for their seed."""
    may_differ = {"seed", *settings_that_keep_the_run()}
    said = {folder: as_said(recipe).model_dump(exclude=may_differ) for folder, recipe in recipes.items()}
    first, *others = said
    for folder in others:
        if other := [name for name, value in said[folder].items() if value != said[first][name]]:
            raise UsageError(
                f"'{folder}' was made with another {other[0]} than '{first}': test runs together that differ in their "
                "seed alone"
            )
    if len({recipe.seed for recipe in recipes.values()}) < len(recipes):
        raise UsageError("two of these runs have the same seed: test runs together that differ in their seed alone")
