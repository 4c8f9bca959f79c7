"""What is told of a test beside its accuracy: an interval, the majority class, and figures of each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import stdev
from typing import Any

import torch

from tdd.data.protocols import Split
from tdd.distillation.metrics import Counts

_Z = 1.959964  # of a 95 % interval


def interval(share: float, examples: float) -> tuple[float, float]:
    """The 95 % interval of a share of `examples` independent ones (Wilson 1927).

    Where some are copies, `examples` is their effective number: Wilson's interval with it is that which Dean and Pagano
    (Journal of Survey Statistics and Methodology 3, 2015) recommend for shares in clustered samples.
    """
    if not examples:
        return 0.0, 1.0
    middle = (share + _Z**2 / (2 * examples)) / (1 + _Z**2 / examples)
    half = _Z * sqrt(share * (1 - share) / examples + (_Z / (2 * examples)) ** 2) / (1 + _Z**2 / examples)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def effective_examples(split: Split, most: int | None = None) -> float:
    """The number of independent examples that those of a test tell as much as.

    N where no two are copies of each other. Else Kish's effective size, (sum of m)^2 / (sum of m^2) for contents that
    stand there m times (Kish, Survey Sampling, 1965, 8.2 with an intraclass correlation of 1, since a network says of
    all copies the same): at most the number of distinct contents, and less where some are repeated more than others.

    Args:
        split: the examples.
        most: see `Split.order`.
    """
    order = split.order(most)
    if split.copies is None:
        return len(order)
    times = torch.bincount(split.copies[order]).double()
    return float(times.sum() ** 2 / times.square().sum().clamp(min=1))


def mean_and_sd(values: Sequence[float]) -> dict[str, float]:
    """Mean and standard deviation (n - 1 in the denominator), 0 for a single value."""
    return {"mean": sum(values) / len(values), "sd": stdev(values) if len(values) > 1 else 0.0}


def class_figures(counts: Counts, classes: Sequence[str], independent: float) -> dict[str, Any]:
    """Figures of K networks' predictions, as JSON values, of so many `independent` examples, see `effective_examples`.

    "interval": that of the mean accuracy, as if there were a single network: what other test examples would change, not
    what other networks would. "effective_examples": what it rests on, where some are copies of others. "majority":
    share of the most frequent class of the test examples. "macro_f1": its mean and sd over networks. "classes": of each
    class its test examples, and its mean precision and recall. "confusion": examples of a class (row) taken for a class
    (column), summed over networks, unless there are too many classes.
    "not_in_train": accuracy on the test examples that are not in the training split too, where some are.
    """
    actual = counts.actual.sum(0).round().long().tolist()
    examples = sum(actual)
    accuracy = counts.accuracy().mean().item()
    precision, recall = counts.precision().mean(0).tolist(), counts.recall().mean(0).tolist()
    figures: dict[str, Any] = {
        "interval": list(interval(accuracy, independent)),
        **({"effective_examples": round(independent, 1)} if independent < examples else {}),
        "majority": max(actual) / max(examples, 1),
        "macro_f1": mean_and_sd(counts.macro_f1().tolist()),
        "classes": {
            name: {"examples": actual[label], "precision": precision[label], "recall": recall[label]}
            for label, name in enumerate(classes)
        },
    }
    if len(counts.confusion):
        figures["confusion"] = counts.confusion.round().long().tolist()
    if len(counts.actual) > 1 and (shared := counts.actual[1].sum().item()):
        alone = counts.group(0)
        figures["not_in_train"] = {"test_examples": examples - int(shared), **mean_and_sd(alone.accuracy().tolist())}
    return figures


def is_at_majority(evaluation: Mapping[str, Any]) -> bool:
    """Whether an evaluation is no better than always naming the most frequent class, as far as can be told."""
    return "majority" in evaluation and evaluation["interval"][0] <= evaluation["majority"]
