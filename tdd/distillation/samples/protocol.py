"""What is learned in place of the distilled samples, and how gradients reach it."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from tdd.distilled_set.sentences import Sentences


class Parametrisation(Protocol):
    """A learned tensor `raw`, updated by Adam, that stands for the samples."""

    def identity(self) -> list[int]:
        """What `raw` means beyond the recipe's settings; a run goes on only where it means the same."""

    def start(self, samples: Tensor) -> Tensor:
        """The raw tensor that stands for `samples` (steps, per_step, ...)."""

    def samples(self, raw: Tensor) -> Tensor:
        """What the networks of an outer step train on, (steps, per_step, ...)."""

    def gradient(self, raw: Tensor, gradient: Tensor) -> Tensor:
        """Gradient to `raw` of an outer loss that has `gradient` to ``samples(raw)``."""

    def finished(self, raw: Tensor) -> tuple[Tensor, Sentences | None]:
        """The samples as they are validated and kept, and the sentences that they are, if they are words."""
