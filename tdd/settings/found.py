"""Values of settings that were found in data, which bind those data alone; what was said binds all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from tdd.settings.data_parts import FOUND, FOUND_BY_CLASSES, DataSettings

_Recipe = TypeVar("_Recipe", bound=DataSettings)


def as_said(recipe: _Recipe, names: Collection[str] = FOUND) -> _Recipe:
    """A recipe with none in place of those of its settings `names` whose values were found in data.

    One that was changed since, by an option or in the file, was said.
    """
    found = recipe.found
    return recipe.model_copy(
        update={name: None for name in names if name in found and getattr(recipe, name) == found[name]}
    )


def for_other_data(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a recipe's file without those that were found in its own data."""
    found = settings.get("found")
    if not isinstance(found, Mapping):
        return dict(settings)
    return {
        name: value
        for name, value in settings.items()
        if name != "found" and not (name in found and found[name] == value)
    }


def found_now(before: DataSettings, values: Mapping[str, Any]) -> dict[str, Any]:
    """What `Recipe.found` is once `values` take the place of settings that were none."""
    return before.found | {name: values[name] for name in (*FOUND, *FOUND_BY_CLASSES) if name in values}
