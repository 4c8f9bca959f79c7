"""Intervals of means, and of their differences."""

from __future__ import annotations

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
        mean: difference of their means.
        interval: its 95 % interval; None: too little was measured to tell.
    """

    mean: float
    interval: Interval | None

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
    means = _groups(by_network(accuracies, draws), draws)
    over = "draws" if draws > 1 else "networks"
    found = accuracy_interval(means if draws > 1 else accuracies)
    return (of_share(accuracies[0], examples), "test examples") if found is None else (found, over)


def by_network(accuracies: Sequence[float], draws: int) -> list[float]:
    """Accuracies that lie draw by draw, in the order of their networks: network i was trained on draw i mod `draws`."""
    order = [index for place in range(draws) for index in range(place, len(accuracies), draws)]
    values = dict(zip(order, accuracies, strict=True))
    return [values[index] for index in range(len(accuracies))]


def difference_between(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Difference:
    """How much better `ours` is than `theirs`: results with "accuracies" and "draws".

    The mean is the difference of their means. Where both have as many networks, and as many draws or one of them a
    single draw, network i of one is paired with network i of the other, which started alike, and the pairs of one draw
    count as one. Else the interval is Welch's, over the draws of each, or its networks where it has a single draw. A
    result of one network that differs by nothing counts as known; beside one of several fresh networks, of which it
    might be any, there is no interval.
    """
    values = [_by_network(ours), _by_network(theirs)]
    mean = _mean(values[0]) - _mean(values[1])
    draws = [int(result.get("draws") or 1) for result in (ours, theirs)]
    if len(values[0]) == len(values[1]) and (min(draws) == 1 or draws[0] == draws[1]):
        pairs = [one - two for one, two in zip(*values, strict=True)]
        return Difference(mean, _inside(mean_interval(_groups(pairs, max(draws)) if max(draws) > 1 else pairs)))
    units = [_groups(each, count) if count > 1 else each for each, count in zip(values, draws, strict=True)]
    if any(
        len(each) == 1 and result.get("init") == "random" for each, result in zip(units, (ours, theirs), strict=True)
    ):
        return Difference(mean, None)
    return Difference(mean, _inside(_welch(*units)))


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
    return difference_between({"init": "random" if ours is results.get("plain") else init, **ours}, theirs)


def _by_network(result: Mapping[str, Any]) -> list[float]:
    """The accuracies in the order of their networks; of a set for a pool the means over its networks."""
    if "by_network" in result:
        of_each = [_by_network(each) for each in result["by_network"].values()]
        return [_mean(each) for each in zip(*of_each, strict=True)]
    return by_network(result["accuracies"], int(result.get("draws") or 1))


def _welch(ours: Sequence[float], theirs: Sequence[float]) -> Interval | None:
    """Welch's 95 % interval of the difference of two means; a single value counts as known."""
    from scipy.stats import t

    parts = [(mean_and_sd(each)["sd"] ** 2 / len(each), len(each) - 1) for each in (ours, theirs) if len(each) > 1]
    total = sum(part for part, _ in parts)
    if not parts:
        return None
    mean = _mean(ours) - _mean(theirs)
    if total == 0:
        return mean, mean
    freedom = total**2 / sum(part**2 / free for part, free in parts)
    half = float(t.ppf(0.975, freedom)) * total**0.5
    return mean - half, mean + half


def _inside(interval: Interval | None) -> Interval | None:
    """No two accuracies differ by more than 1."""
    return interval and (max(interval[0], -1.0), min(interval[1], 1.0))


def strongest(results: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The name of the baseline that is best on held-out data, which no test figure decides; None: there is none."""
    named = {
        name: float(result["validation_accuracy"])
        for name, result in results.items()
        if name not in NOT_OPPONENTS and "validation_accuracy" in result
    }
    return max(named, key=lambda name: named[name], default=None)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _groups(values: Sequence[float], count: int) -> list[float]:
    """The means of `count` draws, of which value i belongs to the i-th, over and over."""
    return [_mean(values[place::count]) for place in range(count)]
