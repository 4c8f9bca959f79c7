"""Baselines without a network: each test example gets the class of the samples nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tdd.data.protocols import Split
from tdd.distilled_set.set import DistilledSet

NEIGHBOURS = (1, 3, 5, 7, 9)
"""Numbers of neighbours that are tried."""
# Real examples compared at once: 20 MB of sentences of 400 words in 50 dimensions.
_BATCH = 256


def neighbours_accuracy(sets: Sequence[DistilledSet], neighbours: Sequence[int], split: Split, most: int) -> Tensor:
    """Accuracy (sets, neighbours) of a majority among the nearest samples, on at most `most` examples of `split`.

    Distances are Euclidean, between whole inputs laid flat (paper 4.3).

    Args:
        sets: sets of n samples, of which the class with the largest label counts.
        neighbours: numbers of nearest samples that vote, each at most n.
        split: the examples to classify; they are made dense a batch at a time.
        most: examples read, spread evenly.
    """
    classifiers = [_fitted(distilled, k) for distilled in sets for k in neighbours]
    right = torch.zeros(len(classifiers))
    total = 0
    for batch in split.batches(_BATCH, most):
        inputs, labels = batch.inputs()[0].flatten(1).numpy(), batch.labels.numpy()
        right += torch.tensor([float((classifier.predict(inputs) == labels).sum()) for classifier in classifiers])
        total += len(batch)
    return (right.double() / total).view(len(sets), len(neighbours))


def _fitted(distilled: DistilledSet, neighbours: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    samples = distilled.samples.flatten(0, 1).flatten(1).numpy()
    classes = distilled.labels.flatten(0, 1).argmax(1).numpy()
    return KNeighborsClassifier(neighbours, algorithm="brute").fit(samples, classes)
