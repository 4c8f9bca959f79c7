"""The rows of a results table, read from ``rows.yaml``: their recipes and the published figures.

A table is a folder of recipes and a file ``rows.yaml`` that names them, in order. Three come with the package:
``paper``, the rows of tables 3 and 6 and section 4.2 of arXiv 1910.02551, ``words`` and ``networks``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tdd.errors import UsageError
from tdd.settings.files import read_settings
from tdd.settings.names import ROWS, named_recipes, recipe_folders
from tdd.settings.recipe import Recipe, first_fault
from tdd.settings.recipes import resolve_recipe

PAPER = "paper"
"""The table that is meant where none is named."""


class Published(BaseModel):
    """What ``rows.yaml`` says of a row: the published figures, in percent, its recipe and how many networks test it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    data: str = Field(description="the data set's name in the table")
    accuracy: float | None = Field(None, ge=0, le=100, description="distillation accuracy")
    sd: float = Field(0.0, ge=0, le=100, description="its standard deviation over networks")
    full: float | None = Field(None, gt=0, le=100, description="accuracy of the same network trained on all the data")
    networks: int = Field(1, ge=1, description="networks that test the row")
    source: str = Field("", description="where the figures stand")
    recipe: str | None = Field(None, description="name or file of its recipe; None: the row's name")
    settings: dict[str, Any] = Field({}, description="settings that are other than the recipe's")


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        name: its name.
        published: the published figures.
        recipe: its settings, but for the seed.
        recipe_name: what ``tdd distill --recipe`` takes for them.
        assignments: what ``--set`` takes for the settings that are other than the recipe's.
        runs: the folder of its run folders.
    """

    name: str
    published: Published
    recipe: Recipe
    recipe_name: str
    assignments: tuple[str, ...]
    runs: Path

    def run_name(self, seed: int) -> str:
        """What its run with a seed is called: ``imdb-20-fixed-0``."""
        return f"{self.name}-{seed}"

    def folder(self, seed: int) -> Path:
        """The run folder of a seed."""
        return self.runs / self.run_name(seed)

    def seeded(self, seed: int) -> Recipe:
        """Its recipe with a seed."""
        return self.recipe.model_copy(update={"seed": seed})


def table_name(recipes: Path | None) -> str:
    """What a table is called: its folder's name."""
    return PAPER if recipes is None else recipes.resolve().name


def read_rows(recipes: Path | None = None, runs: Path | None = None) -> list[Row]:
    """The rows of a table in its order.

    A row's recipe lies beside ``rows.yaml``, or is one that comes with the package, or any file.

    Args:
        recipes: folder of a table, or the name of one that comes with the package; None: the paper's.
        runs: the folder of the rows' run folders; None: ``runs/`` and the table's name.

    Raises:
        UsageError: a file is missing or wrong, named in the line.
    """
    shipped = recipe_folders()[0] / (recipes or PAPER)
    own = recipes is not None and ((recipes / ROWS).is_file() or len(recipes.parts) > 1)
    comes_with_tdd = not own and (shipped / ROWS).is_file()
    folder = shipped if comes_with_tdd or recipes is None else recipes
    entries = read_settings(folder / ROWS, "rows")
    return [
        _row(str(name), figures, folder, comes_with_tdd, runs or Path("runs") / table_name(recipes))
        for name, figures in entries.items()
    ]


def _row(name: str, figures: Mapping[str, Any], folder: Path, comes_with_tdd: bool, runs: Path) -> Row:
    where = f"{folder / ROWS}: {name}"
    try:
        published = Published.model_validate(figures)
    except ValidationError as error:
        raise UsageError(f"{where}: {first_fault(error)}") from None
    own = published.recipe or name
    beside = folder / f"{own}.yaml"
    if comes_with_tdd and beside.is_file():
        recipe_name = f"{folder.name}/{own}"
    elif beside.is_file() or (published.recipe is None and not comes_with_tdd):
        recipe_name = str(beside)
    else:
        recipe_name = own
    if recipe_name not in named_recipes() and not Path(recipe_name).is_file():
        raise UsageError(f"{where}: there is no recipe '{recipe_name}'; tdd distill --list-recipes lists those of tdd")
    assignments = [
        f"{setting}={value if isinstance(value, str) else json.dumps(value)}"
        for setting, value in published.settings.items()
    ]
    try:
        recipe = resolve_recipe(None, recipe_name, assignments, {})
    except UsageError as error:
        raise UsageError(f"{where}: {error}" if assignments else str(error)) from None
    if recipe.init == "fixed" and published.networks > 1:
        raise UsageError(f"{where}: a fixed initialisation is tested with a single network")
    return Row(name, published, recipe, recipe_name, tuple(assignments), runs)
