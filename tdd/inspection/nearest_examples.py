"""The real examples that are most like each distilled one: for whoever has the data, not to be published."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tdd.data.images import ImageSplit
from tdd.data.protocols import Split
from tdd.data.text import TextSplit
from tdd.distilled_set.set import DistilledSet

_AT_ONCE = 4096  # real examples


@dataclass(frozen=True)
class RealExample:
    """A real example beside a distilled one.

    Attributes:
        label: its class, a place among the set's.
        similarity: cosine of its features to those of the distilled one: of texts their mean word vectors, of images
            normalised pixels.
        text: the text; None: an image.
        pixels: (h, w, c) uint8; None: a text.
    """

    label: int
    similarity: float
    text: str | None = None
    pixels: NDArray[np.uint8] | None = None


def nearest_examples(
    distilled: DistilledSet, split: Split, k: int, first: int | None = None
) -> list[list[RealExample]]:
    """The `k` examples of a split most like each of the (`first`) distilled samples, best first.

    None for texts that nobody can read again.
    """
    samples = distilled.samples.flatten(0, 1)[:first]
    if isinstance(split, TextSplit):
        if split.raw is None or split.raw.are_pairs:
            return []
        features = samples.sum(1) if distilled.mask is None else _sums(samples, distilled.mask.flatten(0, 1)[:first])
    else:
        features = samples.flatten(1)
    queries = torch.nn.functional.normalize(features, dim=1)
    best, places = torch.full((len(queries), k), -2.0), torch.zeros(len(queries), k, dtype=torch.int64)
    for part in torch.arange(len(split)).split(_AT_ONCE):
        cosines = queries @ torch.nn.functional.normalize(split.features(part), dim=1).T
        both, which = torch.cat([best, cosines], 1).topk(k, 1)
        best, places = both, torch.cat([places, part.expand(len(queries), -1)], 1).gather(1, which)
    return [
        [_example(split, int(place), value) for place, value in zip(row, values, strict=True)]
        for row, values in zip(places, best.tolist(), strict=True)
    ]


def _sums(samples: Tensor, mask: Tensor) -> Tensor:
    return (samples * mask[..., None]).sum(1)


def _example(split: Split, place: int, similarity: float) -> RealExample:
    label = int(split.labels[place])
    if isinstance(split, TextSplit) and split.raw is not None:
        (words,) = split.raw.texts(torch.tensor([place]))[0]
        return RealExample(label, similarity, text=words)
    assert isinstance(split, ImageSplit)
    return RealExample(label, similarity, pixels=split.pixels[split.places[place]])
