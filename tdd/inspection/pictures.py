"""Distilled images as pictures, and as characters in a terminal; figures: `tdd.inspection.picture_figures`."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tdd.data.pixel_normalisation import Normalisation
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.system.formatting import printable, signed

if TYPE_CHECKING:
    pass

TOP = 3
"""Classes in a picture's title."""
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
        titles = [cut(line, cell).ljust(cell) for line in picture.title()]
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


def cut(text: str, length: int) -> str:
    """`text` with its middle left out where it is longer: the value at its end stays."""
    if len(text) <= length:
        return text
    name, value = text.rsplit(" ", 1)
    return f"{name[: max(1, length - len(value) - 2)]}… {value}"
