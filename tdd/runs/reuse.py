"""Reuse a finished run, resume an interrupted one, or start it."""

from __future__ import annotations

from pathlib import Path

from tdd.distillation.checkpoint import NO_PART
from tdd.distilled_set.run_folder import is_finished, read_run, recipe_of_run
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.hub.layout import RECIPE, WEIGHTS
from tdd.runs.distill import distill
from tdd.settings.recipe import Recipe
from tdd.system.reporter import Reporter


def run_or_reuse(recipe: Recipe, folder: Path, reporter: Reporter | None = None) -> DistilledSet:
    """The tested set of `recipe` in `folder`.

    A finished run is reused, an interrupted one is resumed, a missing one is started.

    Raises:
        UsageError: the folder holds a run of another recipe, see `check_same`, or what `distill` raises.
        Interrupted: Ctrl-C or a terminate signal; the same call resumes the run.
    """
    if not (folder / RECIPE).exists():
        return distill(recipe, folder, reporter=reporter)
    check_same(recipe, folder)
    if is_finished(folder):
        return read_run(folder)
    return distill(recipe, folder, resume=True, reporter=reporter)


def check_same(recipe: Recipe, folder: Path) -> None:
    """Raise UsageError if the run in `folder` differs from `recipe` in a setting that affects the set."""
    kept = recipe_of_run(folder)
    if recipe.steps is None and (folder / WEIGHTS).exists():  # a set is kept with the steps that n was split into
        recipe = recipe.model_copy(update={"steps": recipe.split(len(read_run(folder).classes))[0]})
    old, new = kept.model_dump(exclude=NO_PART), recipe.model_dump(exclude=NO_PART)
    changed = [f"{name}: {value} there, {new[name]} now" for name, value in old.items() if value != new[name]]
    if changed:
        raise UsageError(f"'{folder}' holds a run of another recipe ({'; '.join(changed)}): remove it to run this one")
