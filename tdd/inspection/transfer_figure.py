"""The figure of what sets are worth to learners: learned on x tested on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from tdd.inspection.figure_style import new_figure, shortened, styled
from tdd.inspection.figure_title import give_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def draw_transfer(rows: Sequence[tuple[str, Mapping[str, float]]], protocol: str, about: str = "") -> Figure:
    """Test accuracies as a heat map.

    Args:
        rows: what was learned on, and its accuracy by network; at least one.
        protocol: how the networks were trained, in words.
        about: the data set, for the title.
    """
    networks = list(dict.fromkeys(network for _, means in rows for network in means))
    values = [[100 * means.get(network, float("nan")) for network in networks] for _, means in rows]
    figure, (axes,) = new_figure(1.7 + 0.35 * len(rows) + (0.6 if len(networks) > 4 else 0))
    image = axes.imshow(values, cmap="Blues", aspect="auto", interpolation="nearest")
    figure.colorbar(image, ax=axes, label="test accuracy (%)")
    names = [shortened(name, 20) for name in networks]
    axes.set_xticks(
        range(len(names)), names, rotation=30 if len(names) > 4 else 0, ha="right" if len(names) > 4 else "center"
    )
    axes.set_yticks(range(len(rows)), [shortened(name, 34) for name, _ in rows])
    axes.set(xlabel=f"tested on, by {protocol}", ylabel="learned on")
    low, high = image.get_clim()
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            if isfinite(value):
                color = "white" if value > (low + high) / 2 else "black"
                axes.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=7, color=color)
    axes.spines[:].set_visible(False)
    give_title(figure, "Learned on x tested on", about)
    return figure
