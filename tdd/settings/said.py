"""Settings that a user says of a run that is there: where its data lie now, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tdd.errors import UsageError
from tdd.settings.data_parts import READING
from tdd.settings.recipe import Recipe

Where = str | Mapping[str, Any] | None
"""A file or folder of data; or settings by their names, "data" and those of `READING`; None: as the recipe says."""


def with_said(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """A recipe with some settings changed, whose values were not found in its data then.

    Raises:
        UsageError: a setting that `Recipe.build` refuses.
    """
    checked = Recipe.build(settings, where="settings")
    found = {name: value for name, value in recipe.found.items() if name not in settings}
    return recipe.model_copy(update={name: getattr(checked, name) for name in settings} | {"found": found})


def read_from(recipe: Recipe, where: Where) -> Recipe:
    """A recipe whose data are read from another place, or in another way.

    Raises:
        UsageError: a setting that says neither, or that `Recipe.build` refuses.
    """
    given = {"data": where} if isinstance(where, str) else dict(where or {})
    if others := [name for name in given if name not in ("data", *READING)]:
        raise UsageError(f"{others[0]} does not say where data lie or how they are written: leave it out")
    return with_said(recipe, given)
