"""Test accuracy against n over seeds, a panel for each data set: the figure of a results table (paper, figure 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tdd.errors import UsageError
from tdd.inspection.colors import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY
from tdd.inspection.figure_style import new_figure, shortened, styled, ticks_at
from tdd.inspection.figure_title import give_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = {"fixed": RED, "random": BLUE, "fixed, hard labels": ORANGE, "random, hard labels": SKY}


@dataclass(frozen=True)
class Point:
    """A row of a results table.

    Attributes:
        data: the data set's name.
        line: what it shares with the points that it is joined to.
        n: distilled samples.
        mean, sd: test accuracy in [0, 1] and its deviation over seeds; None: not measured.
        published: the published accuracy in [0, 1], or None.
        all_data: test accuracy of the same network with all the data in [0, 1], or None.
    """

    data: str
    line: str
    n: int
    mean: float | None
    sd: float
    published: float | None
    all_data: float | None


@styled
def draw_results(points: Sequence[Point]) -> Figure:
    """Lines through measured points, published ones hollow; the best accuracy with all the data is level.

    Raises:
        UsageError: no data set was measured at several n.
    """
    panels: dict[str, list[Point]] = defaultdict(list)
    for point in sorted(points, key=lambda point: point.n):
        if point.mean is not None:
            panels[point.data].append(point)
    panels = {data: measured for data, measured in panels.items() if len({point.n for point in measured}) > 1}
    if not panels:
        raise UsageError("there is nothing to draw: no data set has results at several n")
    figure, grid = new_figure(2.6 * len(panels), len(panels))
    for axes, (data, measured) in zip(grid, panels.items(), strict=True):
        _draw(axes, measured)
        axes.set(xlabel="distilled samples n", ylabel="test accuracy (%)", title=shortened(data, 60))
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    about = "whole test split; mean and deviation over seeds; fixed or random initialisation"
    give_title(figure, "Test accuracy against the number of distilled samples", about)
    return figure


def _draw(axes: Axes, measured: Sequence[Point]) -> None:
    """The points of a data set, by n."""
    lines: dict[str, list[Point]] = defaultdict(list)
    for point in measured:
        lines[point.line].append(point)
    others = iter((GREEN, PURPLE, GREY) * len(lines))
    for line, points in lines.items():
        color = _COLORS.get(line) or next(others)
        n, mean = [point.n for point in points], [100 * (point.mean or 0) for point in points]
        axes.errorbar(n, mean, [100 * point.sd for point in points], fmt="o-", color=color, capsize=2, label=line)
        if there := [point for point in points if point.published is not None]:
            heights = [100 * (point.published or 0) for point in there]
            at, label = [point.n for point in there], f"{line}, published"
            axes.errorbar(at, heights, fmt="o", color=color, fillstyle="none", label=label)  # below its line's name
    if full := [point.all_data for point in measured if point.all_data is not None]:
        axes.axhline(100 * max(full), color="black", linestyle=":", linewidth=1, label="all the data")
    ticks_at(axes, [point.n for point in measured])
