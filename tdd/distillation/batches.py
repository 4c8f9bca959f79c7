"""The real batch of each outer step."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import torch

from tdd.data.protocols import Augmentation, RealBatch, Split
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator


class OuterBatches:
    """Training examples of each outer step: a new order every epoch, a function of seed and step alone.

    Args:
        split: the training examples.
        size: examples of a batch; at most all of them.
        seed: of the order and of the augmentation.
        augmentation: how examples are changed at random.
        device: where batches are used.
        balanced: draw, with replacement, every class as often; otherwise every example comes once an epoch.
        ahead: prepare the next batch in a thread while this one is used; None: on accelerators, which else would wait.
    """

    def __init__(
        self,
        split: Split,
        size: int,
        seed: int,
        augmentation: Augmentation,
        device: torch.device,
        balanced: bool = False,
        ahead: bool | None = None,
    ):
        augmentation.check(split.space)
        self.split, self.size, self.seed, self.augmentation = split, min(size, len(split)), seed, augmentation
        self.device = device
        counts = torch.bincount(split.labels).clamp(min=1)
        self.weights = 1 / counts[split.labels].double() if balanced else None
        ahead = device.type != "cpu" if ahead is None else ahead
        self.thread = ThreadPoolExecutor(1, "next batch") if ahead else None
        self.order: tuple[int, torch.Tensor] = (-1, torch.empty(0))
        self.next: tuple[int, Future[RealBatch]] | None = None

    @classmethod
    def of(cls, recipe: Recipe, split: Split, device: torch.device) -> OuterBatches:
        """The batches that a recipe asks for."""
        augmentation = Augmentation(recipe.word_dropout or 0.0, recipe.shift, recipe.flip)
        balanced = recipe.class_weights == "balanced"
        return cls(split, recipe.batch_size, recipe.seed, augmentation, device, balanced)

    def at(self, step: int) -> RealBatch:
        """The batch of an outer step, on the device."""
        if self.thread is None:
            return self._prepare(step)
        prepared = self.next if self.next and self.next[0] == step else (step, self.thread.submit(self._prepare, step))
        batch = prepared[1].result()
        self.next = step + 1, self.thread.submit(self._prepare, step + 1)
        return batch

    def apart(self, *place: str | int) -> RealBatch:
        """As many examples of a draw of their own, named by its place, as they are; no outer step's."""
        drawn = self._drawn(generator(self.seed, *place))[: self.size]
        return self.split.batch(drawn).to(self.device)

    def _prepare(self, step: int) -> RealBatch:
        epoch, place = divmod(step, len(self.split) // self.size)
        if self.order[0] != epoch:
            self.order = epoch, self._drawn(generator(self.seed, "order", epoch))
        batch = self.split.batch(self.order[1][place * self.size : (place + 1) * self.size])
        return batch.augmented(self.augmentation, self.seed, step).to(self.device)

    def _drawn(self, epoch: torch.Generator) -> torch.Tensor:
        if self.weights is None:
            return torch.randperm(len(self.split), generator=epoch)
        # torch.multinomial takes 2**24 weights at most.
        bounds = self.weights.cumsum(0)
        drawn = torch.rand(len(self.split), generator=epoch, dtype=torch.float64) * bounds[-1]
        return torch.searchsorted(bounds, drawn, right=True).clamp(max=len(bounds) - 1)
