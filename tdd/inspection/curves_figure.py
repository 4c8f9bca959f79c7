"""Outer loss and held-out accuracy over outer steps, of one run or of several beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tdd.inspection.colors import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY
from tdd.inspection.figure_style import new_figure, shortened, styled
from tdd.inspection.figure_title import give_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Log = Sequence[Mapping[str, Any]]

_RUNS = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY, GREY)
_DASHES = ("-", "--", ":", "-.")
# A log of so many steps is drawn with its running mean.
_LONG = 50


@styled
def draw_curves(log: Log, about: str = "") -> Figure:
    """Outer loss and held-out accuracy over outer steps.

    Args:
        log: the lines of a run's log.
        about: the run, for the title, see `tdd.inspection.figure_title`.
    """
    figure, (loss, accuracy) = new_figure(2.5, 1, 2)
    steps = [entry["step"] for entry in log]
    losses = [entry["outer_loss"] for entry in log]
    if len(log) >= _LONG:
        loss.plot(steps, losses, color=SKY, alpha=0.6, linewidth=0.7, label="every step")
        loss.plot(steps, smooth(losses, len(log) // 25), color=BLUE, label="running mean")
        loss.legend()
    else:
        loss.plot(steps, losses, color=BLUE)
    at, validated = _validated(log)
    accuracy.plot(at, [100 * entry["validation_accuracy"] for entry in validated], "o-", color=SKY, label="validation")
    accuracy.plot(at, [100 * entry["best_accuracy"] for entry in validated], color=BLUE, label="best so far")
    _name_axes(loss, accuracy)
    if validated:
        accuracy.legend(loc="lower right")
    give_title(figure, "Learning curves", about)
    return figure


@styled
def draw_curves_of_runs(logs: Sequence[tuple[str, Log]]) -> Figure:
    """The curves of several runs in the same panels: running means of the loss, and held-out accuracies.

    Args:
        logs: a name for each run, and its log, which has a line at least.
    """
    figure, (loss, accuracy) = new_figure(2.7 + 0.16 * len(logs), 1, 2)
    for place, (name, log) in enumerate(logs):
        look: dict[str, Any] = {
            "color": _RUNS[place % len(_RUNS)],
            "linestyle": _DASHES[place // len(_RUNS) % len(_DASHES)],
        }
        losses = [entry["outer_loss"] for entry in log]
        loss.plot(
            [entry["step"] for entry in log],
            smooth(losses, max(len(log) // 25, 1)),
            label=shortened(name, 100),
            **look,
        )
        at, validated = _validated(log)
        held_out = [100 * entry["validation_accuracy"] for entry in validated]
        accuracy.plot(at, held_out, marker="o", markersize=2.5, **look)
    _name_axes(loss, accuracy)
    figure.legend(loc="outside lower center", fontsize=7.5)
    give_title(figure, "Learning curves of several runs", "")
    return figure


def _validated(log: Log) -> tuple[list[int], list[Mapping[str, Any]]]:
    """Where a log has held-out accuracies, and those lines."""
    validated = [entry for entry in log if entry.get("validation_accuracy") is not None]
    return [entry["step"] for entry in validated], validated


def _name_axes(loss: Axes, accuracy: Axes) -> None:
    loss.set(xlabel="outer step", ylabel="outer loss (nats)")
    accuracy.set(xlabel="outer step", ylabel="held-out accuracy (%)")


def smooth(values: Sequence[float], window: int) -> list[float]:
    """Running mean over the last `window` values."""
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    starts = [max(0, end - window) for end in range(1, len(sums))]
    return [(sums[end] - sums[start]) / (end - start) for end, start in enumerate(starts, 1)]
