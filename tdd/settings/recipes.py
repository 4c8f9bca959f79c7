"""The recipe of a run: the settings of a named recipe or a file, of ``--set`` and of flags, one over the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tdd.errors import UsageError, nearest
from tdd.settings.recipe import Recipe, read_settings

# Beside a folder's recipes: the table that they are the rows of, see `tdd.runs.results_table`.
ROWS = "rows.yaml"


def resolve_recipe(dataset: str | None, recipe: str | None, assignments: list[str], flags: Mapping[str, Any]) -> Recipe:
    """The recipe of a run: defaults < recipe < `assignments` (--set) < `flags` that are not None.

    `recipe` is a file or the name of one that comes with the package; when absent, the one named like `dataset`, before
    it ``imdb-words`` for samples of words, ``mnist-random`` for random initialisation or ``mnist-100`` for this n.
    `dataset` is the recipe's own when None.

    Raises:
        UsageError: no such recipe, or a setting that `Recipe.build` refuses; the line names the recipe's file where the
            fault lies in it.
    """
    named = named_recipes()
    path = None
    flags = {"dataset": dataset, **flags}
    given = parse_assignments(assignments) | {name: value for name, value in flags.items() if value is not None}
    if recipe is not None and recipe not in named and not Path(recipe).is_file():
        raise UsageError(f"no recipe '{recipe}'{nearest(recipe, list(named))}, or name a YAML file")
    if recipe is not None:
        path = named.get(recipe) or Path(recipe)
    elif dataset is not None:
        kinds = [kind for kind in ("words", "random") if kind in (given.get("samples"), given.get("init"))]
        names = [*(f"{dataset}-{kind}" for kind in [*kinds, given.get("n")]), dataset]
        path = next((named[name] for name in names if name in named), None)
    of_file = read_settings(path) if path else {}
    for name in ("dataset", "data", "vectors", "vocabulary_file"):
        given |= _absolute(name, given.get(name))
    try:
        return Recipe.build(of_file | given, where="settings")
    except UsageError:
        if path:
            Recipe.build(of_file, where=str(path))
        raise


def _absolute(name: str, value: Any) -> dict[str, str]:
    """The setting, if it is a path that is there: made absolute, so that the run can be gone on with from anywhere."""
    if not isinstance(value, str) or not ("/" in value or "." in value):
        return {}
    path = Path(value).expanduser()
    # A relative folder without ./ may be meant as a data set on the Hub.
    is_path = path.is_file() or (path.is_dir() and (name == "data" or value.startswith((".", "~"))))
    return {name: str(path.resolve())} if is_path else {}


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """Settings from ``--set name=value`` arguments; values are read as YAML.

    Raises:
        UsageError: an argument without ``=`` or with a value that is not YAML.
    """
    settings = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set takes name=value, not '{assignment}'")
        try:
            settings[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UsageError(f"--set {name}: '{value}' is not a valid value") from None
    return settings


def recipe_folders() -> list[Path]:
    """Where named recipes lie: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    return [folder for folder in (package / "recipes", package.parent / "recipes") if folder.is_dir()]


def named_recipes() -> dict[str, Path]:
    """The recipes that come with the package, by name: ``imdb``, ``paper/imdb-20-fixed``."""
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for folder in recipe_folders()
        for path in [*sorted(folder.glob("*.yaml")), *sorted(folder.glob("*/*.yaml"))]
        if path.name != ROWS
    }
