"""How the step sizes of Adam change over the outer loop, and when it ends.

They fall along half a cosine to zero at the last outer step. A run that has gained nothing on held-out data for as many
outer steps as its `patience` ends early: its step sizes then fall from where they are to zero over half as many steps,
since it is the small ones at the end that settle a set. A finished run that goes on takes another such course, for the
outer steps that are added; what Adam remembers of the gradients stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tdd.settings.recipe import Recipe


@dataclass
class Schedule:
    """The outer loop's step sizes and end.

    Attributes:
        kind: "cosine" or "constant".
        warmup: outer steps over which the step sizes of each course rise linearly.
        ends: the last outer step of each course, as planned.
        patience: outer steps without a gain after which the end is brought forward; None: it never is.
        last: the last outer step of the present course.
        course: its place in `ends`.
        begun: outer steps done before it.
        falls_from: the outer step at which its end was brought forward; None: it was not.
    """

    kind: str
    warmup: int
    ends: tuple[int, ...]
    patience: int | None
    last: int
    course: int = 0
    begun: int = 0
    falls_from: int | None = None

    @classmethod
    def of(cls, recipe: Recipe) -> Schedule:
        """The schedule of a recipe whose settings are settled, at its start."""
        if recipe.outer_steps is None:
            raise ValueError("outer_steps is none: see Recipe.settled")
        ends = (*recipe.restarts, recipe.outer_steps)
        return cls(recipe.schedule, recipe.warmup, ends, recipe.patience, ends[0])

    @property
    def outer_steps(self) -> int:
        """Outer steps as they were planned, those of earlier courses among them."""
        return self.ends[self.course]

    def is_over(self, step: int) -> bool:
        """Whether the last step of the last course is done."""
        return step >= self.last and self.course == len(self.ends) - 1

    def after_step(self, step: int) -> None:
        """Begin the next course where one is done and another follows."""
        if step >= self.last and not self.is_over(step):
            self.course, self.begun, self.falls_from = self.course + 1, step, None
            self.last = self.ends[self.course]

    def follows(self, ends: tuple[int, ...], step: int) -> bool:
        """Whether a state after `step` with these `ends` is of this run: with the same, or done and a course less."""
        return ends == self.ends or (*ends[:-1], step, self.ends[-1]) == self.ends

    def factor(self, step: int) -> float:
        """Factor of the Adam step sizes at an outer step."""
        if self.falls_from is None or step < self.falls_from:
            return self._planned(step)
        return self._planned(self.falls_from) * _falling(step - self.falls_from, self.last - self.falls_from)

    def after_validation(self, step: int, best_step: int) -> None:
        """Bring the end forward where `step` outer steps are done and the best on held-out data is too long ago."""
        if self.patience is None or self.falls_from is not None:
            return
        last = step + max(1, self.patience // 2)
        if step - max(best_step, self.begun + self.warmup) >= self.patience and last < self.last:
            self.falls_from, self.last = step, last

    def _planned(self, step: int) -> float:
        step, planned = step - self.begun, self.outer_steps - self.begun
        rise = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        return rise if self.kind == "constant" else rise * _falling(step, planned)


def _falling(done: int, of: int) -> float:
    """Half a cosine, from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * done / of))
