"""What is told of a test beside its accuracy: an interval, the majority class, and figures of each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import stdev
from typing import Any

from tdd.distillation.metrics import Counts

_Z = 1.959964  # of a 95 % interval


def interval(share: float, examples: int) -> tuple[float, float]:
    """The 95 % interval of a share of `examples` independent ones (Wilson 1927)."""
    if not examples:
        return 0.0, 1.0
    middle = (share + _Z**2 / (2 * examples)) / (1 + _Z**2 / examples)
    half = _Z * sqrt(share * (1 - share) / examples + (_Z / (2 * examples)) ** 2) / (1 + _Z**2 / examples)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def mean_and_sd(values: Sequence[float]) -> dict[str, float]:
    """Mean and standard deviation (n - 1 in the denominator), 0 for a single value."""
    return {"mean": sum(values) / len(values), "sd": stdev(values) if len(values) > 1 else 0.0}


def class_figures(counts: Counts, classes: Sequence[str]) -> dict[str, Any]:
    """Figures of K networks' predictions, as JSON values.

    "interval": that of the mean accuracy, as if there were a single network: what other test examples would change, not
    what other networks would. "majority": share of the most frequent class of the test examples. "macro_f1": its mean
    and sd over networks. "classes": of each class its test examples, and its mean precision and recall. "confusion":
    examples of a class (row) taken for a class (column), summed over networks, unless there are too many classes.
    "not_in_train": accuracy on the test examples that are not in the training split too, where some are.
    """
    actual = counts.actual.sum(0).round().long().tolist()
    examples = sum(actual)
    accuracy = counts.accuracy().mean().item()
    precision, recall = counts.precision().mean(0).tolist(), counts.recall().mean(0).tolist()
    figures: dict[str, Any] = {
        "interval": list(interval(accuracy, examples)),
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
