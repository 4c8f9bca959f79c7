"""The paper's result tables, row by row: what is missing is run, what is there is kept, the written table follows.

A table is a folder of recipes and a file ``rows.yaml`` that names them, in order, with the published figures. The one
that comes with the package, ``recipes/paper``, has the rows of tables 3 and 6 and section 4.2 of arXiv 1910.02551.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accelerate import Accelerator
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tdd.data.sources import local_copy
from tdd.errors import Interrupted, TddError, UsageError, line_of, nearest
from tdd.runs.evaluate import evaluate_run, is_tested
from tdd.runs.results_markdown import render
from tdd.runs.reuse import run_or_reuse
from tdd.settings.recipe import Recipe, first_fault, read_settings
from tdd.settings.recipes import ROWS, recipe_folders
from tdd.system.files import write_text
from tdd.system.reporter import Reporter


class Published(BaseModel):
    """What was published of a row, in percent, and how many networks test it."""

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


def run_table(
    names: Sequence[str] = (),
    runs: Path = Path("runs/paper"),
    output: Path = Path("RESULTS.md"),
    only_write: bool = False,
    data_root: Path | None = None,
    recipes: Path | None = None,
    reporter: Reporter | None = None,
) -> None:
    """Run what is missing of the rows, evaluate it, and write the table after every row.

    A row is distilled, tested with as many networks as the paper tests and compared with the same network trained on
    all the data. What is finished is not done again, what was cut is gone on with.

    Args:
        names: rows to run; none: all. The table always shows all.
        runs: folder of the runs, a folder for each row.
        output: the Markdown file.
        only_write: run nothing, write the table from what is there.
        data_root: folder with copies of the data sets, laid out owner/name as on the Hub; None: they are read from it.
        recipes: see `read_rows`.
        reporter: where progress is told; None: nowhere.

    Raises:
        UsageError: there is no such row, or a recipe or the list of rows is wrong; nothing was run.
        Interrupted: Ctrl-C or a terminate signal; the same call goes on.
        TddError: rows failed, after the others were run.
    """
    rows = read_rows(recipes, runs)
    known = [row.name for row in rows]
    for name in names:
        if name not in known:
            raise UsageError(f"no row '{name}'{nearest(name, known)}")
    accelerator = Accelerator()
    if reporter is None or not accelerator.is_main_process:
        reporter = Reporter(quiet=True)

    def write() -> None:
        if accelerator.is_main_process:
            write_text(output, render(rows))

    write()
    failures: dict[str, Exception] = {}
    for row in rows:
        if only_write or (names and row.name not in names):
            continue
        reporter.note(f"{row.name}: {row.folder}")
        try:
            _complete(row, data_root, reporter)
        except (Interrupted, KeyboardInterrupt):
            raise Interrupted(f"stopped in row {row.name}; what is done is kept, the same line again goes on") from None
        except Exception as error:
            if accelerator.num_processes > 1:  # the others would wait for this process
                raise
            reporter.note(f"{row.name} failed: {line_of(error)}")
            failures[row.name] = error
        write()
    if failures:
        count = f"{len(failures)} of {len(names or rows)} rows failed"
        raise TddError(f"{count} ({', '.join(failures)}), each for the reason above") from next(iter(failures.values()))


def _complete(row: Row, data_root: Path | None, reporter: Reporter) -> None:
    """Distil, test and compare a row as far as that was not done before."""
    data = row.recipe.data if data_root is None else local_copy(row.recipe.dataset, data_root)
    results = run_or_reuse(row.recipe.model_copy(update={"data": data}), row.folder, reporter).results
    networks = row.published.networks
    if not (is_tested(results, row.recipe.init, networks) and "full_data" in results):
        evaluate_run(row.folder, networks, row.recipe.init, full=True, data=data, reporter=reporter, only_missing=True)
