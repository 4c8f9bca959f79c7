"""Say once that a run has diverged: it would go on for its whole time and give nothing better any more."""

from __future__ import annotations

import math

from tdd.settings.recipe import Recipe
from tdd.system.reporter import Progress, Reporter

LOST = 0.5
"""Share of what held-out accuracy was above chance that is lost where a run is said to diverge."""


class Divergence:
    """What tells of it.

    Args:
        recipe: the run's.
        classes: C.
        reporter: where it is told.
    """

    def __init__(self, recipe: Recipe, classes: int, reporter: Reporter):
        self.recipe, self.classes, self.reporter, self.told = recipe, classes, reporter, False

    def look(self, progress: Progress, best_step: int) -> None:
        """Tell of it where half of the best held-out accuracy is lost and the outer loss is above that of chance.

        Args:
            progress: of the outer step that is just done.
            best_step: outer steps of the set that is best on held-out data.
        """
        reached, best, chance = progress.validation_accuracy, progress.best_accuracy, 1 / self.classes
        if self.told or reached is None or progress.outer_loss <= math.log(self.classes):
            return
        if best - reached <= LOST * (best - chance) or best <= chance:
            return
        self.told = True
        rate = "inner_rate" if self.recipe.inner == "plain" else "learning_rate"
        self.reporter.note(
            f"the inner steps diverge: held-out data {100 * reached:.1f} % after outer step {progress.step}, "
            f"{100 * best:.1f} % after {best_step}, whose set is kept. Stop, and lower {rate}, or set window: 10 to "
            "learn through the last ten steps alone"
        )
