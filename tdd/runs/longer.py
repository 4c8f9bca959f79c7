"""A finished run that goes on: what its recipe becomes, and what its results keep of the part that is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tdd.distilled_set.results import read_results
from tdd.distilled_set.run_folder import is_finished, recipe_of_run
from tdd.errors import UsageError
from tdd.hub.layout import RECIPE, RESULTS
from tdd.settings.recipe import Recipe
from tdd.system.formatting import counted

KEPT = ("full_data", "tfidf", "baselines")
"""Results that have nothing to do with the set itself."""
OF_OUTER_STEPS = "label_only"
"""The baseline that learns for as many outer steps as the set."""


def longer(recipe: Recipe, folder: Path, outer_steps: int | None) -> Recipe:
    """The recipe of the run in a folder, with a course of step sizes more if it is to do more outer steps.

    Args:
        recipe: that of the run.
        folder: its folder.
        outer_steps: all that it is to do, those that are done among them; None: no more than it was made with.

    Raises:
        UsageError: the run is not finished, or has done as many.
    """
    if outer_steps is None or outer_steps == recipe.outer_steps:
        return recipe
    if not is_finished(folder):
        raise UsageError(
            f"the run in '{folder}' is not finished: go on with it first, without outer_steps (--outer-steps), then "
            "with them"
        )
    done = int(read_results(folder / RESULTS)["distillation"]["outer_steps"])
    if outer_steps <= done:
        raise UsageError(f"the run in '{folder}' has done {counted(done, 'outer step')}: name more for it to go on")
    return recipe.model_copy(update={"outer_steps": outer_steps, "restarts": [*recipe.restarts, done]})


def results_before(folder: Path | None) -> dict[str, Any]:
    """What the results of a run that went on begin with; nothing where no part of it was finished before.

    "parts" of "distillation" are the earlier ones, each as it stood in the results then, with its "test" accuracies by
    initialisation. What was measured without the set stays.
    """
    if folder is None or not is_finished(folder):
        return {}
    results = read_results(folder / RESULTS)
    distillation = dict(results["distillation"])
    earlier = distillation.pop("parts", [])
    test = {init: evaluation["mean"] for init, evaluation in results.get("evaluation", {}).items()}
    kept = {name: results[name] for name in KEPT if name in results}
    if "baselines" in kept:
        kept["baselines"] = {name: row for name, row in kept["baselines"].items() if name != OF_OUTER_STEPS}
    return kept | {"distillation": {"parts": [*earlier, distillation | {"test": test}]}}


def keep_recipe(recipe: Recipe, folder: Path) -> None:
    """Write the recipe of a run, and of one that goes on the outer steps that it is to do now."""
    if not (folder / RECIPE).exists():
        recipe.save(folder / RECIPE)
        return
    kept = recipe_of_run(folder)
    if kept.restarts != recipe.restarts:
        kept.model_copy(update={name: getattr(recipe, name) for name in ("outer_steps", "restarts")}).save(
            folder / RECIPE
        )
