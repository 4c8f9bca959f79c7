"""What networks got right and wrong of a split, class by class, and the figures that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Metric = Literal["accuracy", "macro_f1"]
NO_CLASS = -1
"""What a network predicts whose numbers are not finite."""
_MOST_CELLS = 200**2
"""Cells of a confusion matrix that are counted."""


@dataclass(frozen=True)
class Counts:
    """What K networks predicted for examples of C classes, in S groups of examples.

    Attributes:
        right: (K, S, C) examples of each class that a network got right.
        predicted: (K, S, C) examples that it took for each class.
        actual: (S, C) examples of each class.
        confusion: (C, C) examples of a class (row) taken for a class (column), summed over networks; empty where there
            are too many classes.
    """

    right: Tensor
    predicted: Tensor
    actual: Tensor
    confusion: Tensor

    @classmethod
    def none(cls, networks: int, groups: int, classes: int, device: torch.device) -> Counts:
        """No examples yet."""
        side = classes if classes**2 <= _MOST_CELLS else 0
        shapes = [(networks, groups, classes), (networks, groups, classes), (groups, classes), (side, side)]
        return cls(*(torch.zeros(shape, device=device) for shape in shapes))

    def add(self, guesses: Tensor, labels: Tensor, groups: Tensor) -> None:
        """Count predictions (K, B), classes or `NO_CLASS`, of examples with labels and groups (B,)."""
        networks, groups_, classes = self.right.shape
        place = groups * classes + labels
        self.actual.view(-1).index_add_(0, place, torch.ones_like(place, dtype=torch.float))
        network = torch.arange(networks, device=labels.device)[:, None] * (groups_ * classes)
        self.right.view(-1).index_add_(0, (network + place).flatten(), (guesses == labels).float().flatten())
        of_a_class = guesses != NO_CLASS
        taken = (network + groups * classes + guesses)[of_a_class]
        self.predicted.view(-1).index_add_(0, taken, torch.ones_like(taken, dtype=torch.float))
        if len(self.confusion):
            cells = (labels * classes + guesses)[of_a_class]
            self.confusion.view(-1).index_add_(0, cells, torch.ones_like(cells, dtype=torch.float))

    def group(self, index: int) -> Counts:
        """The examples of one group alone, without their confusion."""
        one = slice(index, index + 1)
        return Counts(self.right[:, one], self.predicted[:, one], self.actual[one], self.confusion[:0, :0])

    def accuracy(self) -> Tensor:
        """(K,) share of all examples that a network got right, float64."""
        return self.right.sum((1, 2)).cpu().double() / max(self.actual.sum().item(), 1)

    def precision(self) -> Tensor:
        """(K, C) share of the examples taken for a class that are of it; 0 where none was."""
        return self.right.sum(1).cpu().double() / self.predicted.sum(1).cpu().double().clamp(min=1)

    def recall(self) -> Tensor:
        """(K, C) share of the examples of a class that were taken for it; 0 where there are none."""
        return self.right.sum(1).cpu().double() / self.actual.sum(0).cpu().double().clamp(min=1)

    def macro_f1(self) -> Tensor:
        """(K,) mean over the classes that occur of 2 x right / (predicted + actual), float64."""
        actual = self.actual.sum(0).cpu().double()
        f1 = 2 * self.right.sum(1).cpu().double() / (self.predicted.sum(1).cpu().double() + actual).clamp(min=1)
        return f1[:, actual > 0].mean(1)

    def score(self, metric: Metric) -> Tensor:
        """(K,) accuracy or macro-F1."""
        return self.accuracy() if metric == "accuracy" else self.macro_f1()
