"""Colours, type and number formats of all figures, and how a figure is saved."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

from tdd.errors import TddError
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

# Okabe and Ito's colours, told apart by colour-blind readers too.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
    "#777777",
)

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
