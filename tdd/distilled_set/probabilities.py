"""Learned soft labels as the probabilities that other learners ask for."""

from __future__ import annotations

import torch
from torch import Tensor


def probabilities(labels: Tensor) -> Tensor:
    """Soft labels, any real numbers (n, C), as probabilities (n, C).

    Negative numbers become 0 and the others are divided by their sum. A row where nothing is positive becomes its
    softmax, which keeps the order of the classes.
    """
    labels = labels.double()  # in which no sum of single numbers overflows
    positive = labels.clamp(min=0)
    total = positive.sum(1, keepdim=True)
    return torch.where(total > 0, positive / total, labels.softmax(1)).float()
