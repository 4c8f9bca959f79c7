"""Type and number formats of all figures, and how a figure is saved; colours: `tdd.inspection.colors`."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from tdd.errors import TddError
from tdd.inspection.colors import class_color
from tdd.system.files import write_atomically
from tdd.system.formatting import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as the kind of file that its name ends in; equal figures give equal bytes."""
    import matplotlib

    drawn = io.BytesIO()
    kind = path.suffix[1:]
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a class's name in letters that no font here has
        figure.savefig(drawn, format=kind, metadata={"Date" if kind == "svg" else "Software": None})
    write_atomically(path, lambda temporary: temporary.write_bytes(drawn.getvalue()))
    return path


P = ParamSpec("P")

WIDTH = 5.5
"""Inches: the text width of a one-column paper."""

MOST_MARKED = 10
"""Classes that have a colour of their own."""

STYLE = {
    "font.size": 8.5,
    "axes.titlesize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "savefig.dpi": 200,
    # Equal figures are equal files.
    "svg.hashsalt": "tdd",
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draws in the style of all figures.

    Raises:
        TddError: matplotlib is not installed.
    """

    @wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> Figure:
        try:
            import matplotlib
        except ImportError:
            raise TddError(
                "figures are drawn by matplotlib, which is not installed: pip install matplotlib, or this package with "
                "the extra [plot]"
            ) from None
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return styled


def new_figure(height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty figure of this height in inches, and its panels, row by row."""
    # Not by pyplot, so that no window system is needed.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def shortened(text: str, most: int) -> str:
    """Foreign text in a figure: no formulas, no control characters, not too long."""
    text = printable(text)
    return (text if len(text) <= most else text[: most - 1] + "…").replace("$", r"\$")


def ticks_at(axes: Axes, numbers: Sequence[int]) -> None:
    """Ticks at these numbers, on a logarithmic axis where they span more than a factor of 8."""
    ticks = sorted(set(numbers))
    if ticks[-1] > 8 * ticks[0]:
        axes.set_xscale("log")
    # Where two would overlap the first stays.
    span = ticks[-1] - ticks[0]
    kept = ticks[:1] + [b for a, b in pairwise(ticks) if axes.get_xscale() == "log" or b - a > span / 20]
    axes.set_xticks(kept, [str(tick) for tick in kept])
    axes.minorticks_off()


def mark_classes(axes: Axes, classes: int, rows: bool = False) -> None:
    """A square in its colour above the column of each class, and with `rows` beside its row too."""
    from matplotlib.transforms import ScaledTranslation

    if classes > MOST_MARKED:
        return
    inches = axes.get_figure(root=True).dpi_scale_trans  # type: ignore[union-attr]
    above, beside = ScaledTranslation(0, 6 / 72, inches), ScaledTranslation(6 / 72, 0, inches)
    for place in range(classes):
        look: dict[str, Any] = {"marker": "s", "markersize": 5, "color": class_color(place), "clip_on": False}
        axes.plot([place], [1], transform=axes.get_xaxis_transform() + above, **look)
        if rows:
            axes.plot([1], [place], transform=axes.get_yaxis_transform() + beside, **look)
