"""Which inner steps the outer gradient flows through: truncated backpropagation, with a moving end if wanted."""

from __future__ import annotations

import torch

from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator


def window(recipe: Recipe, total: int, step: int) -> range:
    """The inner steps, of `total`, that the gradient of an outer step flows through.

    The outer loss is taken after the last of them; the inner loop goes no further. `Recipe.window` of them end with the
    last inner step, or at any step, drawn evenly (RaT-BPTT, Feng et al., arXiv 2310.04606), or at one that moves from
    the first place possible to the last over the first half of the outer steps.
    """
    size = min(recipe.window or total, total)
    match recipe.window_end:
        case "random":
            end = int(torch.randint(size, total + 1, (), generator=generator(recipe.seed, "window", step)))
        case "growing":
            end = size + round((total - size) * min(1.0, 2 * step / recipe.outer_steps))
        case "last":
            end = total
    return range(end - size, end)
