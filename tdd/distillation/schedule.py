"""How the step sizes of Adam change over the outer loop, and when it ends.

They fall along half a cosine to zero at the last outer step. A run that has gained nothing on held-out data for as many
outer steps as its `patience` ends early: its step sizes then fall from where they are to zero over as many steps again,
since it is the small ones at the end that settle a set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tdd.settings.recipe import Recipe


@dataclass
class Schedule:
    """The outer loop's step sizes and end.

    Attributes:
        kind: "cosine" or "constant".
        warmup: outer steps over which the step sizes rise linearly.
        outer_steps: outer steps as they were planned.
        patience: outer steps without a gain after which the end is brought forward; None: it never is.
        last: the last outer step.
        falls_from: the outer step at which the end was brought forward; None: it was not.
    """

    kind: str
    warmup: int
    outer_steps: int
    patience: int | None
    last: int
    falls_from: int | None = None

    @classmethod
    def of(cls, recipe: Recipe) -> Schedule:
        """The schedule of a recipe whose settings are settled, at its start."""
        if recipe.outer_steps is None:
            raise ValueError("outer_steps is none: see Recipe.settled")
        return cls(recipe.schedule, recipe.warmup, recipe.outer_steps, recipe.patience, recipe.outer_steps)

    def factor(self, step: int) -> float:
        """Factor of the Adam step sizes at an outer step."""
        if self.falls_from is None or step < self.falls_from:
            return self._planned(step)
        return self._planned(self.falls_from) * _falling(step - self.falls_from, self.last - self.falls_from)

    def after_validation(self, step: int, best_step: int) -> None:
        """Bring the end forward where `step` outer steps are done and the best on held-out data is too long ago."""
        if self.patience is None or self.falls_from is not None:
            return
        if step - max(best_step, self.warmup) >= self.patience and step + self.patience < self.last:
            self.falls_from, self.last = step, step + self.patience

    def _planned(self, step: int) -> float:
        rise = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        return rise if self.kind == "constant" else rise * _falling(step, self.outer_steps)


def _falling(done: int, of: int) -> float:
    """Half a cosine, from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * done / of))
