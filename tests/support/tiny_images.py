"""A data set of small images: classes told apart by the half that is bright."""

import torch

from tdd.data.corpus import Corpus
from tdd.data.images import ImageSplit
from tdd.data.pixel_normalisation import Normalisation
from tdd.system.seeds import generator


def tiny_images(channels: int = 1, side: int = 8) -> Corpus:
    """Two classes of noisy images (channels, side, side)."""
    splits = {}
    for name, size in (("train", 60), ("validation", 30), ("test", 30)):
        g = generator(0, "images", name)
        labels = torch.randint(0, 2, (size,), generator=g)
        pixels = torch.randint(0, 120, (size, side, side, channels), generator=g)
        for image, label in zip(pixels, labels.tolist(), strict=True):
            image[label * side // 2 : (label + 1) * side // 2] += 100
        normalisation = Normalisation(torch.full((channels,), 0.4), torch.full((channels,), 0.25))
        splits[name] = ImageSplit(pixels.byte().numpy(), torch.arange(size).numpy(), labels, normalisation)
    return Corpus(
        name="tiny images",
        source={"dataset": "tiny images", **splits["train"].source()},
        classes=["above", "below"],
        notes=[],
        reading={},
        fingerprint=f"tiny images {channels} {side}",
        **splits,
    )
