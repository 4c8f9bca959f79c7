"""Intervals of means, and of differences between what was trained from the same seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tdd.evaluation.class_figures import interval as of_share
from tdd.evaluation.class_figures import mean_and_sd
from tdd.evaluation.names import NOT_OPPONENTS, PLAIN

Interval = tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """How much better one result is than another.

    Attributes:
        mean: of the pairs' differences.
        interval: the 95 % interval of the mean; None: there is a single pair.
        pairs: how many there are.
    """

    mean: float
    interval: Interval | None
    pairs: int = 1

    def __str__(self) -> str:
        within = f" ({100 * self.interval[0]:+.1f} to {100 * self.interval[1]:+.1f})" if self.interval else ""
        return f"{100 * self.mean:+.1f}{within}"


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Student's 95 % interval of the mean of independent values; None for a single one."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    figures = mean_and_sd(values)
    half = float(t.ppf(0.975, len(values) - 1)) * figures["sd"] / len(values) ** 0.5
    return figures["mean"] - half, figures["mean"] + half


def accuracy_interval(values: Sequence[float]) -> Interval | None:
    """`mean_interval` of accuracies, of which none lies beyond 0 and 1."""
    found = mean_interval(values)
    return found and (max(found[0], 0.0), min(found[1], 1.0))


def interval_of(accuracies: Sequence[float], draws: int, examples: float) -> tuple[Interval, str]:
    """The 95 % interval of a mean accuracy, and what it is over.

    That is draws where there are several, since networks trained on one of them are alike, else networks; of a single
    accuracy it is that of the test examples.

    Args:
        accuracies: of each network, draw by draw, see `Trainer.tested`.
        draws: sets.
        examples: that were tested on, independent ones, see `effective_examples`.
    """
    means = _means([(index % draws, value) for index, value in enumerate(by_network(accuracies, draws))])
    over = "draws" if draws > 1 else "networks"
    found = accuracy_interval(means if draws > 1 else accuracies)
    return (of_share(accuracies[0], examples), "test examples") if found is None else (found, over)


def by_network(accuracies: Sequence[float], draws: int) -> list[float]:
    """Accuracies that lie draw by draw, in the order of their networks: network i was trained on draw i mod `draws`."""
    order = [index for place in range(draws) for index in range(place, len(accuracies), draws)]
    values = dict(zip(order, accuracies, strict=True))
    return [values[index] for index in range(len(accuracies))]


def paired_difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Difference:
    """How much better `ours` is than `theirs`: results with "accuracies" and "draws", of the same networks.

    A single network, or draw, is paired with each of the other's. Where either has several draws, the pairs of one draw
    count as one; where both have, those of one draw of the result with fewer of them, which are all that differ by
    themselves. Of a set for a pool, a pair's difference is the mean of those that its networks have.
    """
    values = _differences(ours, theirs)
    several = [count for result in (ours, theirs) if (count := int(result.get("draws") or 1)) > 1]
    means = _means([(i % min(several), value) for i, value in enumerate(values)]) if several else values
    return Difference(sum(values) / len(values), mean_interval(means), len(values))


def tested_alike(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether two results are of the same test examples; else a difference of them says nothing."""
    return bool(ours.get("test_examples") == theirs.get("test_examples"))


def better_than(results: Mapping[str, Any], baseline: str, init: str) -> Difference | None:
    """How much better a set is than a baseline when it is trained in the same way, from what ``results.json`` holds.

    None: that was not measured, or on other test examples. `init` is the one that the set was made for.
    """
    ours = results.get("plain") if baseline.endswith(PLAIN) else (results.get("evaluation") or {}).get(init)
    theirs = results["baselines"][baseline]
    if not ours or "accuracies" not in ours or "accuracies" not in theirs or not tested_alike(ours, theirs):
        return None
    return paired_difference(ours, theirs)


def _differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[float]:
    """The difference of each pair."""
    if "by_network" in ours:
        of_each = [_differences(each, theirs["by_network"][name]) for name, each in ours["by_network"].items()]
        return [sum(pair) / len(pair) for pair in zip(*of_each, strict=True)]
    draws = [int(result.get("draws") or 1) for result in (ours, theirs)]
    values = [by_network(result["accuracies"], count) for result, count in zip((ours, theirs), draws, strict=True)]
    lengths = [len(each) for each in values]
    count = max(lengths) if min(lengths) == 1 else min(lengths)
    return [values[0][i % lengths[0]] - values[1][i % lengths[1]] for i in range(count)]


def strongest(results: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The name of the baseline that is best on held-out data, which no test figure decides; None: there is none."""
    named = {
        name: float(result["validation_accuracy"])
        for name, result in results.items()
        if name not in NOT_OPPONENTS and "validation_accuracy" in result
    }
    return max(named, key=lambda name: named[name], default=None)


def _means(values: Sequence[tuple[int, float]]) -> list[float]:
    groups = defaultdict(list)
    for group, value in values:
        groups[group].append(value)
    return [sum(group) / len(group) for group in groups.values()]
