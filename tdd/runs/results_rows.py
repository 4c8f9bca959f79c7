"""The rows of a results table, read from ``rows.yaml``: their recipes and the published figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tdd.errors import UsageError
from tdd.settings.files import read_settings
from tdd.settings.names import ROWS, recipe_folders
from tdd.settings.recipe import Recipe, first_fault


class Published(BaseModel):
    """The published figures of a row, in percent, and how many networks test it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    data: str = Field(description="the data set's name in the table")
    accuracy: float | None = Field(None, ge=0, le=100, description="distillation accuracy")
    sd: float = Field(0.0, ge=0, le=100, description="its standard deviation over networks")
    full: float | None = Field(None, gt=0, le=100, description="accuracy of the same network trained on all the data")
    networks: int = Field(1, ge=1, description="networks that test the row")
    source: str = Field("", description="where the figures stand")


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        name: its name and its recipe's.
        published: the published figures.
        recipe: its settings.
        recipe_name: what ``tdd distill --recipe`` takes for them.
        folder: its run folder.
    """

    name: str
    published: Published
    recipe: Recipe
    recipe_name: str
    folder: Path


def read_rows(recipes: Path | None = None, runs: Path = Path("runs/paper")) -> list[Row]:
    """The rows of the table in the folder `recipes`, the paper's when None, in its order; runs lie in `runs`/NAME.

    Raises:
        UsageError: a file is missing or wrong, named in the line.
    """
    folder = recipes or recipe_folders()[0] / "paper"
    rows = []
    for name, figures in read_settings(folder / ROWS).items():
        try:
            published = Published.model_validate(figures)
        except ValidationError as error:
            raise UsageError(f"{folder / ROWS}: {name}: {first_fault(error)}") from None
        path = folder / f"{name}.yaml"
        recipe = Recipe.load(path)
        if recipe.init == "fixed" and published.networks > 1:
            raise UsageError(f"{folder / ROWS}: {name}: a fixed initialisation is tested with a single network")
        rows.append(Row(str(name), published, recipe, str(path) if recipes else f"paper/{name}", runs / str(name)))
    return rows
