"""The figure of what networks take for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tdd.inspection.figure_style import mark_classes, new_figure, shortened, styled
from tdd.inspection.figure_title import give_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CLASSES, _MOST_VALUES = 60, 12


@styled
def draw_confusion(evaluation: Mapping[str, Any], classes: Sequence[str], about: str = "") -> Figure:
    """Shares of each class's test examples (row) that are taken for each class (column), in percent.

    Args:
        evaluation: with "confusion", see `tdd.evaluation.class_figures`.
        classes: names.
        about: the set, for the title, see `tdd.inspection.figure_title`.
    """
    counts = evaluation["confusion"]
    shares = [[100 * value / max(sum(row), 1) for value in row] for row in counts]
    figure, (axes,) = new_figure(min(8.5, 2.0 + max(0.18 * len(classes), 1.6)))
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100, aspect="auto", interpolation="nearest")
    figure.colorbar(image, ax=axes, label="share of the class's test examples (%)")
    names = [shortened(name, 20) for name in classes]
    size = 6 if len(classes) > 20 else 8
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 6 else 0, fontsize=size)
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.set(xlabel="taken for", ylabel="class")
    if len(classes) <= _MOST_VALUES:
        for row, values in enumerate(shares):
            for column, value in enumerate(values):
                color = "white" if value > 70 else "black"
                axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=7, color=color)
    mark_classes(axes, len(classes), rows=True)
    axes.spines[:].set_visible(False)
    give_title(figure, "What networks take test examples for", about)
    return figure
