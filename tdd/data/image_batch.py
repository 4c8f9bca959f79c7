"""Batches of images."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.pixel_normalisation import Normalisation
from tdd.data.protocols import Augmentation
from tdd.system.memory import moved
from tdd.system.seeds import generator


@dataclass(frozen=True)
class ImageBatch:
    """Real images: `pixels` (B, h, w, c) uint8 and `labels` (B,)."""

    pixels: Tensor
    labels: Tensor
    normalisation: Normalisation

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device) -> ImageBatch:
        """The batch on `device`, where bytes are quicker to bring than numbers."""
        normal = Normalisation(self.normalisation.mean.to(device), self.normalisation.sd.to(device))
        parts = {name: moved(getattr(self, name), device) for name in ("pixels", "labels")}
        return replace(self, normalisation=normal, **parts)

    def inputs(self, rows: slice = slice(None), padded: bool = True) -> tuple[Tensor, None]:
        """The normalised images, (B, c, h, w)."""
        return self.normalisation.apply(self.pixels[rows]), None

    def width(self, row: int) -> int:
        """See `RealBatch`: that of the image."""
        return self.pixels.shape[3]

    def keys(self, rows: slice) -> list[bytes | None]:
        """See `RealBatch`; nothing is kept of images."""
        return [None] * len(self.pixels[rows])

    def shard(self, index: int, count: int) -> ImageBatch:
        """See `RealBatch.shard`."""
        return replace(self, pixels=self.pixels[index::count], labels=self.labels[index::count])

    def augmented(self, augmentation: Augmentation, seed: int, step: int) -> ImageBatch:
        """The batch with half of the images mirrored, each moved by up to `shift` pixels, black where nothing was."""
        batch = self._mirrored(generator(seed, "flip", step)) if augmentation.flip else self
        return batch._moved(augmentation.shift, generator(seed, "shift", step)) if augmentation.shift else batch

    def _mirrored(self, draw: torch.Generator) -> ImageBatch:
        half = torch.rand(len(self.pixels), generator=draw) < 0.5
        return replace(self, pixels=torch.where(half[:, None, None, None], self.pixels.flip(2), self.pixels))

    def _moved(self, shift: int, draw: torch.Generator) -> ImageBatch:
        count, height, width, _ = self.pixels.shape
        framed = F.pad(self.pixels, (0, 0, *[shift] * 4))
        top, left = torch.randint(0, 2 * shift + 1, (2, count, 1, 1), generator=draw)
        rows, columns = top + torch.arange(height)[:, None], left + torch.arange(width)
        return replace(self, pixels=framed[torch.arange(count)[:, None, None], rows, columns])
