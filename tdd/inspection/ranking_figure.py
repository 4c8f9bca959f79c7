"""The figure of a ranking: what architectures reach on a set against what they reach on all the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tdd.inspection.colors import CLASS_COLORS
from tdd.inspection.figure_style import new_figure, styled
from tdd.inspection.figure_title import give_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKS = "os^Dvx+*"


@styled
def draw_ranking(result: Mapping[str, Any], names: Mapping[str, str], about: str) -> Figure:
    """A panel for each row that architectures were trained on, a point for each architecture.

    Args:
        result: see `tdd.evaluation.ranking.Ranking.measure`.
        names: what the rows are called.
        about: the data set, for the title.
    """
    found = result["architectures"]
    kinds = list(dict.fromkeys(each["name"].split(" ")[0] for each in found))
    figure, panels = new_figure(2.6 * len(names), len(names))
    for axes, (row, name) in zip(panels, names.items(), strict=True):
        for place, kind in enumerate(kinds):
            points = [each for each in found if each["name"].split(" ")[0] == kind]
            axes.plot(
                [100 * each["rows"][row]["validation_accuracy"] for each in points],
                [100 * each["full"]["mean"] for each in points],
                _MARKS[place % len(_MARKS)],
                color=CLASS_COLORS[place % len(CLASS_COLORS)],
                label=kind,
            )
        told = result["rows"][row]["spearman"]
        title = name if told is None else f"{name}: Spearman {told:.2f}"
        axes.set(xlabel="held-out accuracy there (%)", ylabel="test accuracy, all data (%)", title=title)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    give_title(figure, "Architectures: on few examples and on all the data", about)
    return figure
