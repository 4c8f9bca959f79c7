"""Other names of the networks of a set, wherever they stand in what is kept of it."""

from __future__ import annotations

from collections.abc import Callable

from tdd.settings.pool_options import PoolOptions
from tdd.settings.recipe import Recipe
from tdd.system.tensor_files import Tensors


def with_networks_named(
    recipe: Recipe, start: Tensors | None, named: Callable[[str], str]
) -> tuple[Recipe, Tensors | None]:
    """The recipe of a set, and the initialisation it holds, with another name for each network.

    Those of a pool are the keys of its options and begin the names of its initialisation.
    """
    recipe = recipe.model_copy(update={"network": named(recipe.network)})
    if not isinstance(recipe.options, PoolOptions):
        return recipe, start
    names = {name: named(name) for name in recipe.pool}
    options = {names[name]: own for name, own in recipe.options.by_network.items()}
    update = {"pool": list(names.values()), "options": PoolOptions.model_validate(options)}
    if start is not None:
        start = {
            f"{new}.{key.removeprefix(f'{old}.')}": value
            for old, new in names.items()
            for key, value in start.items()
            if key.startswith(f"{old}.")
        }
    return recipe.model_copy(update=update), start
