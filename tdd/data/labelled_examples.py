"""Some examples of a split: with labels of one's own, or their inputs alone."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tdd.data.protocols import RealBatch, Split


def inputs_at(split: Split, places: Tensor) -> tuple[Tensor, Tensor | None]:
    """The network's inputs (n, ...) and mask (n, L) at `places`, in their order, which a batch does not keep."""
    examples, masks = zip(*(split.batch(place[None]).inputs() for place in places), strict=True)
    return torch.cat(examples), None if masks[0] is None else torch.cat(masks)


@dataclass(frozen=True)
class LabelledExamples:
    """Some examples of a split with labels of one's own.

    Attributes:
        split: the split; labels of its examples at `places` are the new ones.
        places: (n,) the examples.
    """

    split: Split
    places: Tensor

    @classmethod
    def of(cls, split: Split, places: Tensor, labels: Tensor) -> LabelledExamples:
        """The examples at `places` (n,) of a split, with `labels` (n, C), probabilities."""
        relabelled: Any = copy.copy(split)
        relabelled.labels = torch.zeros(len(split), labels.shape[1]).index_copy(0, places, labels)
        return cls(relabelled, places)

    def __len__(self) -> int:
        return len(self.places)

    def batch(self, indices: Tensor) -> RealBatch:
        """See `Split`."""
        return self.split.batch(self.places[indices])
