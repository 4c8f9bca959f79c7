"""How the pixels of a data set become numbers that suit a network, and numbers pixels again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tdd.errors import TddError

# Images summed at once: 256 x 255^2 < 2^24, so that float32, many times faster than whole numbers, sums exactly and the
# result is the same on every machine.
_SUMMED = 256


@dataclass(frozen=True)
class Normalisation:
    """Pixels in [0, 255] to a network's input, (pixel / 255 - mean) / sd for each channel, and back.

    Attributes:
        mean: (c,) float32, of the training pixels in [0, 1].
        sd: (c,) float32, their standard deviation.
    """

    mean: Tensor
    sd: Tensor

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], places: NDArray[np.int64]) -> Normalisation:
        """That of the images (M, h, w, c) at `places`."""
        shape = pixels.shape[1:]
        total, squares = (torch.zeros(shape, dtype=torch.float64) for _ in range(2))
        for start in range(0, len(places), _SUMMED):
            part = torch.from_numpy(pixels[places[start : start + _SUMMED]]).float()
            total += part.sum(0)
            squares += part.square_().sum(0)
        count = len(places) * shape[0] * shape[1]
        mean = total.sum((0, 1)) / count
        variance = squares.sum((0, 1)) / count - mean**2
        # A channel that never changes is left at zero.
        sd = torch.where(variance > 0, variance, torch.full_like(variance, 255.0**2)).sqrt()
        return cls((mean / 255).float(), (sd / 255).float())

    @classmethod
    def from_source(cls, source: Mapping[str, str]) -> Normalisation:
        """That which a distilled set keeps; see `to_source`.

        Raises:
            TddError: `source` tells none.
        """
        try:
            mean, sd = (torch.tensor([float(x) for x in source[key].split()]) for key in ("pixel_mean", "pixel_sd"))
        except (KeyError, ValueError, AttributeError):
            raise TddError("the set does not say how its pixels were normalised; get a fresh copy") from None
        return cls(mean, sd)

    def to_source(self) -> dict[str, str]:
        """As text, exactly: a number for each channel."""
        numbers = {"pixel_mean": self.mean, "pixel_sd": self.sd}
        return {key: " ".join(map(str, values.double().tolist())) for key, values in numbers.items()}

    def apply(self, pixels: Tensor) -> Tensor:
        """Pixels (B, h, w, c) in [0, 255] as input (B, c, h, w), with channels last in memory."""
        return ((pixels.float() / 255 - self.mean) / self.sd).permute(0, 3, 1, 2)

    def undo(self, samples: Tensor) -> NDArray[np.uint8]:
        """Samples (..., c, h, w) as pixels (..., h, w, c); what lies outside [0, 255] is cut off."""
        if samples.shape[-3] != len(self.mean):
            raise TddError(f"the set's samples have {samples.shape[-3]} channels, its normalisation {len(self.mean)}")
        pixels = (samples.movedim(-3, -1).cpu() * self.sd + self.mean) * 255
        array: NDArray[np.uint8] = pixels.round().clamp(0, 255).byte().numpy()
        return array
