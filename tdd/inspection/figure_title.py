"""What stands above a figure: what it shows, and of which set, with data, n and accuracy."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public, public_recipe
from tdd.inspection.figure_style import shortened
from tdd.settings.recipe import Recipe
from tdd.system.formatting import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDEST = 84  # characters of a line in a figure of the usual width


def about_set(distilled: DistilledSet) -> str:
    """A set in a line: data, n, network and start, and its test accuracy where that was measured."""
    steps, per_step = distilled.samples.shape[:2]
    recipe = public(distilled).recipe
    text = f"{recipe.dataset}, n = {distilled.n} ({steps} × {per_step}), {_made_for(recipe)}"
    own = distilled.results.get("evaluation", {}).get(recipe.init)
    if own:
        text += f": test accuracy {percent(own['mean'], own.get('sd', 0.0))}"
    if own and (full := distilled.results.get("full_data")):
        text += f" (all the data {percent(full['accuracy'])})"
    return text


def about_recipe(recipe: Recipe) -> str:
    """The same of a run that has no set yet."""
    told = public_recipe(recipe, on_hub=False)
    return f"{told.dataset}, n = {told.n}, {_made_for(told)}"


def _made_for(recipe: Recipe) -> str:
    words = {"words": ", real words", "phrases": ", real clauses", "real": ", real examples"}.get(recipe.samples, "")
    return f"{' + '.join(recipe.learners)}, {recipe.init} initialisation{words}"


def give_title(figure: Figure, what: str, about: str, widest: int = _WIDEST) -> None:
    """Write what a figure shows above it, and what it is of; of a long line its accuracy comes below."""
    parts = [about] if len(about) <= widest else about.split(": ", 1)
    lines = [line for part in parts for line in textwrap.wrap(shortened(part, 3 * widest), widest)]
    figure.suptitle("\n".join([what, *lines]), fontsize=8.5, linespacing=1.3)
