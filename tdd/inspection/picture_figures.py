"""Distilled images as figures, each picture under its largest soft labels (paper, figures 1, 2, 4 and 5)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError
from tdd.inspection.colors import class_color
from tdd.inspection.figure_title import about_set, give_title
from tdd.inspection.pictures import Picture, cut, pictures
from tdd.system.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Pictures beside each other, their side and the height of a title above, in inches.
_ACROSS, _INCHES, _ABOVE = 10, 1.15, 0.45
_CHARACTERS = 14  # of a figure's title, an inch
_SHOWN = 3  # steps in the figure of several, as in the paper
_MOST_TOGETHER = 100  # pictures of them


def save_pictures(distilled: DistilledSet, folder: Path, format: Literal["png", "svg"] = "png") -> list[Path]:
    """A figure for each step into `folder`, ``step-0.png`` and so on, and of more than three ``samples.png``.

    That shows the first step, the middle one and the last, as the paper does.

    Returns:
        The files' paths.

    Raises:
        UsageError: the set holds no images.
        TddError: matplotlib is not installed, or the folder cannot be written to.
    """
    images, steps = pictures(distilled), len(distilled.samples)
    about, digits = about_set(distilled), len(str(steps - 1))
    of_step = [[picture for picture in images if picture.step == step] for step in range(steps)]
    figures = {
        f"step-{step:0{digits}}": draw_pictures([each], f"Distilled images of inner step {step} of {steps}", about)
        for step, each in enumerate(of_step)
    }
    if steps > _SHOWN and _SHOWN * len(of_step[0]) <= _MOST_TOGETHER:
        chosen = [of_step[step] for step in (0, steps // 2, steps - 1)]
        what = f"Distilled images, {_SHOWN} of {steps} inner steps"
        figures["samples"] = draw_pictures(chosen, what, about)
    paths: list[Path] = []
    for name, figure in figures.items():
        drawn = io.BytesIO()
        # Without date and software's version equal sets give equal files.
        figure.savefig(drawn, format=format, dpi=150, metadata={"Date" if format == "svg" else "Software": None})
        paths.append(folder / f"{name}.{format}")
        content = drawn.getvalue()
        write_atomically(paths[-1], lambda path, content=content: path.write_bytes(content))  # type: ignore[misc]
    return paths


def draw_pictures(steps: Sequence[Sequence[Picture]], what: str, about: str) -> Figure:
    """A grid of the pictures of one or several steps, each in the colour of its dominant class.

    Args:
        steps: the pictures of each step.
        what: what the figure shows, for the title.
        about: the set, see `tdd.inspection.figure_title`.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise TddError("pictures are drawn by matplotlib, which is not installed: pip install matplotlib") from None
    across = min(_ACROSS, max(map(len, steps)))
    rows = [-(-len(images) // across) for images in steps]
    # Narrow ones leave room for the title.
    width = max(across * _INCHES, 4.5)
    figure = Figure(figsize=(width, sum(rows) * (_INCHES + _ABOVE) + 0.5), layout="constrained")
    give_title(figure, what, about, int(_CHARACTERS * width))
    above = 0
    for images, down in zip(steps, rows, strict=True):
        for place, picture in enumerate(images):
            axes = figure.add_subplot(sum(rows), across, above * across + place + 1)
            axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
            values = list(picture.label.values())
            axes.spines[:].set(color=class_color(values.index(max(values))), linewidth=1.5)
            title = "\n".join(cut(line, 20) for line in picture.title())
            axes.set_title(title, fontsize=6, linespacing=1.1, parse_math=False)
            if place % across == 0 and len(steps) > 1:
                axes.set_ylabel(f"step {picture.step}", fontsize=7)
            grey = picture.pixels.shape[2] == 1
            axes.imshow(picture.pixels[:, :, 0] if grey else picture.pixels, cmap="gray", vmin=0, vmax=255)
        above += down
    return figure
