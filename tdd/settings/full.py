"""Settings of the training on all the data that a set is compared with, and the step sizes that a search tries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import field_validator

from tdd.settings.fields import Settings, setting

DRAWN_LR, FINE_TUNING_LR = 0.001, 0.0001
"""Adam step sizes where none is set: of drawn weights, the classifier on a frozen encoder too; of pretrained ones."""
AROUND = (0.3, 1.0, 3.0, 10.0)
"""The usual search tries that step size times each of these."""


class FullSettings(Settings):
    """The same network trained on all the data, for the distillation ratio (--full)."""

    full_epochs: int = setting(20, "most passes over the training split", unit="epochs", changes_run=False, ge=1)
    full_lr: float | None = setting(
        None,
        "Adam step size",
        none=f"{DRAWN_LR}, or {FINE_TUNING_LR} where pretrained weights are trained",
        changes_run=False,
        gt=0,
    )
    full_search: list[float] | Literal["usual"] = setting(
        [],
        "Adam step sizes to choose from on held-out data, or usual: four around that of none; []: full_lr alone",
        changes_run=False,
    )
    full_batch_size: int = setting(64, "examples of one step", unit="examples", changes_run=False, ge=1)

    @field_validator("full_search", mode="before")
    @classmethod
    def _positive(cls, value: Any) -> Any:
        if value == "usual":
            return value
        if not isinstance(value, list) or not all(type(rate) in (int, float) and rate > 0 for rate in value):
            raise ValueError("usual, or a list of positive numbers")
        if len(set(value)) < len(value):
            raise ValueError("a step size stands there twice")
        return value

    def full_rates(self, fine_tuned: bool) -> list[float]:
        """Adam step sizes that are tried, of pretrained weights that are trained or of drawn ones."""
        if self.full_search == "usual":
            return multiples(usual_rate(fine_tuned), AROUND)
        return self.full_search or [self.full_lr or usual_rate(fine_tuned)]


def usual_rate(fine_tuned: bool) -> float:
    """The Adam step size where none is set."""
    return FINE_TUNING_LR if fine_tuned else DRAWN_LR


def multiples(rate: float, factors: Sequence[float]) -> list[float]:
    """A step size times each of some factors, in three digits."""
    return [float(f"{factor * rate:.3g}") for factor in factors]
