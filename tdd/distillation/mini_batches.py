"""Mini-batches of the samples of a set, for plain training."""

from __future__ import annotations

import torch
from torch import Tensor

from tdd.system.seeds import generator


def even_size(examples: int, most: int) -> int:
    """Examples of a mini-batch where an epoch goes into the fewest mini-batches of at most `most`, in even parts."""
    return -(-examples // -(-examples // most))


def mini_batches(examples: int, size: int, steps: int, seed: int, *place: str | int) -> list[Tensor]:
    """Places of the examples of each step: all of them once an epoch, in an order drawn anew, in even parts.

    Args:
        examples: their number.
        size: most of a mini-batch.
        steps: how many.
        seed, place: of the draw.
    """
    size = even_size(examples, size)
    batches: list[Tensor] = []
    epoch = 0
    while len(batches) < steps:
        order = torch.randperm(examples, generator=generator(seed, *place, epoch))
        batches += order.split(size)
        epoch += 1
    return batches[:steps]
