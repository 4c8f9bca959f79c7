"""Plain training of networks by AdamW, on real examples, on texts, or on the samples of a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tdd.data.protocols import RealBatch, Split
from tdd.data.text import TextSplit
from tdd.data.text_batch import TextBatch
from tdd.distilled_set.probabilities import probabilities
from tdd.evaluation.adam import Examples, adamw, give, starting_at
from tdd.networks.kernels.parameters import Parameters, stack, unstack
from tdd.networks.kernels.protocol import Kernel
from tdd.settings.plain_settings import PlainSettings
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.data.protocols import Augmentation
    from tdd.distilled_set.set import DistilledSet


@dataclass(frozen=True)
class Lesson:
    """Examples, and how a network is trained on them."""

    examples: Examples
    how: PlainSettings

    def at(self, rate: float) -> Lesson:
        """The same at another step size."""
        return replace(self, how=replace(self.how, rate=rate))


def train_plainly(
    kernel: Kernel, theta: Parameters, lesson: Lesson, seed: int, indices: Sequence[int] = (0,)
) -> Parameters:
    """K networks that start at `theta`, stacked (K, ...), trained; none is stopped early.

    Orders and dropout are drawn from the seed and the network's own of `indices`, so that it does not matter which
    others are trained beside it.
    """
    starts = unstack(theta)
    return stack([_trained(kernel, *each, lesson, seed) for each in zip(starts, indices, strict=True)])


def _trained(kernel: Kernel, start: Parameters, index: int, lesson: Lesson, seed: int) -> Parameters:
    """One network, trained."""
    examples, how = lesson.examples, lesson.how
    theta = starting_at({name: value[None] for name, value in start.items()})
    device = next(iter(theta.values())).device
    optimiser = adamw(theta, how.rate, how.weight_decay)
    # Batches as even as can be.
    size = -(-len(examples) // -(-len(examples) // how.batch))
    step = epoch = 0
    while step < how.steps:
        order = torch.randperm(len(examples), generator=generator(seed, "plain", "order", index, epoch))
        dropout = generator(seed, "plain", "dropout", index, epoch) if how.dropout else None
        for chosen in order.split(size)[: how.steps - step]:
            optimiser.param_groups[0]["lr"] = how.rate * how.share_of_rate(step)
            _, gradient = kernel.loss(theta, examples.batch(chosen).to(device), dropout)
            give(theta, gradient)
            if how.clip is not None:
                torch.nn.utils.clip_grad_norm_(list(theta.values()), how.clip)
            optimiser.step()
            step += 1
        epoch += 1
    return {name: value[0] for name, value in theta.items()}


@dataclass(frozen=True)
class SampleBatch:
    """Samples that are no texts, (B, ...), as a real batch; see `RealBatch`."""

    x: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device) -> SampleBatch:
        """See `RealBatch`."""
        return SampleBatch(self.x.to(device), self.labels.to(device))

    def inputs(self, rows: slice = slice(None), padded: bool = True) -> tuple[Tensor, None]:
        """See `RealBatch`."""
        return self.x[rows], None

    def width(self, row: int) -> int:
        """See `RealBatch`."""
        return int(self.x.shape[-1])

    def keys(self, rows: slice) -> list[bytes | None]:
        """See `RealBatch`; nothing is kept of samples."""
        return [None] * len(self.x[rows])

    def shard(self, index: int, count: int) -> SampleBatch:
        """See `RealBatch.shard`."""
        return SampleBatch(self.x[index::count], self.labels[index::count])

    def augmented(self, augmentation: Augmentation, seed: int, step: int) -> SampleBatch:
        """See `RealBatch`; samples stay as they are."""
        return self


class Samples:
    """The samples of a set, in one heap: what plain training learns from where there are no texts.

    Args:
        distilled: the set.
        length: L, positions that a sentence counts as padded to.
    """

    def __init__(self, distilled: DistilledSet, length: int):
        self.x = distilled.samples.flatten(0, 1)
        self.labels = probabilities(distilled.labels.flatten(0, 1))
        self.lengths = distilled.lengths.flatten() if self.x.dim() == 3 else None
        self.length = length

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, indices: Tensor) -> RealBatch:
        """See `Examples`; sentences lie shortest first, as real ones do."""
        if self.lengths is None:
            return SampleBatch(self.x[indices], self.labels[indices])
        chosen = indices[self.lengths[indices].argsort(stable=True)]
        lengths = self.lengths[chosen]
        inside = torch.arange(max(int(lengths.max()), 1)) < lengths[:, None]
        # Every position is a word of its own; row 0 is that of padding.
        ids = torch.zeros(inside.shape, dtype=torch.int32)
        ids[inside] = torch.arange(1, 1 + int(inside.sum()), dtype=torch.int32)
        words = torch.cat([torch.zeros(1, self.x.shape[2]), self.x[chosen][:, : inside.shape[1]][inside]])
        return TextBatch(ids, lengths, self.labels[chosen], words, self.length, whole=False)


def samples_or_texts(distilled: DistilledSet, train: Split) -> Samples | TextSplit:
    """What plain training learns from a set in its own space: its words, or else its samples.

    Args:
        distilled: the set.
        train: the training split of its data.
    """
    if distilled.sentences is None:
        return Samples(distilled, train.space.shape[0])
    assert isinstance(train, TextSplit)
    rows = [row[row > 0] for row in distilled.sentences.tokens.flatten(0, 1).numpy()]
    return TextSplit.of_rows(rows, probabilities(distilled.labels.flatten(0, 1)), train.vectors, train.max_length)
