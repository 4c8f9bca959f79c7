"""Samples that are any learned numbers: those of the paper."""

from __future__ import annotations

from torch import Tensor


class FreeSamples:
    """The samples themselves are learned, any numbers (the paper's)."""

    def identity(self) -> list[int]:
        """See `Parametrisation`."""
        return []

    def start(self, samples: Tensor) -> Tensor:
        """See `Parametrisation`."""
        return samples

    def samples(self, raw: Tensor) -> Tensor:
        """See `Parametrisation`."""
        return raw

    def gradient(self, raw: Tensor, gradient: Tensor) -> Tensor:
        """See `Parametrisation`."""
        return gradient

    def finished(self, raw: Tensor) -> tuple[Tensor, None]:
        """See `Parametrisation`."""
        return raw, None
