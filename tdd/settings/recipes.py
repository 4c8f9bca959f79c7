"""The recipe of a run: the settings of a named recipe or a file, of ``--set`` and of flags, one over the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tdd.errors import UsageError, nearest
from tdd.settings.assignments import parse_assignments, place, place_in_pool
from tdd.settings.encoder_names import HUB
from tdd.settings.fields import listed
from tdd.settings.files import read_settings
from tdd.settings.found import for_other_data
from tdd.settings.from_data import REGULARISERS
from tdd.settings.inner_parts import OF_LEARNED_STEPS, PlainLoopSettings
from tdd.settings.names import named_recipes, serving_recipe
from tdd.settings.parts import USUAL_NETWORK
from tdd.settings.pool_parts import PoolSettings
from tdd.settings.recipe import Recipe
from tdd.settings.without_effect import without_effect

# Settings that may be paths, and those of them that may be folders.
_PATHS = ("dataset", "data", "vectors", "vocabulary_file", "start_from")
_FOLDERS = ("data", "dataset", "start_from")


def resolve_recipe(dataset: str | None, recipe: str | None, assignments: list[str], flags: Mapping[str, Any]) -> Recipe:
    """The recipe of a run: defaults < recipe < `assignments` (--set) < `flags` that are not None.

    `recipe` is a file or the name of one that comes with the package; when absent, the one that serves the run best,
    see `tdd.settings.names`. `dataset` is the recipe's own when None. What was found in the recipe's own data is left
    out for others, and so are options that it has for another network or pool than the one asked for, the regularisers
    of such a recipe that nobody named, its steps where they do not split the samples asked for, the settings of
    an inner loop that is not the one asked for, and what has no effect beside what is asked for.

    Raises:
        UsageError: no such recipe, or a setting that `Recipe.build` refuses; the line names the recipe's file where the
            fault lies in it.
    """
    assigned = parse_assignments(assignments)
    flags = {name: value for name, value in {"dataset": dataset, **flags}.items() if value is not None}
    asked = assigned | flags
    path = _path_of(recipe) if recipe is not None else serving_recipe(dataset, asked) if dataset is not None else None
    of_file = read_settings(path) if path else {}
    if any(_absolute(name, asked[name]) != of_file.get(name) for name in ("dataset", "data") if name in asked):
        of_file = for_other_data(of_file)
    elif isinstance(of_file.get("found"), dict):  # what is said now was not found
        of_file["found"] = {name: value for name, value in of_file["found"].items() if name not in asked}
    before = _learners(of_file)
    pool, network = _learners(asked) if {"pool", "network"} & asked.keys() else before
    if (pool, network) != before:
        left_out = ["network", "options", *PoolSettings.model_fields]
        # Nobody asked for that recipe, and what regularises the set of its network may hold those of others back.
        left_out += REGULARISERS if recipe is None else ()
        of_file = {name: value for name, value in of_file.items() if name not in left_out}
    if asked.get("inner", "learned") != of_file.get("inner", "learned") and "inner" in asked:
        of_other = OF_LEARNED_STEPS if asked["inner"] == "plain" else PlainLoopSettings.model_fields
        of_file = {name: value for name, value in of_file.items() if name not in (*of_other, "inner", "window")}
    n, steps = asked.get("n"), of_file.get("steps")
    if recipe is None and isinstance(n, int) and steps and n % steps and "steps" not in asked:
        of_file = {name: value for name, value in of_file.items() if name != "steps"}
    # A set to start from takes the place of how a recipe starts, and hard labels that of a teacher's.
    replaced = ["samples_init", "labels_init"] if asked.get("start_from") else []
    replaced += ["labels_init"] if asked.get("labels") == "hard" else []
    of_file = {name: value for name, value in of_file.items() if name not in replaced}
    # What a recipe says that has no effect any more beside what is asked for; its own such faults are told.
    idle = without_effect(of_file | asked).keys() - without_effect(of_file).keys()
    of_file = {name: value for name, value in of_file.items() if name not in idle}
    try:
        if isinstance(network, str):
            asked = (place_in_pool(assigned, pool) if pool else place(assigned, network)) | flags
        if isinstance(of_file.get("options"), dict) and "options" in asked:
            asked["options"] = _merged(of_file["options"], asked["options"])
        asked |= {name: _absolute(name, asked[name]) for name in _PATHS if name in asked}
        asked |= {name: _absolute_encoder(asked[name]) for name in ("network", "vectors") if name in asked}
        asked |= {"pool": pool} if "pool" in asked and pool else {}
        return Recipe.build(of_file | asked, where="settings")
    except UsageError:
        if path:
            Recipe.build(of_file, where=str(path))
        raise


def _learners(settings: Mapping[str, Any]) -> tuple[list[str], Any]:
    """The pool of settings, none where they have none or it is of the wrong type, and their first network."""
    pool = listed(settings.get("pool", []))
    if not isinstance(pool, list) or not all(isinstance(name, str) for name in pool):
        pool = []
    pool = [_absolute_encoder(name) for name in pool]
    return pool, pool[0] if pool else settings.get("network", USUAL_NETWORK)


def _merged(options: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Options with others over them, network by network where they are those of a pool."""
    return options | {
        name: options[name] | value if isinstance(value, dict) and isinstance(options.get(name), dict) else value
        for name, value in others.items()
    }


def _path_of(recipe: str) -> Path:
    named = named_recipes()
    path = named.get(recipe) or Path(recipe)
    if not path.is_file():
        raise UsageError(
            f"no recipe '{recipe}'{nearest(recipe, list(named), 'tdd distill --list-recipes')}, or name a YAML file"
        )
    return path


def _absolute_encoder(value: Any) -> Any:
    """The name of an encoder in a folder, with the folder made absolute."""
    if not isinstance(value, str) or not value.startswith(HUB) or value == HUB:
        return value
    folder = Path(value.removeprefix(HUB)).expanduser()
    return f"{HUB}{folder.resolve()}" if folder.is_dir() else value


def _absolute(name: str, value: Any) -> Any:
    """The setting, made absolute if it is a path that is there, so that the run can be resumed from any folder."""
    if not isinstance(value, str) or not ("/" in value or "." in value):
        return value
    path = Path(value).expanduser()
    is_path = path.is_file() or (path.is_dir() and (name in _FOLDERS or value.startswith((".", "~"))))
    return str(path.resolve()) if is_path else value
