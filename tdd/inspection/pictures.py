"""Distilled images as pictures: a figure for each step as in the paper, or characters in a terminal."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tdd.data.pixel_normalisation import Normalisation
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.system.files import write_atomically
from tdd.system.formatting import printable, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOP = 3
"""Classes in a picture's title."""
# Pictures beside each other in a figure, and their side in inches.
_ACROSS, _INCHES = 10, 1.15
# From dark to light, for a terminal without colours; and the least columns that a title takes.
_SHADES, _TITLE = " .:-=+*#%@", 12


@dataclass(frozen=True)
class Picture:
    """One distilled image.

    Attributes:
        step: inner step it belongs to.
        index: its place among the step's samples.
        label: soft label, by class name.
        pixels: (h, w, c) uint8, one channel or three; numbers beyond black and white are cut off.
    """

    step: int
    index: int
    label: dict[str, float]
    pixels: NDArray[np.uint8]

    def title(self) -> list[str]:
        """The classes with the largest soft labels, and these, largest first: ``3 +0.92``."""
        top = sorted(self.label.items(), key=lambda item: -item[1])[:TOP]
        return [f"{printable(name)} {signed(value)}" for name, value in top]

    def as_dict(self) -> dict[str, Any]:
        """The picture as JSON values."""
        return asdict(self) | {"pixels": self.pixels.tolist()}


def pictures(distilled: DistilledSet, first: int | None = None) -> list[Picture]:
    """The images of a set, or the `first` of them, with their normalisation undone.

    Raises:
        UsageError: the set holds no images.
        TddError: it does not say how pixels were normalised.
    """
    if distilled.samples.dim() != 5 or distilled.samples.shape[2] not in (1, 3):
        raise UsageError("this set does not hold images: tdd decode shows its words")
    pixels = Normalisation.from_source(distilled.source).undo(distilled.samples.flatten(0, 1)[:first])
    labels = distilled.labels.flatten(0, 1).tolist()
    per_step = distilled.samples.shape[1]
    return [
        Picture(*divmod(place, per_step), dict(zip(distilled.classes, labels[place], strict=True)), image)
        for place, image in enumerate(pixels)
    ]


# Figures


def save_pictures(distilled: DistilledSet, folder: Path, format: Literal["png", "svg"] = "png") -> list[Path]:
    """A figure for each step into `folder`, named ``step-0.png`` and so on; returns their paths.

    Raises:
        UsageError: the set holds no images.
        TddError: matplotlib is not installed, or the folder cannot be written to.
    """
    images = pictures(distilled)
    steps = len(distilled.samples)
    digits = len(str(steps - 1))
    paths: list[Path] = []
    for step in range(steps):
        figure = draw_step([picture for picture in images if picture.step == step])
        drawn = io.BytesIO()
        # Without date and software's version equal sets give equal files.
        figure.savefig(drawn, format=format, dpi=150, metadata={"Date" if format == "svg" else "Software": None})
        paths.append(folder / f"step-{step:0{digits}}.{format}")
        write_atomically(paths[-1], partial(_write, drawn.getvalue()))
    return paths


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def draw_step(images: list[Picture]) -> Figure:
    """A grid of the pictures of one step, each under its largest soft labels."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise TddError("pictures are drawn by matplotlib, which is not installed: pip install matplotlib") from None
    across = min(_ACROSS, len(images))
    down = -(-len(images) // across)
    figure = Figure(figsize=(across * _INCHES, down * (_INCHES + 0.45)), layout="constrained")
    for place, picture in enumerate(images):
        axes = figure.add_subplot(down, across, place + 1)
        axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
        axes.spines[:].set(color="gray", linewidth=0.5)
        title = "\n".join(_cut(line, 20) for line in picture.title())
        axes.set_title(title, fontsize=6, linespacing=1.1, parse_math=False)
        grey = picture.pixels.shape[2] == 1
        axes.imshow(picture.pixels[:, :, 0] if grey else picture.pixels, cmap="gray", vmin=0, vmax=255)
    return figure


# The terminal


def render(images: list[Picture], format: str, color: bool = False, columns: int | None = None) -> str:
    """The pictures as text to print.

    Args:
        images: pictures, step by step.
        format: "table", pictures side by side under their titles; "json"; or "text", a line of title for each.
        color: half blocks in 24-bit colour, for a terminal that shows them; else shades made of plain characters.
        columns: width to fill; None: that of the terminal.
    """
    if format == "json":
        return json.dumps([picture.as_dict() for picture in images])
    if format == "text":
        return "\n".join(f"{picture.step}\t{picture.index}\t{', '.join(picture.title())}" for picture in images)
    width = columns or shutil.get_terminal_size().columns
    cell = max(images[0].pixels.shape[1], _TITLE) if images else _TITLE
    across = max(1, (width + 2) // (cell + 2))
    lines = []
    for step in sorted({picture.step for picture in images}):
        lines.append(f"{chr(27)}[1mstep {step}{chr(27)}[0m" if color else f"step {step}")
        row = [picture for picture in images if picture.step == step]
        for start in range(0, len(row), across):
            lines += [*_side_by_side(row[start : start + across], cell, color), ""]
    return "\n".join(lines).rstrip()


def _side_by_side(images: list[Picture], cell: int, color: bool) -> list[str]:
    blocks = []
    for picture in images:
        padding = " " * (cell - picture.pixels.shape[1])
        titles = [_cut(line, cell).ljust(cell) for line in picture.title()]
        blocks.append([*titles, *(line + padding for line in _characters(picture.pixels, color))])
    return ["  ".join(parts).rstrip() for parts in zip(*blocks, strict=True)]


def _characters(pixels: NDArray[np.uint8], color: bool) -> list[str]:
    """A line for every two rows of pixels: characters are twice as high as wide."""
    if len(pixels) % 2:
        pixels = np.concatenate([pixels, np.zeros_like(pixels[:1])])
    upper, lower = pixels[::2], pixels[1::2]
    if not color:
        light = (upper.mean(2) + lower.mean(2)) / 2
        return ["".join(_SHADES[int(value * len(_SHADES) / 256)] for value in line) for line in light]
    return [
        "".join(_half_block(top, bottom) for top, bottom in zip(*rows, strict=True)) + "\x1b[0m"
        for rows in zip(upper, lower, strict=True)
    ]


def _half_block(top: NDArray[np.uint8], bottom: NDArray[np.uint8]) -> str:
    fore, back = (";".join(map(str, np.broadcast_to(pixel, 3))) for pixel in (top, bottom))
    return f"\x1b[38;2;{fore};48;2;{back}m▀"


def _cut(text: str, length: int) -> str:
    """`text` with its middle left out where it is longer: the value at its end stays."""
    if len(text) <= length:
        return text
    name, value = text.rsplit(" ", 1)
    return f"{name[: max(1, length - len(value) - 2)]}… {value}"
